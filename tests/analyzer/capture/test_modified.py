import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.frame import CaptureFacts, Frame
from analyzer.capture.pcap import MAX_RECORD
from analyzer.capture.reader import open_capture

PACKETS = [(1_767_225_600_123_456_000, b"first packet"), (1_767_225_601_000_001_000, b"second")]


def written(order: str = "<", link_type: int = 1) -> bytes:
    file = struct.pack(f"{order}IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, link_type)
    for time, data in PACKETS:
        seconds, rest = divmod(time, 10**9)
        file += struct.pack(f"{order}IIIIIHBx", seconds, rest // 1000, len(data), 60, 3, 0x0800, 4) + data
    return file


FILE = written()
BOUNDS = (24, 24 + 24 + 12, 24 + 24 + 12 + 24 + 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "old"


def read(path: Path, data: bytes) -> tuple[list[Frame], CaptureFacts]:
    path.write_bytes(data)
    capture = open_capture(str(path))
    return list(capture), capture.facts


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(path: Path, order: str) -> None:
    frames, facts = read(path, written(order, 113))
    assert [(f.number, f.time, f.data, f.length, f.interface) for f in frames] == [
        (number, time, data, 60, 3) for number, (time, data) in enumerate(PACKETS, 1)
    ]
    assert (facts.format, facts.link_types, facts.packets, facts.problems) == ("pcap", ["LINUX_SLL"], 2, [])


@pytest.mark.parametrize("size", range(4, len(FILE)))
def test_cut_at_every_octet_all_whole_packets_are_read(path: Path, size: int) -> None:
    frames, facts = read(path, FILE[:size])
    assert [f.data for f in frames] == [d for (_, d), end in zip(PACKETS, BOUNDS[1:], strict=True) if size >= end]
    assert facts.truncated == (size not in BOUNDS) == bool(facts.problems)


def test_a_record_that_claims_too_much_ends_the_reading(path: Path) -> None:
    frames, facts = read(path, FILE + struct.pack("<IIIII4x", 0, 0, MAX_RECORD + 1, 5, 0) + bytes(100))
    assert len(frames) == 2
    assert f"record 3 at offset {len(FILE)}" in facts.problems[0]


@given(st.binary(max_size=200))
def test_no_octets_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    frames, _ = read(tmp_path_factory.getbasetemp() / "hostile.modified", FILE[:24] + data)
    assert sum(len(frame.data) for frame in frames) <= len(data)
