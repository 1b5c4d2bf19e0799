import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import remarks
from analyzer.capture.frame import CaptureFacts
from analyzer.capture.reader import open_capture

SECRET = b"CLIENT_RANDOM 1111111111111111 2222222222222222\n"


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(*options: bytes, order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + b"".join(options), order)


def interface(*options: bytes, order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", 1, 0, 0) + b"".join(options), order)


def enhanced(data: bytes, *options: bytes, index: int = 0, order: str = "<") -> bytes:
    head = struct.pack(order + "IIIII", index, 0, 5, len(data), len(data))
    return block(6, head + data + bytes(-len(data) % 4) + b"".join(options), order)


def statistics(index: int, *options: bytes, order: str = "<") -> bytes:
    return block(5, struct.pack(order + "III", index, 0, 5) + b"".join(options), order)


def count(code: int, number: int, order: str = "<") -> bytes:
    return option(code, struct.pack(order + "Q", number), order)


FLAGS = option(2, b"\x01\x00\x00\x00")
END = bytes(4)


@pytest.fixture
def read(tmp_path: Path):  # type: ignore[no-untyped-def]
    def facts_of(*blocks: bytes) -> CaptureFacts:
        path = tmp_path / "capture"
        path.write_bytes(b"".join(blocks))
        capture = open_capture(str(path))
        list(capture)
        return capture.facts

    return facts_of


@pytest.mark.parametrize("order", ["<", ">"])
def test_comments_of_sections_interfaces_and_packets(read, order: str) -> None:  # type: ignore[no-untyped-def]
    def said(text: str) -> bytes:
        return option(1, text.encode(), order)

    facts = read(
        section(said("of the section"), order=order),
        interface(option(2, b"eth0", order), said("of the interface"), option(3, b"uplink\0", order), order=order),
        enhanced(b"one", said("first"), said("again"), END, order=order),
        enhanced(b"more", order=order),
        enhanced(b"three", option(2, bytes(4), order), said("grüße"), order=order),
    )
    assert facts.comments == ["of the section", "of the interface"]
    assert facts.frame_comments == {1: "first\nagain", 3: "grüße"}
    assert [(one.name, one.description, one.link_type) for one in facts.interfaces] == [("eth0", "uplink", "EN10MB")]
    assert facts.problems == []


def test_a_comment_is_found_behind_whatever_else_is_said_of_a_packet(read) -> None:  # type: ignore[no-untyped-def]
    others = (END, FLAGS, FLAGS + END, option(5, bytes(8)) + END, option(3, b"\x02" + bytes(4)), b"\x01\x00")
    told = option(1, b"here")
    blocks = [enhanced(b"x" * size, other) for size in range(6) for other in others]
    facts = read(section(), interface(), *blocks, enhanced(b"y", FLAGS, told), enhanced(b"z", count(5, 7), told))
    assert facts.frame_comments == {len(blocks) + 1: "here", len(blocks) + 2: "here"}


def test_what_was_lost_is_the_last_count_of_each_interface(read) -> None:  # type: ignore[no-untyped-def]
    facts = read(
        section(), interface(), interface(),
        statistics(0, count(4, 100), count(5, 1), count(7, 1)),
        enhanced(b"a", count(4, 2)), enhanced(b"b", count(4, 5)), enhanced(b"c", count(4, 1), index=1),
        statistics(0, count(5, 3), count(7, 1)),
        statistics(1, count(4, 100)),
        statistics(9, count(5, 9)),
    )  # fmt: skip
    assert [(one.dropped, one.missed, one.lost) for one in facts.interfaces] == [(4, 7, 7), (0, 1, 1)]
    assert facts.lost == 8


def test_counts_that_are_not_known_are_none(read) -> None:  # type: ignore[no-untyped-def]
    facts = read(section(), interface(), statistics(0, count(5, 2**64 - 1)), enhanced(b"a", count(4, 2**64 - 1)))
    assert facts.lost == 0


def test_interfaces_of_each_section_are_counted_anew(read) -> None:  # type: ignore[no-untyped-def]
    facts = read(
        section(), interface(option(2, b"a")), statistics(0, count(5, 1)),
        section(order=">"), interface(option(2, b"b", ">"), order=">"), statistics(0, count(7, 2, ">"), order=">"),
    )  # fmt: skip
    assert [(one.name, one.lost) for one in facts.interfaces] == [("a", 1), ("b", 2)]


def test_names_of_addresses(read) -> None:  # type: ignore[no-untyped-def]
    def record(kind: int, value: bytes) -> bytes:
        return option(kind, value)

    v6 = bytes.fromhex("20010db8" + "00" * 11 + "01")
    names = record(1, b"\x0a\x00\x00\x05bmsc.example.com\0mbms\0") + record(2, v6 + b"ue1\0")
    odd = record(7, b"eui48") + record(1, b"\x0a\x00\x00\x06") + record(1, b"\x0a") + END + record(1, b"\x0a\0\0\7no\0")
    facts = read(section(), interface(), block(4, names + odd))
    assert facts.names == {"10.0.0.5": "bmsc.example.com, mbms", "2001:db8::1": "ue1"}


def test_secrets_are_told_by_kind_and_never_kept(read) -> None:  # type: ignore[no-untyped-def]
    log = block(10, struct.pack("<II", 0x544C534B, len(SECRET)) + SECRET)
    facts = read(section(), log, log, block(10, struct.pack("<II", 0x99, 4) + b"abcd"), block(10, b"\0"))
    assert facts.secrets == {"TLS key log": 2, "secrets of kind 0x00000099": 1}
    assert "22222222" not in repr(facts)


def test_limits_hold(read, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(remarks, "MAX_COMMENT", 10)
    monkeypatch.setattr(remarks, "MAX_COMMENT_OCTETS", 2 * (20 + remarks.AROUND) + 9)
    monkeypatch.setattr(remarks, "MAX_NAMES", 2)
    monkeypatch.setattr(remarks, "MAX_INTERFACES", 3)
    names = b"".join(option(1, bytes((10, 0, 0, n)) + b"n\0") for n in range(9))
    facts = read(
        section(), *(interface() for _ in range(5)), statistics(4, count(5, 1)), block(4, names),
        *(enhanced(b"x", option(1, b"c" * 20)) for _ in range(9)),
    )  # fmt: skip
    assert facts.frame_comments == {1: "c" * 10, 2: "c" * 10}
    assert (len(facts.names), len(facts.interfaces), facts.lost) == (2, 3, 0)


@given(st.sampled_from((0x0A0D0D0A, 1, 4, 5, 6, 10)), st.binary(max_size=120), st.sampled_from("<>"))
def test_no_octets_raise(kind: int, body: bytes, order: str) -> None:
    facts = CaptureFacts("x")
    remarks.of_interface(facts, order, body, 1)
    match kind:
        case 4:
            remarks.of_names(facts, order, body)
        case 5:
            remarks.of_statistics(facts, order, body)
        case 6:
            remarks.of_packet(facts, 1, 0, order, body, len(body) // 2)
        case 10:
            remarks.of_secrets(facts, order, body)
        case _:
            remarks.of_section(facts, order, body)
    assert len(facts.comments) <= 60


@given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=40)), min_size=1, max_size=4))
def test_what_many_at_once_say_is_what_each_says(
    tmp_path_factory: pytest.TempPathFactory, packets: list[tuple[bytes, bytes]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "remarks"
    blocks = [enhanced(data, rest) for data, rest in packets]
    path.write_bytes(section() + interface() + b"".join(blocks))
    capture = open_capture(str(path))
    assert len(list(capture)) == len(packets)
    facts = CaptureFacts("x")
    remarks.of_interface(facts, "<", bytes(8), 1)
    for number, (one, (data, _)) in enumerate(zip(blocks, packets, strict=True), 1):
        remarks.of_packet(facts, number, 0, "<", one[8:-4], len(data))
    assert capture.facts.frame_comments == facts.frame_comments
    assert capture.facts.lost == facts.lost
