"""HTTP/2 in a connection: streams become messages, whatever they are mixed with, and what is unknown is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode import http2
from analyzer.decode.http2 import Http2Side
from analyzer.decode.packets import DecodeFacts
from dissectors import Payload, dissect
from dissectors.http import Http
from sample_pcaps import forge_http2 as forge
from sample_pcaps.forge_text import Text

ENDS = ("10.0.0.1", 1000, "10.0.0.2", 80)
POST = Text.of(
    "POST /keymanagement?requesttype=register HTTP/1.1",
    {
        "Host": "bmsc.home1.net:8080",
        "Content-Type": "application/mbms-register+xml",
        "X-3GPP-Intended-Identity": '"sip:a@b"',
    },
    b"<mbmsSecurityRegister/>",
)


def frames_of(octets):
    """Cut the octets of a direction into frames."""
    while octets:
        size = http2.goes_on(octets, False)
        assert size
        assert size <= len(octets)
        yield octets[:size]
        octets = octets[size:]


def payload(data, frame=1):
    return Payload(data, "tcp", *ENDS, 0, frame, frame * 1000, (frame,))


def read(octets, *, begun=True, facts=None):
    side = Http2Side(facts or DecodeFacts(), begun)
    found = [one for n, data in enumerate(frames_of(octets), 1) for one in side.add(payload(data, n))]
    found += side.finish()
    assert side.octets == 0
    return found


def bodies(octets, **more):
    return [dissect(one) for one in read(octets, **more)]


def test_requests_say_what_they_say_in_http_1():
    talk = forge.Talk()
    octets = talk.hello(by_client=True) + talk.request(POST) + talk.request(POST)
    one, two = bodies(octets)
    assert one.protocol == "http"
    assert isinstance(one.body, Http)
    assert (one.body.method, one.body.path, one.body.request_type) == ("POST", "/keymanagement", "register")
    assert (one.body.version, one.body.host, one.body.stream, two.body.stream) == ("HTTP/2", "bmsc.home1.net", 1, 3)
    assert one.body.raw == two.body.raw == POST.body
    assert one.body.headers.get("x-3gpp-intended-identity") == '"sip:a@b"'
    assert [part.content_type for part in one.body.parts] == ["application/mbms-register+xml"]
    assert two.error is None
    assert two.body.notes == ()
    assert (one.payload.frame, one.payload.frames) == (5, (3, 4, 5))


def test_streams_that_are_mixed_stay_apart():
    packer = forge.Packer()
    head = [packer.block([(":status", "200"), ("x-number", number)]) for number in "13"]
    octets = (
        forge.frame(forge.HEADERS, forge.END_HEADERS, 1, head[0])
        + forge.frame(forge.HEADERS, forge.END_HEADERS, 3, head[1])
        + forge.frame(forge.DATA, 0, 3, b"three ")
        + forge.frame(forge.WINDOW_UPDATE, 0, 0, b"\0\0\1\0")
        + forge.frame(forge.DATA, 0, 1, b"one ")
        + forge.frame(forge.DATA, 1, 3, b"ends first")
        + forge.frame(forge.PING, 0, 0, bytes(8))
        + forge.frame(forge.DATA, 1, 1, b"ends last")
    )
    found = bodies(octets)
    assert [(one.body.stream, one.body.raw) for one in found] == [(3, b"three ends first"), (1, b"one ends last")]
    assert [one.body.headers.get("x-number") for one in found] == ["3", "1"]


def test_continuation_padding_priority_and_trailers():
    packer = forge.Packer()
    block = packer.block([(":status", "200"), ("content-type", "text/plain")])
    trailer = packer.block([("x-checked", "yes")])
    octets = (
        forge.frame(forge.HEADERS, forge.PADDED | forge.PRIORITY, 1, b"\x03" + bytes(5) + block[:4] + b"pad")
        + forge.frame(forge.CONTINUATION, 0, 1, block[4:6])
        + forge.frame(forge.CONTINUATION, forge.END_HEADERS, 1, block[6:])
        + forge.frame(forge.DATA, forge.PADDED, 1, b"\x02bodyXX")
        + forge.frame(forge.HEADERS, forge.END_HEADERS | forge.END_STREAM, 1, trailer)
    )
    (found,) = bodies(octets)
    assert (found.body.status, found.body.raw, found.error) == (200, b"body", None)
    assert found.body.headers.get("content-type") == "text/plain"
    assert found.body.headers.get("x-checked") is None  # a trailer is no header
    assert found.payload.frames == (1, 2, 3, 4, 5)


def test_an_interim_answer_is_one_of_its_own():
    packer = forge.Packer()
    octets = forge.frame(forge.HEADERS, forge.END_HEADERS, 1, packer.block([(":status", "103"), ("link", "</a>")]))
    octets += forge.message(packer, 1, [(":status", "200")], b"ab")
    assert [(one.body.status, one.body.raw, one.error) for one in bodies(octets)] == [
        (103, b"", None),
        (200, b"ab", None),
    ]


def test_a_push_promise_keeps_the_table_right():
    packer = forge.Packer()
    promised = packer.block([(":method", "GET"), (":path", "/pushed"), ("x-new", "entry")])
    octets = forge.frame(forge.PUSH_PROMISE, forge.END_HEADERS, 1, bytes((0, 0, 0, 2)) + promised)
    octets += forge.message(packer, 1, [(":status", "200"), ("x-new", "entry")], b"")
    (found,) = bodies(octets)
    assert found.body.headers.get("x-new") == "entry"


def test_a_capture_that_begins_in_the_middle_says_what_it_does_not_know():
    talk = forge.Talk()
    talk.request(POST)
    later = talk.request(POST)
    (found,) = bodies(later, begun=False)
    assert found.body is None
    assert "refer to what was sent before" in found.error.reason
    # what was sent since is known, however much was before
    fresh = Text.of("GET /fresh HTTP/1.1", {"Host": "other.home1.net", "User-Agent": "later"})
    octets = later + talk.request(fresh) + talk.request(fresh)
    assert [one.body and one.body.path for one in bodies(octets, begun=False)] == [None, "/fresh", "/fresh"]


def test_lost_octets_make_what_they_held_unknown():
    talk = forge.Talk()
    first, lost, later, unlike = (talk.request(POST), talk.request(Text.of("GET /lost HTTP/1.1", {"Host": "h"})),
                                  talk.request(Text.of("GET /lost HTTP/1.1", {"Host": "h"})),
                                  talk.request(Text.of("GET /new HTTP/1.1", {"Host": "new"})))  # fmt: skip
    assert lost
    side = Http2Side(DecodeFacts(), True)
    found = [dissect(one) for data in frames_of(first) for one in side.add(payload(data))]
    side.lose()
    found += [dissect(one) for data in frames_of(later + unlike) for one in side.add(payload(data))]
    assert [one.body and one.body.path for one in found] == ["/keymanagement", None, "/new"]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (forge.frame(forge.HEADERS, forge.END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff\xff"), "cannot be read"),
        (forge.frame(forge.HEADERS, forge.END_HEADERS, 1, b"\x82\xc8"), "cannot be read"),  # an entry that is not there
        (forge.frame(forge.HEADERS, forge.PADDED, 1, b"\x09abc"), "padding"),
        (forge.frame(forge.HEADERS, 0, 1, b"\x82") + forge.frame(forge.DATA, 1, 1, b"x"), "does not go on"),
        (
            forge.frame(forge.HEADERS, 0, 1, b"\x82" + bytes(200_000))
            + forge.frame(forge.CONTINUATION, 0, 1, bytes(200_000)),
            "more than",
        ),
    ],
    ids=["a number that does not end", "an unknown entry", "padding", "no continuation", "a long block"],
)
def test_what_breaks_the_format_is_told(octets, reason):
    facts = DecodeFacts()
    read(octets, facts=facts)
    assert any(reason in problem.reason for problem in facts.problems)


def test_header_fields_that_swell_are_refused():
    facts = DecodeFacts()
    packer = forge.Packer()
    block = packer.block([(":status", "200"), ("x", "y" * 3000)]) + b"\xbe" * 10_000
    read(forge.frame(forge.HEADERS, forge.END_HEADERS | forge.END_STREAM, 1, block), facts=facts)
    assert "cannot be read" in facts.problems[0].reason


def test_a_body_and_the_number_of_streams_have_limits(monkeypatch):
    monkeypatch.setattr(http2, "MAX_OPEN", 4)
    monkeypatch.setattr(http2, "MAX_BODY", 10)
    packer, facts = forge.Packer(), DecodeFacts()
    octets = b"".join(
        forge.frame(forge.HEADERS, forge.END_HEADERS, stream, packer.block([(":status", "200")]))
        for stream in range(1, 21, 2)
    )
    octets += forge.frame(forge.DATA, 0, 19, b"x" * 100) + forge.frame(forge.DATA, 1, 19, b"x" * 100)
    found = read(octets, facts=facts)
    assert facts.counts == {http2.GIVEN_UP: 6}
    assert len(found) == 10
    assert max(len(one.data) for one in found) < 60


def test_a_stream_that_was_reset_or_cut_is_malformed():
    packer = forge.Packer()
    head = forge.frame(forge.HEADERS, forge.END_HEADERS, 1, packer.block([(":status", "200")]))
    reset = head + forge.frame(forge.DATA, 0, 1, b"half") + forge.frame(forge.RST_STREAM, 0, 1, bytes(4))
    for octets in (reset, head + forge.frame(forge.DATA, 0, 1, b"half")):
        (found,) = bodies(octets)
        assert found.error.field == "http2.flags.end_stream"
        assert found.body.raw == b"half"


@pytest.mark.parametrize(
    "data",
    [
        forge.frame(forge.SETTINGS, 0, 1, b""), forge.frame(forge.PING, 0, 0, b"short"),
        forge.frame(forge.DATA, 0, 0, b"x"), forge.frame(0x21, 0, 0), b"\xff" * 9,
        forge.frame(forge.HEADERS, 4, 1), b"\0\0\0\0\0\x80\0\0\1",
    ],
)  # fmt: skip
def test_what_is_no_frame(data):
    assert http2.goes_on(data, False) == 0


def test_the_begin_of_a_connection_is_told_by_its_octets():
    hello = forge.Talk().hello(by_client=True)
    assert http2.length(hello, False) == len(forge.PREFACE)
    assert [http2.length(hello[:n], False) for n in (1, 10, 23)] == [None, None, None]
    assert http2.length(b"POST / HTTP/1.1\r\n", False) == 0
    assert http2.length(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", False) == 0
    assert http2.length(bytes(40), False) == 0
    settings_frame = forge.frame(forge.SETTINGS, 0, 0, bytes(6))
    assert http2.length(settings_frame, False) == 15
    assert http2.length(settings_frame[:5], False) is None


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_nothing_raises(data, begun):
    side = Http2Side(DecodeFacts(), begun)
    for kind in (forge.HEADERS, forge.CONTINUATION, forge.DATA, forge.PUSH_PROMISE):
        for flags in (0, 4, 5, 0x2D):
            for found in side.add(payload(forge.frame(kind, flags, 1, data))):
                dissect(found)
    for found in side.finish():
        dissect(found)
    assert side.octets == 0
