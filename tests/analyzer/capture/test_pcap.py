import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import pcap
from analyzer.capture.reader import CaptureError, open_capture
from sample_pcaps import forge

PACKETS = [(1_767_225_600_123_456_789, b"first packet"), (1_767_225_601_000_001_000, b"second")]
FILE = forge.pcap(PACKETS)
BOUNDS = (24, 24 + 16 + 12, 24 + 16 + 12 + 16 + 6)  # of the file header and the two records


def read(path: Path) -> tuple[list[bytes], list[int], list[str], bool]:
    capture = open_capture(str(path))
    frames = list(capture)
    return [f.data for f in frames], [f.time for f in frames], capture.facts.problems, capture.facts.truncated


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "any.name"


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_both_byte_orders_and_both_resolutions(path: Path, nanoseconds: bool, big_endian: bool) -> None:
    path.write_bytes(forge.pcap(PACKETS, nanoseconds=nanoseconds, big_endian=big_endian))
    unit = 1 if nanoseconds else 1000
    assert read(path) == ([d for _, d in PACKETS], [t // unit * unit for t, _ in PACKETS], [], False)


def test_facts(path: Path) -> None:
    path.write_bytes(FILE)
    capture = open_capture(str(path), 3)
    frames = list(capture)
    assert [(f.capture, f.number, f.link_type, f.length) for f in frames] == [(3, 1, 1, 12), (3, 2, 1, 6)]
    facts = capture.facts
    assert (facts.format, facts.packets, facts.bytes, facts.link_types) == ("pcap", 2, 18, ["EN10MB"])
    assert (facts.first, facts.last) == (frames[0].time, frames[1].time)


def test_a_file_without_packets(path: Path) -> None:
    path.write_bytes(FILE[:24])
    assert read(path) == ([], [], [], False)


def test_bits_above_the_link_type_are_not_part_of_it(path: Path) -> None:
    path.write_bytes(FILE[:20] + struct.pack("<I", 0x2400_0065) + FILE[24:])
    assert {frame.link_type for frame in open_capture(str(path))} == {101}


@pytest.mark.parametrize("size", range(4, len(FILE)))
def test_cut_at_every_octet_all_whole_packets_are_read(path: Path, size: int) -> None:
    path.write_bytes(FILE[:size])
    data, _, problems, truncated = read(path)
    assert data == [d for (_, d), bound in zip(PACKETS, BOUNDS[1:], strict=True) if size >= bound]
    assert truncated == (size not in BOUNDS) == bool(problems)
    if size > 24 and problems:
        assert "at offset" in problems[0]


def test_a_record_that_claims_too_much_ends_the_reading(path: Path) -> None:
    path.write_bytes(FILE + struct.pack("<IIII", 0, 0, pcap.MAX_RECORD + 1, 5) + bytes(100))
    data, _, problems, _ = read(path)
    assert len(data) == 2
    assert f"at offset {len(FILE)}" in problems[0]


def test_a_file_of_three_octets_is_none(path: Path) -> None:
    path.write_bytes(FILE[:3])
    with pytest.raises(CaptureError, match="cut within the first 3 octets"):
        open_capture(str(path))


@given(st.binary(max_size=200))
def test_no_octets_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.pcap"
    path.write_bytes(FILE[:24] + data)
    octets, _, problems, truncated = read(path)
    assert sum(map(len, octets)) <= len(data)
    assert problems or not truncated


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 1, 30, 33, 33]), st.sampled_from([1, 2, 3, 4, 5, 9, 40])), max_size=12),
    st.booleans(),
    st.integers(0, 60),
)
def test_runs_of_one_length_are_read_like_any_records(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[int, int]], big_endian: bool, cut: int
) -> None:
    """Whatever lengths follow each other, and wherever the file ends, every whole record is found."""
    lengths = [length for length, count in runs for _ in range(count)]
    packets = [(number * 10**9, number.to_bytes(2, "big")[-1:] * length) for number, length in enumerate(lengths)]
    data = forge.pcap(packets, big_endian=big_endian)
    data = data[: max(len(data) - cut, 24)]
    path = tmp_path_factory.mktemp("pcap") / "x"
    path.write_bytes(data)
    ends = [24 + sum(16 + length for length in lengths[: index + 1]) for index in range(len(lengths))]
    whole = sum(end <= len(data) for end in ends)
    found, times, _, truncated = read(path)
    assert found == [packet for _, packet in packets[:whole]]
    assert times == [time for time, _ in packets[:whole]]
    assert truncated == (len(data) not in (24, *ends))
