import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import pcapng
from analyzer.capture.frame import CaptureFacts, Frame
from analyzer.capture.reader import open_capture
from sample_pcaps import forge

SECOND = 1_000_000_000


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link_type: int = 1, options: bytes = b"", order: str = "<", snaplen: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def enhanced(ticks: int, data: bytes, index: int = 0, order: str = "<", length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    return block(
        6, struct.pack(order + "IIIII", index, ticks >> 32, ticks & 0xFFFF_FFFF, len(data), size) + data, order
    )


def simple(data: bytes) -> bytes:
    return block(3, struct.pack("<I", len(data)) + data)


BLOCKS = [section(), interface(), enhanced(1_000_000, b"one"), enhanced(2_000_000, b"three"), enhanced(3_000_000, b"5")]
FILE = b"".join(BLOCKS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "capture"


def read(path: Path, data: bytes) -> tuple[list[Frame], CaptureFacts]:
    path.write_bytes(data)
    capture = open_capture(str(path))
    return list(capture), capture.facts


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(path: Path, order: str) -> None:
    data = section(order) + interface(order=order) + enhanced(1_500_000, b"hello", order=order, length=60)
    (frame,), facts = read(path, data)
    assert (frame.number, frame.time, frame.data, frame.length) == (1, 1_500_000_000, b"hello", 60)
    assert (facts.format, facts.packets, facts.bytes, facts.problems) == ("pcapng", 1, 60, [])


def test_sections_of_different_byte_orders(path: Path) -> None:
    other = section(">") + interface(101, order=">") + enhanced(7, b"b", order=">")
    frames, facts = read(path, section() + interface(113) + enhanced(5, b"a") + other)
    assert [(f.number, f.link_type, f.time) for f in frames] == [(1, 113, 5000), (2, 101, 7000)]
    assert facts.link_types == ["LINUX_SLL", "RAW"]


def test_each_interface_has_its_link_type_resolution_and_offset(path: Path) -> None:
    data = section() + b"".join(
        (
            interface(1),
            interface(101, option(9, b"\x09")),
            interface(276, option(9, b"\x03") + option(0, b"")),
            interface(0, option(9, b"\x8a")),  # 2^-10
            interface(1, option(2, b"eth0") + option(14, struct.pack("<q", 100)) + option(0, b"")),
            *(enhanced(2048, b"x", index) for index in range(5)),
        )
    )
    frames, _ = read(path, data)
    assert [f.link_type for f in frames] == [1, 101, 276, 0, 1]
    assert [f.interface for f in frames] == [0, 1, 2, 3, 4]
    assert [f.time for f in frames] == [2_048_000, 2048, 2_048_000_000, 2 * SECOND, 100 * SECOND + 2_048_000]


def test_simple_and_obsolete_packets(path: Path) -> None:
    obsolete = block(2, struct.pack("<HHIIII", 0, 0, 0, 9, 3, 3) + b"old")
    frames, _ = read(path, section() + interface(snaplen=4) + enhanced(5, b"a") + simple(b"longer") + obsolete)
    assert [(f.time, f.data, f.length) for f in frames] == [(5000, b"a", 1), (5000, b"long", 6), (9000, b"old", 3)]


def test_other_blocks_are_passed_and_those_of_wireshark_numbered(path: Path) -> None:
    other = block(5, bytes(20)) + block(4, bytes(8)) + block(0x8000_0001, b"ours") + block(9, b"journal!")
    frames, facts = read(path, section() + interface() + other + enhanced(5, b"a"))
    assert [frame.number for frame in frames] == [2]
    assert facts.problems == []


@pytest.mark.parametrize("size", range(4, len(FILE)))
def test_cut_at_every_octet_all_whole_packets_are_read(path: Path, size: int) -> None:
    bounds = [sum(map(len, BLOCKS[: n + 1])) for n in range(len(BLOCKS))]
    frames, facts = read(path, FILE[:size])
    assert [f.data for f in frames] == [
        d for d, end in zip((b"one", b"three", b"5"), bounds[2:], strict=True) if size >= end
    ]
    assert facts.truncated == (size not in bounds)
    assert bool(facts.problems) == facts.truncated
    assert all("at offset" in problem for problem in facts.problems)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (enhanced(1, b"x", index=9), "interface 9 was not described"),
        (block(6, bytes(8)), "too short"),
        (block(6, struct.pack("<IIIII", 0, 0, 0, 99, 99)), "claims 99 octets"),
        (block(6, struct.pack("<IIIII", 0, 0, 0, 2**31, 99)), "claims 2147483648 octets"),
        (block(3, b""), "too short"),
        (block(2, bytes(8)), "too short"),
        (block(1, bytes(4)), "cannot be used"),
        (block(5, bytes(8))[:-4] + b"\x10\x00\x00\x00", "two lengths differ"),
    ],
)
def test_a_bad_block_hides_no_neighbour(path: Path, bad: bytes, told: str) -> None:
    frames, facts = read(path, section() + interface() + enhanced(1, b"a") + bad + enhanced(2, b"b"))
    assert [f.data for f in frames] == [b"a", b"b"]
    assert told in facts.problems[0]
    assert "at offset" in facts.problems[0]


@pytest.mark.parametrize("size", [0, 8, 13, 2**31])
def test_a_length_that_cannot_be_ends_the_reading(path: Path, size: int) -> None:
    frames, facts = read(path, FILE + struct.pack("<II", 6, size) + bytes(64))
    assert len(frames) == 3
    assert f"at offset {len(FILE)}" in facts.problems[0]


def test_a_section_without_a_byte_order_ends_the_reading(path: Path) -> None:
    frames, facts = read(path, block(0x0A0D0D0A, bytes(16)) + FILE)
    assert frames == []
    assert "no byte order magic" in facts.problems[0]


def test_problems_are_bounded(path: Path) -> None:
    _, facts = read(path, section() + interface() + enhanced(1, b"x", index=9) * 500)
    assert len(facts.problems) == 100


def test_what_the_forge_writes_is_read(path: Path) -> None:
    packets = [(1_767_225_600_123_456_789, b"a"), (1_767_225_600_123_456_790, b"bc")]
    frames, facts = read(path, forge.pcapng(packets))
    assert [(f.time, f.data) for f in frames] == packets
    assert facts.link_types == ["EN10MB"]


@given(st.binary(max_size=200))
def test_no_octets_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    frames, _ = read(tmp_path_factory.getbasetemp() / "hostile.pcapng", BLOCKS[0] + BLOCKS[1] + data)
    assert sum(len(frame.data) for frame in frames) <= len(data)


@given(st.integers(0, len(FILE) - 1), st.integers(0, 255))
def test_no_changed_octet_raises(tmp_path_factory: pytest.TempPathFactory, at: int, octet: int) -> None:
    data = bytearray(FILE)
    if at >= 12:  # the first three fields tell that it is pcapng at all
        data[at] = octet
    read(tmp_path_factory.getbasetemp() / "changed.pcapng", bytes(data))


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40), st.integers(0, 2)), max_size=8),
    st.sampled_from("<>"),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=3),
    st.integers(0, 60),
)
def test_runs_of_one_length_are_read_like_any_blocks(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[tuple[int, int, int]],
    order: str,
    changes: list[tuple[int, int]],
    cut: int,
) -> None:
    """Whatever their octets say, blocks that are looked at many at once give what they give one by one."""
    head = section(order) + interface(order=order) + interface(options=option(9, b"\x09", order), order=order)
    sent = [(size, index) for size, count, index in runs for _ in range(count)]
    body = bytearray(
        b"".join(enhanced(n << 24, bytes([n % 256]) * size, index, order) for n, (size, index) in enumerate(sent))
    )
    for place, octet in changes if body else ():
        body[place % len(body)] = octet
    data = head + bytes(body[: len(body) - cut])
    place = tmp_path_factory.mktemp("pcapng") / "capture"
    many = read(place, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pcapng, "ALIKE", -1)  # no run is ever long enough to be one
        assert many == read(place, data)
    if not changes and not cut:
        assert len(many[0]) == sum(index < 2 for _, index in sent)
