"""Answers whose end only their request tells, and tunnels: HEAD, CONNECT, Expect, through TCP as a capture shows them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.frame import Frame
from analyzer.decode import http1
from analyzer.decode.decoder import Decoder
from dissectors import dissect
from sample_pcaps import forge_tls
from sample_pcaps.forge import Connection, Tape

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD = b"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"
CONNECT = b"CONNECT h.example.com:5060 HTTP/1.1\r\nHost: h.example.com:5060\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
NO_LENGTH = b"HTTP/1.1 200 OK\r\nServer: s\r\n\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANNOUNCED = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SIP = b"OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
SIP_OK = b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"


def frames(*sent, close=False):
    """Frames of a connection: each octets, and whether the client sends them; the first of them is frame 4."""
    tape = Tape()
    connection = Connection(tape, "10.0.0.1", 4000, "10.0.0.2", 80)
    time = connection.open(0)
    for octets, by_client in sent:
        time = connection.send(time + 1_000_000, octets, by_client=by_client)
    if close:
        connection.close(time + 1_000_000)
    return [Frame(0, n, at, 1, data, len(data)) for n, (at, data) in enumerate(tape.sorted(), 1)]


def read(captured):
    """The messages of a capture in the order in which they come, shortly, and the facts of decoding."""
    decoder = Decoder()
    payloads = [found for frame in captured for found in decoder.feed(frame)] + list(decoder.finish())
    messages = [dissect(payload) for payload in payloads]
    shown = [
        (m.frame, m.protocol, None if m.protocol == "tls" else m.body.method or m.body.status, len(m.payload.data))
        for m in messages
    ]
    assert [m.error for m in messages] == [None] * len(messages)
    return shown, decoder.facts


@pytest.mark.parametrize("answer", [NO_LENGTH, CHUNKS, ANNOUNCED])
def test_an_answer_to_head_ends_with_its_head(answer):
    # RFC 9112 6.3: whatever it announces, and though the connection stays open
    shown, facts = read(frames((HEAD, True), (answer, False), (GET, True), (OK, False)))
    assert shown == [
        (4, "http", "HEAD", len(HEAD)), (5, "http", 200, len(answer)), (6, "http", "GET", len(GET)),
        (7, "http", 200, len(OK)),
    ]  # fmt: skip
    assert (facts.counts, facts.problems) == ({}, [])


def test_the_answer_to_a_pipelined_head_is_told_by_the_order_of_requests():
    # RFC 9112 9.3.2: answers come in the order of requests; the body of the third comes a segment late
    shown, facts = read(
        frames(
            (GET + HEAD + GET, True), (OK + NO_LENGTH + ANNOUNCED, False), (b"x" * 400, False), (GET, True), (OK, False)
        )
    )
    assert [row[1:] for row in shown] == [
        ("http", "GET", len(GET)), ("http", "HEAD", len(HEAD)), ("http", "GET", len(GET)),
        ("http", 200, len(OK)), ("http", 200, len(NO_LENGTH)), ("http", 200, len(ANNOUNCED) + 400),
        ("http", "GET", len(GET)), ("http", 200, len(OK)),
    ]  # fmt: skip
    assert facts.counts == {}


def test_an_interim_answer_does_not_stand_for_that_to_head():
    shown, _ = read(frames((HEAD, True), (CONTINUE + CHUNKS, False), (GET, True), (OK, False)))
    assert [told for _, _, told, _ in shown] == ["HEAD", 100, 200, "GET", 200]


def test_an_answer_with_a_body_is_not_the_one_to_head():
    # the capture began after a request: what is taken for the answer to HEAD is another's
    shown, facts = read(frames((HEAD, True), (OK + NO_LENGTH, False), (GET, True), (OK, False), close=True))
    assert [(told, size) for _, _, told, size in shown][:3] == [("HEAD", len(HEAD)), (200, len(OK)), ("GET", len(GET))]
    assert facts.problems == []


def test_after_a_hole_nobody_knows_which_request_an_answer_is_for():
    captured = frames((GET, True), (HEAD, True), (HEAD, True), (ANNOUNCED + b"x" * 400, False), (OK, False))
    shown, _ = read([frame for frame in captured if frame.number != 4])
    assert [(told, size) for _, _, told, size in shown if told == 200] == [(200, len(ANNOUNCED) + 400), (200, len(OK))]


@pytest.mark.parametrize(
    ("inside", "back", "protocol", "told"), [(SIP, SIP_OK, "sip", ["OPTIONS", 200]), (GET, OK, "http", ["GET", 200])]
)
@pytest.mark.parametrize("granted", [b"HTTP/1.1 200 Connection established\r\n\r\n", ANNOUNCED])
def test_what_is_inside_a_tunnel_is_tried_anew(inside, back, protocol, told, granted):
    # RFC 9110 9.3.6: any length in the answer to CONNECT is ignored
    shown, facts = read(frames((CONNECT, True), (granted, False), (inside, True), (back, False)))
    assert [(kind, value) for _, kind, value, _ in shown] == [
        ("http", "CONNECT"), ("http", 200), *((protocol, value) for value in told),
    ]  # fmt: skip
    assert [frame for frame, *_ in shown] == [4, 5, 6, 7]
    assert (facts.counts, facts.problems) == ({}, [])


@pytest.mark.parametrize("upgraded", [False, True], ids=["CONNECT", "Upgrade"])
def test_tls_inside_a_tunnel_and_after_an_upgrade(upgraded):
    # RFC 2817 3, 5.2
    ask, answer = CONNECT, b"HTTP/1.1 200 OK\r\n\r\n"
    if upgraded:
        ask = b"OPTIONS * HTTP/1.1\r\nHost: h\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n"
    session = forge_tls.Session("bmsc.home1.net", "test")
    flights = [(octets, by_client) for by_client, octets in session.flights()]
    shown, facts = read(frames((ask, True), (answer, False), *flights))
    assert [told for _, _, told, _ in shown[:2]] == [ask.split()[0].decode(), int(answer[9:12])]
    assert {kind for _, kind, _, _ in shown[2:]} == {"tls"}
    assert sum(size for *_, size in shown[2:]) == sum(len(octets) for octets, _ in flights)
    assert (facts.counts, facts.problems) == ({}, [])


def test_a_tunnel_inside_a_tunnel_and_head_inside_that():
    granted = b"HTTP/1.0 200 OK\r\n\r\n"
    talk = [(CONNECT, True), (granted, False)] * 2 + [(HEAD, True), (CHUNKS, False), (GET, True), (OK, False)]
    shown, facts = read(frames(*talk))
    assert [told for _, _, told, _ in shown] == ["CONNECT", 200, "CONNECT", 200, "HEAD", 200, "GET", 200]
    assert facts.counts == {}


def test_a_connection_stays_http_where_connect_is_refused():
    refused = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    shown, _ = read(frames((CONNECT, True), (refused, False), (CONNECT, True), (ANNOUNCED, False), (SIP, True)))
    assert [(told, size) for _, _, told, size in shown] == [
        ("CONNECT", len(CONNECT)), (403, len(refused)), ("CONNECT", len(CONNECT)), (200, len(ANNOUNCED)),
        ("OPTIONS", len(SIP)),
    ]  # fmt: skip


def test_a_body_that_waits_for_100_continue():
    # RFC 9110 10.1.1
    head = b"POST /k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    shown, facts = read(frames((head, True), (CONTINUE, False), (b"body", True), (OK, False)))
    assert shown == [
        (5, "http", 100, len(CONTINUE)), (6, "http", "POST", len(head) + 4), (7, "http", 200, len(OK)),
    ]  # fmt: skip
    assert facts.counts == {}


@pytest.mark.parametrize(("inside", "back"), [(SIP, SIP_OK), (GET, OK)])
def test_what_follows_an_upgrade_to_something_unknown_is_tried_anew(inside, back):
    # RFC 9110 7.8
    ask = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: other/1.0\r\n\r\n"
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other/1.0\r\n\r\n"
    shown, facts = read(frames((ask, True), (switch, False), (inside, True), (back, False)))
    assert [told for _, _, told, _ in shown] == ["GET", 101, "GET" if inside is GET else "OPTIONS", 200]
    assert facts.counts == {}


@pytest.mark.parametrize("first", [b"\r\n", b"\n"])
def test_lines_that_end_or_go_on_in_odd_ways(first):
    # RFC 9112 2.2, 4, 5.2: line feeds alone, a status line without a phrase, a header over several lines, blanks before
    head = b"HTTP/1.1 200\nX: a\n  b\n\tc\nTransfer-Encoding:\n chunked\n\n"
    body = b'4;name="a;b";other\nbody\n0\nTrailer: t\n\n'
    shown, facts = read(frames((GET, True), (first + head + body, False), (first + GET, True), (OK, False)))
    assert [(told, size) for _, _, told, size in shown] == [
        ("GET", len(GET)), (200, len(head + body)), ("GET", len(GET)), (200, len(OK)),
    ]  # fmt: skip
    assert facts.counts == {}


def test_chunks_count_where_a_length_is_told_too():
    # RFC 9112 6.3: what a length alone would cut off, or leave, is not the next message
    both = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
    shown, _ = read(frames((GET * 2, True), (both + OK, False)))
    assert [(told, size) for _, _, told, size in shown if told == 200] == [(200, len(both)), (200, len(OK))]


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answers_without_a_body_end_with_their_heads(status):
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 9\r\n\r\n"
    shown, _ = read(frames((GET, True), (answer, False), (GET, True), (OK, False)))
    assert [(told, size) for _, _, told, size in shown if told != "GET"] == [
        (int(status[:3]), len(answer)),
        (200, len(OK)),
    ]


def test_an_answer_without_a_length_goes_to_the_close():
    shown, _ = read(frames((GET, True), (NO_LENGTH + b"abc", False), (b"def", False), close=True))
    assert shown[-1][1:] == ("http", 200, len(NO_LENGTH) + 6)


def test_a_connection_that_never_answers_is_followed_for_a_while_only(monkeypatch):
    monkeypatch.setattr(http1, "MAX_WAITING", 2)
    shown, _ = read(frames((GET * 2 + HEAD, True), (OK + OK, False), (ANNOUNCED + b"x" * 400, False)))
    assert shown[-1][1:] == ("http", 200, len(ANNOUNCED) + 400)


def test_the_oldest_connection_is_forgotten(monkeypatch):
    monkeypatch.setattr(http1, "MAX_CONNECTIONS", 1)
    tape = Tape()
    one, other = (Connection(tape, "10.0.0.1", port, "10.0.0.2", 80) for port in (4000, 4001))
    one.open(0)
    other.open(1000)
    one.send(10**7, GET, by_client=True)
    other.send(2 * 10**7, GET, by_client=True)
    one.send(3 * 10**7, OK, by_client=False)
    shown, _ = read([Frame(0, n, at, 1, data, len(data)) for n, (at, data) in enumerate(tape.sorted(), 1)])
    assert [told for _, _, told, _ in shown] == ["GET", "GET", 200]


TOLD = (GET, HEAD, CONNECT, OK, NO_LENGTH, CHUNKS, ANNOUNCED, CONTINUE, SIP, b"junk", b"\r\n", b"HTTP/1.1 200")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TOLD), st.booleans(), st.integers(0, 60)), max_size=8), st.booleans())
def test_whatever_both_sides_say_is_read_or_told(said, close):
    captured = frames(*((octets[cut:] if cut < len(octets) else octets, who) for octets, who, cut in said), close=close)
    decoder = Decoder()
    payloads = [found for frame in captured for found in decoder.feed(frame)] + list(decoder.finish())
    for by_client in (True, False):
        sent = b"".join(octets[cut:] if cut < len(octets) else octets for octets, who, cut in said if who is by_client)
        at = 0
        for payload in payloads:
            if (payload.sport == 4000) is by_client:
                at = sent.index(payload.data, at) + len(payload.data)  # in their order, and nothing twice
