"""The soak: what it pipes, and a small one in which memory must stay where it is."""

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import open_capture
from benchmarks import soak
from benchmarks.soak import Course, stream, table

MEGA = 10**6
SMALL = 180 * MEGA
MOST = 300 * MEGA  # octets that keyshark may hold (docs/performance.md)


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    path = tmp_path_factory.mktemp("soak") / "stream.pcap"
    with path.open("wb") as file:
        for part in stream(6 * MEGA):
            file.write(part)
    return path


def test_the_stream_is_a_whole_capture_in_the_order_of_time(capture):
    opened = open_capture(str(capture))
    times = [frame.time for frame in opened]
    assert opened.facts.problems == []
    assert not opened.facts.truncated
    assert times == sorted(times)
    assert opened.facts.bytes > 6 * MEGA


def test_no_media_packet_comes_twice_and_flows_never_end(capture):
    analysis = analyse(CaseFiles("soak", (str(capture),), (), None))
    packets = {
        stream.ssrc: stream.packets for stream in analysis.report.media if stream.destination.startswith("239.9")
    }
    assert len(packets) == soak.STREAMS
    assert set(packets.values()) == {6 * soak.ROUND // soak.STREAMS}
    counts = analysis.decoded.counts
    assert any("fragments whose rest did not come" in reason for reason in counts)
    assert any("SCTP fragments" in reason for reason in counts)
    assert any("TCP" in reason for reason in counts)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", soak.COMMANDS)
def test_memory_does_not_grow_with_media(command):
    course = soak.soak(command, SMALL)
    assert len(course.looks) >= soak.SAMPLES
    assert max(held for _, held in course.looks) < MOST
    assert course.growth < soak.GROWTH
    assert course.code in (0, 1, 3)


def test_growth_counts_after_warming_up():
    assert Course([(n * soak.WARM, n * MEGA) for n in range(1, 9)]).growth == 6 * MEGA  # after a quarter
    assert Course([(n * soak.WARM // 4, n * MEGA) for n in range(1, 9)]).growth == 4 * MEGA
    assert Course([(n * soak.WARM, held) for n, held in ((1, 0), (2, 100), (3, 95), (4, 100), (5, 80))]).growth == 0


def test_a_command_that_holds_more_and_more_is_told(monkeypatch, capsys):
    monkeypatch.setattr(
        soak, "soak", lambda command, octets: Course([(n * soak.WARM, n * 100 * MEGA) for n in range(9)])
    )
    assert soak.main("1", "info") == 1
    assert "info: +600 MB" in capsys.readouterr().out
    assert table({"info": Course([(5 * MEGA, 7 * MEGA)])}).splitlines()[-1] == "| 5 | 7 |"
