import gzip

import pytest

from analyzer.tui.roll import Roll, left_text, pace
from sample_pcaps.forge import pcap

SAMPLE = "sample_pcaps/http_good/capture.pcapng"


def test_octets_rate_and_time_left_are_told():
    assert pace(2.0, 50, 100) == "50 B of 100 B · 25 B/s · 2 s left"
    assert pace(2.0, 50_000, 100_000, 3000) == "50.0 kB of 100.0 kB · 1,500 frames/s · 2 s left"
    assert pace(0.0, 0, 100) == "0 B of 100 B"


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (130, "2 min 10 s"), (-1, "0 s")])
def test_times_are_for_people(seconds, text):
    assert left_text(seconds) == text


def test_frames_are_found_in_a_thread_of_its_own(at_the_root):
    roll = Roll([SAMPLE])
    assert not roll.is_busy
    roll.begin()
    for _ in range(1000):
        if not roll.is_busy:
            break
        roll._stopped.wait(0.01)
    assert roll.frames.over
    assert roll.told() == f"{roll.frames.count} frames"


def test_who_stops_it_keeps_what_is_there(at_the_root):
    roll = Roll([SAMPLE])
    roll.close()
    roll.begin()
    while roll.is_busy:
        pass
    assert roll.frames.count
    assert "stopped at" in roll.told() or roll.frames.over


def test_why_not_all_are_there_is_told(tmp_path):
    text = tmp_path / "text"
    text.write_text("no capture")
    roll = Roll([str(text)])
    roll.begin()
    while roll.is_busy:
        pass
    assert "is no pcap" in roll.told()


def test_nothing_is_decompressed_unasked(tmp_path, at_the_root):
    path = tmp_path / "some.pcap.gz"
    path.write_bytes(gzip.compress(pcap([(0, bytes(60))])))
    roll = Roll([str(path)])
    roll.begin(asked=False)
    while roll.begun:
        pass
    assert roll.frames.unpacked == 0
    roll.begin()
    while roll.is_busy:
        pass
    assert roll.frames.count == 1
    assert "temporary file" in roll.told()
    roll.close()
