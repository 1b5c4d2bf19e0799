import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import exported as reading
from analyzer.decode.exported import Exported, Exports, read_exported
from analyzer.decode.packets import Broken, DecodeFacts, MediaPacket, Origin
from dissectors import Payload
from sample_pcaps.forge_tunnels import exported

ENDS = ("10.0.0.1", 1000, "10.0.0.2", 2269)
ENDS_6 = ("2001:db8::1", 1000, "2001:db8::2", 2269)
SCTP, TCP, UDP = 1, 2, 3
END = bytes(4)
HERE = Origin(0, 1, 5, (1,))


def tag(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value


def run(*pdus: Exported, facts: DecodeFacts | None = None) -> list[Payload | MediaPacket]:
    made = Exports(facts or DecodeFacts(), {})
    found = [item for number, pdu in enumerate(pdus, 1) for item in made.add(pdu, Origin(0, number, 5, (number,)))]
    return found + list(made.finish())


@pytest.mark.parametrize("ends", [ENDS, ENDS_6])
@pytest.mark.parametrize(("number", "transport"), [(SCTP, "sctp"), (TCP, "tcp"), (UDP, "udp")])
def test_the_tags_tell_where_it_came_from(ends: tuple[str, int, str, int], number: int, transport: str) -> None:
    assert read_exported(exported("sip", ends, number, b"hello")) == Exported("sip", b"hello", transport, *ends)


def test_tags_that_are_missing_and_tags_that_are_new() -> None:
    assert read_exported(END) == Exported("", b"")
    assert read_exported(tag(12, b"http\0\0\0\0") + END + b"x") == Exported("http", b"x", "tcp")
    assert read_exported(tag(99, b"new ") + tag(14, b"sip\0") + tag(20, b"12") + END + b"x") == Exported("sip", b"x")


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x0c", tag(12, b"sip\0"), b"\x00\x0c\x00\x08sip\0", tag(12, b"") * 100 + END]
)  # fmt: skip
def test_tags_that_do_not_end_are_broken(data: bytes) -> None:
    with pytest.raises(Broken) as told:
        read_exported(data)
    assert told.value.protocol == "exported_pdu"


def test_a_datagram_is_a_payload() -> None:
    assert run(Exported("mikey", b"hello", "udp", *ENDS)) == [Payload(b"hello", "udp", *ENDS, 0, 1, 5, (1,))]
    assert run(Exported("diameter", b"hello", "sctp", *ENDS)) == [Payload(b"hello", "sctp", *ENDS, 0, 1, 5, (1,))]


def test_media_is_media() -> None:
    assert run(Exported("rtp", b"\x80", "udp", *ENDS)) == [MediaPacket(0, 1, 5, ENDS[0], ENDS[2], 2269, b"\x80")]


def test_parts_of_a_stream_are_put_together() -> None:
    back = (*ENDS[2:], *ENDS[:2])
    parts = [
        Exported("http", b"POST / HTTP/1.1\r\nContent-Len", "tcp", *ENDS),
        Exported("http-over-tls", b"HTTP/1.1 204 No Content\r\n\r\n", "tcp", *back),
        Exported("http", b"gth: 5\r\n\r\nhel", "tcp", *ENDS),
        Exported("http", b"loGET / HTTP/1.1\r\n\r\n", "tcp", *ENDS),
    ]
    found = [(item.data, item.frames) for item in run(*parts) if isinstance(item, Payload)]
    assert sorted(found) == [
        (b"GET / HTTP/1.1\r\n\r\n", (4,)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (2,)),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", (1, 3, 4)),
    ]


def test_ends_are_kept_apart_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_STREAMS", 3)
    made = Exports(DecodeFacts(), {})
    for port in range(10):
        list(made.add(Exported("sip", b"x", "tcp", "10.0.0.1", port, "10.0.0.2", 5060), HERE))
    assert len(made._next) == 3


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        (Exported("s1ap", b"x", "sctp", *ENDS), "exported PDUs of s1ap, which `--engine tshark` may read"),
        (
            Exported("\x1b[2J", b"x", "udp", *ENDS),
            "exported PDUs of a protocol without a name, which `--engine tshark` may read",
        ),
        (
            Exported("", b"x", "udp", *ENDS),
            "exported PDUs of a protocol without a name, which `--engine tshark` may read",
        ),
        (Exported("sip", b"x"), reading.NO_ADDRESSES),
        (Exported("sip", b"", "udp", *ENDS), reading.EMPTY),
    ],
)
def test_what_is_not_read_is_counted_by_name(pdu: Exported, reason: str) -> None:
    facts = DecodeFacts()
    assert run(pdu, facts=facts) == []
    assert facts.counts == {reason: 1}


@given(st.binary(max_size=80))
def test_no_octets_raise_anything_else(data: bytes) -> None:
    for octets in (data, exported("http", ENDS, TCP, data), tag(12, data) + END):
        try:
            found = read_exported(octets)
        except Broken:
            continue
        run(found, found)
