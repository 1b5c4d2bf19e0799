"""TLS in streams: the handshake passes, application data is counted, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from analyzer.capture.frame import Frame
from analyzer.decode import tls
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import DecodeFacts
from dissectors import Message, dissect
from dissectors.tls import Tls
from sample_pcaps import forge_tls as forge
from sample_pcaps.forge import Connection, Tape

GET = b"GET /a HTTP/1.1\r\nHost: bmsc.home1.net\r\n\r\n"
KINDS = ["22:1", "22:2", "22:11", "22:12", "22:14", "22:16", "20:", "22:", "20:", "22:", "23:", "23:", "21:"]

Said = list[tuple[bytes, bool]]


def session() -> Said:
    """What both ends say, and whether the client says it."""
    made = forge.Session("bmsc.home1.net", "stream")
    flights = [(octets, by_client) for by_client, octets in made.flights()]
    data = [(made.data(bytes(9000), by_client=who), who) for who in (True, False, True)]
    return [*flights, *data, (made.close(by_client=True), True)]


def frames(said: Said, *, opened: bool = True, lost: tuple[int, ...] = ()) -> list[Frame]:
    tape = Tape()
    connection = Connection(tape, "10.0.0.1", 40000, "10.0.0.2", 8443)
    time = connection.open(0) if opened else 0
    for octets, by_client in said:
        time = connection.send(time + 1_000_000, octets, by_client=by_client)
    numbered = enumerate(tape.sorted(), 1)
    return [Frame(0, n, at, 1, data, len(data)) for n, (at, data) in numbered if n not in lost]


def read(given: list[Frame]) -> tuple[list[Message], DecodeFacts]:
    decoder = Decoder()
    payloads = [found for frame in given for found in decoder.feed(frame)] + list(decoder.finish())
    return [message for payload in payloads if (message := dissect(payload)) is not None], decoder.facts  # type: ignore[arg-type]


def kinds(messages: list[Message]) -> list[str]:
    """Content types, and those of the handshake messages."""
    found = []
    for message in messages:
        assert message.error is None
        assert isinstance(message.body, Tls)
        (record,) = message.body.records
        found.append(f"{record.kind}:{','.join(str(handshake.kind) for handshake in record.handshakes)}")
    return found


def test_a_session() -> None:
    messages, facts = read(frames(session()))
    assert kinds(messages) == KINDS
    assert [len(message.payload.data) for message in messages if message.payload.data[0] == 23] == [5, 5]
    assert facts.counts == {tls.SEALED: 9}
    assert facts.problems == []
    first = messages[0].payload
    assert (first.src, first.sport, first.dst, first.dport, first.frame) == ("10.0.0.1", 40000, "10.0.0.2", 8443, 4)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_records_may_be_cut_anywhere(size: int) -> None:
    pieces = [(octets[at : at + size], who) for octets, who in session()[:4] for at in range(0, len(octets), size)]
    messages, facts = read(frames(pieces))
    assert kinds(messages) == KINDS[:10]
    assert facts.problems == []
    assert messages[0].payload.frames == tuple(range(4, 4 + -(-len(session()[0][0]) // size)))


def test_a_message_that_several_records_carry_is_one() -> None:
    message = forge.handshake(forge.CERTIFICATE, forge.sized(forge.sized(bytes(40000), 3), 3))
    records = b"".join(forge.record(22, message[at : at + 16384]) for at in range(0, len(message), 16384))
    hello = session()[1][0][:55]
    messages, _ = read(frames([(hello, False), (records, False), (forge.record(22, b"\x0e\0\0\0"), False)]))
    assert [len(message.payload.data) for message in messages] == [55, len(records), 9]
    assert messages[1].error is None
    assert len(messages[1].payload.frames) > 25


def test_a_message_that_is_cut_is_given_as_far_as_it_goes() -> None:
    begun = forge.record(22, forge.handshake(forge.CERTIFICATE, bytes(40000))[:16384])
    messages, facts = read(frames([(begun, False)]))
    assert kinds(messages) == ["22:11"]
    messages, facts = read(frames([(begun, False), (forge.record(21, b"\x02\x28"), False)]))
    assert kinds(messages) == ["22:11", "21:"]
    endless = forge.record(22, b"\x0b\x01\xff\xff" + bytes(16000)) + forge.record(22, bytes(16000)) * 12
    messages, facts = read(frames([(endless, False)]))
    assert sum(len(message.payload.data) for message in messages) == len(endless)
    assert max(len(message.payload.data) for message in messages) < tls.MAX_HELD + 16384
    assert facts.problems == []


def test_a_message_in_records_of_an_octet_each_is_given_up() -> None:
    """What could be put together is limited in records too: each looks at all before it."""
    message = forge.handshake(forge.CERTIFICATE, bytes(60000))
    records = b"".join(forge.record(22, message[at : at + 1]) for at in range(200))
    messages, facts = read(frames([(session()[1][0][:55], False), (records, False)]))
    assert max(len(message.payload.data) for message in messages) <= tls.MAX_RECORDS * 6
    assert sum(len(message.payload.data) for message in messages) == 55 + len(records)
    assert facts.problems == []


def test_in_the_midst_of_a_connection() -> None:
    messages, facts = read(frames(session()[4:], opened=False))
    assert kinds(messages) == ["23:", "23:", "21:"]
    assert facts.counts == {tls.SEALED: 9}


def test_what_is_lost_of_application_data_is_no_finding() -> None:
    whole = frames(session())
    big = [frame.number for frame in whole if len(frame.data) > 1400]
    messages, facts = read(frames(session(), lost=tuple(big[2:4])))
    assert kinds(messages)[:10] == KINDS[:10]
    assert facts.problems == []


def test_after_connect_a_proxy_is_passed_through() -> None:
    """RFC 9110 9.3.6: what follows the answer is for the server."""
    asked = b"CONNECT bmsc.home1.net:443 HTTP/1.1\r\nHost: bmsc.home1.net\r\n\r\n"
    messages, _ = read(
        frames([(asked, True), (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", False), *session()[:2]])
    )
    assert [message.protocol for message in messages] == ["http", "http"] + ["tls"] * 5


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x00\x00\x03SELECT 1", b"\x17\x03\x00\x00\x03SELECT 1", b"\x16\x03\x01\x00\x50\x63" + bytes(200),
        b"\x17\x03\x03\x00\x05hello", b"\x15\x03\x03\x00\x02\x09\x09", b"\x14\x03\x03\x00\x01\x02",
        b"\x16\x03\x01\x00\x04\x0e\0\0\0\x99" + bytes(20), b"\x17\x03\x03\x00\x20" + bytes(32) + b"GET / HTTP/1.1",
        b"\x18\x03\x03\x00\x20" + bytes(32),
    ],
)  # fmt: skip
def test_what_only_looks_like_tls(data: bytes) -> None:
    assert tls.length(data, False) == 0
    assert not tls.matches(dissect_payload(data))
    messages, _ = read(frames([(data, True)]))
    assert [message for message in messages if message.protocol == "tls"] == []


def dissect_payload(data: bytes):  # type: ignore[no-untyped-def]
    (message,), _ = read(frames([(GET, True)]))
    return message.payload._replace(data=data)


def test_it_is_told_as_soon_as_it_is_plain() -> None:
    hello = session()[0][0]
    assert [tls.length(hello[:size], False) for size in (1, 4, 5, 8, 9)] == [None, None, None, None, len(hello)]
    assert [tls.length(hello[:size], True) for size in (5, 8)] == [0, 0]
    assert tls.goes_on(b"\x17\x03\x03\x00\x05", False) == 10
    assert tls.goes_on(b"\x17\x04", False) == 0
    assert tls.goes_on(b"GET", False) == 0
