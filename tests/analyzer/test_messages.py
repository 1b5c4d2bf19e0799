"""From payloads to messages: FLUTE sessions that SDP names, what came before it, and limits."""

from __future__ import annotations

import pytest

from analyzer import messages
from analyzer.decode.packets import DecodeFacts
from analyzer.messages import Messages, sessions
from dissectors import Payload, dissect
from dissectors.sdp import Sdp

GROUP, OTHER = ("239.1.2.4", 5000), ("239.1.2.5", 5000)
FDT = b'<FDT-Instance Expires="3900000000"><File TOI="1" Content-Location="a" Content-Type="application/sdp"/></FDT-Instance>'


def described(*media: str, session: str = "") -> bytes:
    return f"v=0\r\ns=x\r\nc=IN IP4 239.1.2.4/127\r\n{session}{''.join(media)}".encode()


DOWNLOAD = described("m=application 5000 FLUTE/UDP 0\r\n", session="a=flute-tsi:7\r\n")


def invite(sdp: bytes, time: int = 10) -> Payload:
    head = b"INVITE sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(
        sdp
    )
    return Payload(head + sdp, "udp", "10.1.0.11", 5060, "10.2.0.1", 5060, 0, time, time)


def packet(
    data: bytes = FDT, toi: int = 0, to: tuple[str, int] = GROUP, time: int = 20, source: str = "10.4.0.1"
) -> Payload:
    said = b"\x40\x04" + len(data).to_bytes(6, "big") + bytes.fromhex("0000 0578 00000040")
    extensions = (b"\xc0\x10\0\1" if not toi else b"") + said
    header = bytes((0x10, 0x80 | 0x20, 4 + len(extensions) // 4, 0)) + bytes(4) + (7).to_bytes(4, "big")
    octets = header + toi.to_bytes(4, "big") + extensions + bytes(4) + data
    return Payload(octets, "udp", source, 9, *to, 0, time, time)


@pytest.fixture
def facts() -> DecodeFacts:
    return DecodeFacts()


@pytest.fixture
def made(facts: DecodeFacts) -> Messages:
    return Messages(facts)


def names(found: tuple[messages.Message, ...]) -> list[str]:
    return [message.protocol for message in found]


def test_sdp_names_a_session(made: Messages) -> None:
    assert names(made.of(invite(DOWNLOAD))) == ["sip"]
    assert names(made.of(packet())) == ["flute", "fdt"]
    assert names(made.of(packet(to=OTHER))) == []
    assert names(made.of(packet()._replace(dport=5001))) == []


def test_what_came_before_its_sdp(made: Messages, facts: DecodeFacts) -> None:
    assert made.of(packet(time=5)) == made.of(packet(b"nothing", 9, time=6)) == made.of(packet(to=OTHER)) == ()
    found = made.of(invite(DOWNLOAD))
    assert names(found) == ["sip", "flute", "fdt", "flute"]
    assert [message.time for message in found] == [10, 5, 5, 6]
    assert names(made.of(invite(DOWNLOAD))) == ["sip"]
    made.finish()
    assert facts.counts == {"FLUTE objects that no FDT names": 1}


def test_a_session_in_an_object_of_another(made: Messages) -> None:
    made.of(invite(DOWNLOAD))
    made.of(packet())
    inner = DOWNLOAD.replace(b"239.1.2.4", b"239.1.2.5")
    assert made.of(packet(to=OTHER)) == ()
    assert names(made.of(packet(inner, 1))) == ["flute", "sdp", "flute", "fdt"]


def test_sources_that_are_let_in(made: Messages) -> None:
    made.of(invite(described("m=application 5000 FLUTE/UDP 0\r\na=source-filter: incl IN IP4 * 10.4.0.1\r\n")))
    assert names(made.of(packet())) == ["flute", "fdt"]
    assert made.of(packet(source="10.4.0.2")) == ()
    other = described("m=application 5000 FLUTE/UDP 0\r\na=source-filter: incl IN IP4 * 10.4.0.2\r\n")
    assert names(made.of(invite(other))) == ["sip", "flute", "fdt"]
    made.of(invite(DOWNLOAD))
    assert names(made.of(packet(source="10.4.0.3"))) == ["flute", "fdt"]


@pytest.mark.parametrize(
    ("sdp", "found"),
    [
        (DOWNLOAD, (GROUP,)),
        (described("m=application 5000 UDP 0\r\na=flute-tsi:3\r\n"), (GROUP,)),
        (described("m=application 5000 UDP 0\r\n"), ()),
        (described("m=application 0 FLUTE/UDP 0\r\n"), ()),
        (described("m=video 5000 RTP/AVP 96\r\n", session="a=flute-tsi:3\r\n"), ()),
        (described("m=application 5000 FLUTE/UDP 0\r\nc=IN IP4 239.1.2.5\r\n"), (OTHER,)),
        (b"v=0\r\nm=application 5000 FLUTE/UDP 0\r\n", ()),
        (described("m=application 5000 FLUTE/UDP 0\r\nc=IN IP4 10.1.0.11\r\n"), ()),
    ],
)
def test_which_media_are_sessions(sdp: bytes, found: tuple[tuple[str, int], ...]) -> None:
    message = dissect(Payload(sdp, "udp", "a", 1, "b", 2, 0, 1, 1), "sdp")
    assert message is not None
    assert isinstance(message.body, Sdp)
    assert sessions(message.body) == found


def test_a_port_that_was_named_needs_no_sdp(made: Messages) -> None:
    assert names(made.of(packet()._replace(named="flute"))) == ["flute", "fdt"]


def test_a_packet_that_lies_joins_nothing(made: Messages) -> None:
    made.of(invite(DOWNLOAD))
    (message,) = made.of(packet()._replace(data=packet().data[:20]))
    assert message.error is not None


def test_packets_beyond_a_limit_are_joined_and_not_shown(
    made: Messages, facts: DecodeFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MAX_PACKETS", 2)
    made.of(invite(DOWNLOAD))
    found = [names(made.of(packet(b"nothing", toi))) for toi in (5, 6, 7)]
    assert found == [["flute"], ["flute"], []]
    assert names(made.of(packet())) == ["fdt"]
    assert facts.counts[messages.UNSEEN] == 2


def test_what_is_held_early_has_a_limit(made: Messages, facts: DecodeFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_EARLY", 3)
    for time in range(5):
        made.of(packet(b"x", 9, time=time))
    assert facts.counts == {messages.NO_SDP: 2}
    made.of(invite(DOWNLOAD))
    monkeypatch.setattr(messages, "MAX_EARLY_OCTETS", 100)
    made.of(packet(b"x" * 40, 9, to=OTHER))
    made.of(packet(b"x" * 40, 9, to=OTHER))
    assert facts.counts[messages.NO_SDP] == 3


def test_sessions_have_a_limit(made: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_SESSIONS", 1)
    made.of(invite(DOWNLOAD.replace(b"239.1.2.4", b"239.1.2.5")))
    made.of(invite(DOWNLOAD))
    assert made.of(packet()) == ()
    assert names(made.of(packet(to=OTHER))) == ["flute", "fdt"]


def test_an_announcement_over_http_names_a_session(made: Messages) -> None:
    """Within a multipart body, as a service description comes with the descriptions of its sessions."""
    body = b"--b\r\nContent-Type: application/sdp\r\n\r\n" + DOWNLOAD + b"\r\n--b--\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/related; boundary=b\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = Payload(head + body, "tcp", "10.4.0.1", 80, "10.1.0.11", 40000, 0, 3, 3)
    assert names(made.of(answer)) == ["http"]
    assert names(made.of(packet())) == ["flute", "fdt"]


def counting() -> tuple[Messages, list[Payload]]:
    read: list[Payload] = []

    def reader(payload: Payload) -> object:
        read.append(payload)
        return dissect(payload)

    return Messages(DecodeFacts(), reader), read


def test_octets_that_come_again_are_read_once_and_are_messages_of_their_own() -> None:
    made, read = counting()
    first, later = invite(DOWNLOAD), invite(DOWNLOAD, time=99)._replace(src="10.9.9.9", capture=3)
    (one,), (again,) = made.of(first)[:1], made.of(later)[:1]
    assert read == [first]
    assert again == dissect(later)
    assert again.body is one.body
    assert (again.time, again.payload.src, again.inner[0].payload.src) == (99, "10.9.9.9", "10.9.9.9")
    assert (one.time, one.inner[0].time) == (10, 10)


@pytest.mark.parametrize("other", [{"dport": 5061}, {"sport": 1}, {"transport": "tcp"}, {"named": "sip"}])
def test_octets_on_other_ports_are_read_anew(other: dict[str, object]) -> None:
    made, read = counting()
    first = invite(DOWNLOAD)
    made.of(first)
    made.of(first._replace(**other))
    assert len(read) == 2


def test_what_was_read_is_known_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_READ", 2)
    made, read = counting()
    payloads = [invite(f"v=0\r\ns={n}\r\n".encode()) for n in range(3)]
    for payload in (*payloads, *reversed(payloads)):
        made.of(payload)
    assert len(made._known) <= 2
    assert len(read) == 5  # the last was still known
