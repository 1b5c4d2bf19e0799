"""Connections that change their protocol, or begin with another: through TCP, as a capture shows them."""

import pytest

from analyzer.capture.frame import Frame
from analyzer.decode import layers
from analyzer.decode.decoder import Decoder
from dissectors import dissect
from sample_pcaps import forge_http2, forge_tls, forge_websocket
from sample_pcaps.forge import Connection, Tape
from sample_pcaps.forge_text import Text

SIP = b"OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
OK = b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
KEY = bytes(16)
MASK = b"mask"
GET = Text.of("GET /a HTTP/1.1", {"Host": "h.example.com"})
ANSWER = Text.of("HTTP/1.1 200 OK", {"Server": "s"}, b"body")


def segments(*sent, opened=True):
    """Frames of a connection: each octets, and whether the client sends them."""
    tape = Tape()
    connection = Connection(tape, "10.0.0.1", 4000, "10.0.0.2", 80)
    time = connection.open(0) if opened else 0
    for octets, by_client in sent:
        time = connection.send(time + 1_000_000, octets, by_client=by_client)
    return [Frame(0, n, at, 1, data, len(data)) for n, (at, data) in enumerate(tape.sorted(), 1)]


def read(frames):
    """The messages of a capture, shortly, and the facts of decoding."""
    decoder = Decoder()
    payloads = [found for frame in frames for found in decoder.feed(frame)] + list(decoder.finish())
    shown = []
    for payload in payloads:
        message = dissect(payload)
        body = message.body
        told = None if body is None else body.method or body.status
        shown.append((payload.frame, message.protocol, told, getattr(body, "stream", None)))
    return shown, decoder.facts


def http2_talk():
    talk = forge_http2.Talk()
    return [
        (talk.hello(by_client=True) + talk.request(GET), True),
        (talk.hello(by_client=False) + talk.answer(ANSWER, 1), False),
        (talk.request(GET) + talk.request(GET), True),
        (talk.answer(ANSWER, 5) + talk.answer(ANSWER, 3), False),
    ]


def websocket_talk():
    return [
        (forge_websocket.upgrade("h", KEY), True),
        (forge_websocket.accept(KEY) + forge_websocket.frame(forge_websocket.PING, b"x"), False),
        (forge_websocket.fragments(SIP, 20, mask=MASK), True),
        (forge_websocket.frame(forge_websocket.TEXT, OK), False),
    ]


def test_http2_with_prior_knowledge():
    shown, facts = read(segments(*http2_talk()))
    assert shown == [
        (4, "http", "GET", 1), (5, "http", 200, 1), (6, "http", "GET", 3), (6, "http", "GET", 5),
        (7, "http", 200, 5), (7, "http", 200, 3),
    ]  # fmt: skip
    assert facts.counts == {}
    assert facts.problems == []


@pytest.mark.parametrize("size", [1, 7, 100])
def test_frames_may_be_cut_anywhere(size):
    whole = http2_talk() if size > 1 else http2_talk()[:2]
    pieces = [(octets[at : at + size], who) for octets, who in whole for at in range(0, len(octets), size)]
    shown, facts = read(segments(*pieces))
    assert [told for _, *told in shown] == [told for _, *told in read(segments(*whole))[0]]
    assert facts.problems == []
    size = max(size, 4)  # of a long head the end is looked for seldom
    pieces = [(octets[at : at + size], who) for octets, who in websocket_talk() for at in range(0, len(octets), size)]
    assert [told[0] for _, *told in read(segments(*pieces))[0]] == ["http", "http", "sip", "sip"]


def test_http2_after_an_upgrade():
    talk = forge_http2.Talk(next_stream=3)
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    ask = b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    shown, facts = read(
        segments(
            (ask, True),
            (switch + talk.hello(by_client=False) + talk.answer(ANSWER, 1), False),
            (talk.hello(by_client=True) + talk.request(GET), True),
        )
    )
    assert shown == [
        (4, "http", "GET", None), (5, "http", 101, None), (5, "http", 200, 1), (6, "http", "GET", 3),
    ]  # fmt: skip
    assert facts.counts == {}


def test_http2_in_the_middle_says_what_is_not_known():
    shown, facts = read(segments(*http2_talk())[5:])
    assert shown == [(6, "http", None, None), (6, "http", None, None), (7, "http", None, None), (7, "http", None, None)]
    assert facts.problems == []


def test_http2_goes_on_after_a_lost_segment():
    talk = forge_http2.Talk()
    sent = [(talk.hello(by_client=True), True)]
    sent += [(talk.request(Text.of(f"GET /{n} HTTP/1.1", {"Host": f"host{n}"})), True) for n in range(4)]
    frames = segments(*sent)
    shown, facts = read(frames[:5] + frames[6:])
    assert shown == [(5, "http", "GET", 1), (7, "http", "GET", 5), (8, "http", "GET", 7)]
    assert "TCP octets that were not captured" in facts.counts


def test_sip_over_websocket():
    shown, facts = read(segments(*websocket_talk()))
    assert [(frame, *told[:2]) for frame, *told in shown] == [
        (4, "http", "GET"), (5, "http", 101), (6, "sip", "OPTIONS"), (7, "sip", 200),
    ]  # fmt: skip
    assert facts.counts == {}
    assert facts.problems == []


def test_sip_over_websocket_in_the_middle():
    frames = segments(
        *websocket_talk(), (forge_websocket.frame(1, SIP, mask=MASK), True), (forge_websocket.frame(1, OK), False)
    )
    shown, _ = read(frames[5:])
    assert [(frame, *told[:2]) for frame, *told in sorted(shown)] == [
        (7, "sip", 200),
        (8, "sip", "OPTIONS"),
        (9, "sip", 200),
    ]


def test_a_connection_that_was_opened_anew_begins_anew():
    tape = Tape()
    time = 0
    for sequence in (1000, 900_000):
        connection = Connection(tape, "10.0.0.1", 4000, "10.0.0.2", 80, sequence, sequence + 5)
        time = connection.open(time)
        for octets, by_client in http2_talk():
            time = connection.send(time + 1_000_000, octets, by_client=by_client)
        time = connection.close(time + 1_000_000) + 1_000_000
    shown, facts = read([Frame(0, n, at, 1, data, len(data)) for n, (at, data) in enumerate(tape.sorted(), 1)])
    assert [told for _, *told in shown] == 2 * [told for _, *told in read(segments(*http2_talk()))[0]]
    assert facts.problems == []


def test_a_message_that_is_cut_at_the_end_is_told():
    talk = http2_talk()
    shown, _ = read(segments(talk[0], (talk[1][0][:-3], False)))
    assert [told[0] for _, *told in shown] == ["http", "http"]
    packet = segments(talk[0], (talk[1][0][:-3], False))
    decoder = Decoder()
    payloads = [found for frame in packet for found in decoder.feed(frame)] + list(decoder.finish())
    assert dissect(payloads[1]).error.field == "http2.flags.end_stream"


def test_many_connections_of_tls_push_out_nobody(monkeypatch):
    """What HTTP/2 has to remember of a connection stays there, however many connections of TLS are open."""
    monkeypatch.setattr(layers, "MAX_SIDES", 2)
    hello = forge_tls.Session("a", "1").flights()[0][1]
    tape, talk = Tape(), http2_talk()
    connection = Connection(tape, "10.0.0.1", 4000, "10.0.0.2", 80)
    time = connection.open(0)
    for octets, by_client in talk[:2]:
        time = connection.send(time + 1_000_000, octets, by_client=by_client)
    for port in range(5000, 5010):
        other = Connection(tape, "10.0.0.1", port, "10.0.0.2", 443)
        time = other.send(other.open(time + 1_000_000), hello, by_client=True)
    for octets, by_client in talk[2:]:
        time = connection.send(time + 1_000_000, octets, by_client=by_client)
    frames = [Frame(0, n, at, 1, data, len(data)) for n, (at, data) in enumerate(tape.sorted(), 1)]
    decoder = Decoder()
    messages = [dissect(found) for frame in frames for found in decoder.feed(frame)]
    spoken = [message.body.method or message.body.status for message in messages if message.protocol == "http"]
    assert spoken == ["GET", 200, "GET", "GET", 200, 200]
    assert decoder.facts.problems == []
    monkeypatch.setattr(layers, "MAX_SEALED", 2)
    decoder = Decoder()
    again = [dissect(found) for frame in frames for found in decoder.feed(frame)]
    assert len([message for message in again if message.protocol == "tls"]) == 10
