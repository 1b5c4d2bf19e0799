"""What the benchmarks read: the same packets, whatever file they are in."""

import pytest

from analyzer.capture.reader import open_capture
from benchmarks.generate import calls, key_management, variant
from sample_pcaps.forge import pcap


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "X.pcap"
    path.write_bytes(pcap(key_management(1).tape.sorted()))
    return path


@pytest.mark.parametrize(("ending", "form"), [("pcapng", "pcapng"), ("zst", "pcap")])
def test_a_variant_holds_the_same_packets(ending, form, capture):
    made = variant(capture, ending)
    one, other = open_capture(str(capture)), open_capture(str(made))
    packets = [[(frame.time, frame.data, frame.length) for frame in opened] for opened in (one, other)]
    assert packets[0] == packets[1] != []
    assert other.facts.format == form
    assert other.facts.problems == []
    assert sorted(path.name for path in capture.parent.iterdir()) == sorted((capture.name, made.name))


def test_a_variant_that_is_there_is_not_made_again(capture):
    made = variant(capture, "zst")
    made.write_bytes(b"mine")
    assert variant(capture, "zst").read_bytes() == b"mine"


def test_calls_differ():
    one, other = (next(made) for made in (calls(), calls()))
    assert one == other
    some = [frame for frame, _ in zip(calls(), range(70), strict=False)]
    assert len(set(some)) == 70
