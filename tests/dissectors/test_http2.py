"""One message of HTTP/2 with header fields that need no state."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect, tree
from dissectors.cursor import Cursor, Malformed, Recorder
from dissectors.http2 import DATA, HEADERS, HeaderLine, is_message, parse, write
from dissectors.http_message import Http

REQUEST = [
    HeaderLine(b":method", b"POST"), HeaderLine(b":scheme", b"http"), HeaderLine(b":authority", b"bmsc.home1.net"),
    HeaderLine(b":path", b"/keymanagement?requesttype=register"), HeaderLine(b"content-type", b"text/plain"),
    HeaderLine(b"authorization", b'Digest username="u"', True),
]  # fmt: skip
BODY = b"a body"
MESSAGE = write(5, REQUEST, BODY, [HeaderLine(b"x-trailer", b"t" * 300)], True)


def names(fields):
    return [field.name for outer in fields for field in outer.walk()]


def test_what_is_written_is_read():
    body = parse(Cursor(MESSAGE))
    assert isinstance(body, Http)
    assert (body.method, body.uri, body.stream) == ("POST", "/keymanagement?requesttype=register", 5)
    assert (body.request_type, body.host, body.version) == ("register", "bmsc.home1.net", "HTTP/2")
    assert body.headers.names == ("Host", "Content-Type", "Authorization")
    assert body.headers.get("Authorization") == 'Digest username="u"'
    assert body.content == body.raw == MESSAGE[body.content_start :][: len(BODY)] == BODY
    assert body.notes == ()


def test_long_names_and_values():
    for size in (0, 126, 127, 128, 254, 255, 5000, 40_000):
        body = parse(Cursor(write(1, [*REQUEST, HeaderLine(b"x-long", b"v" * size)], b"", [], True)))
        assert len(body.headers.get("x-long") or "") == size


def test_its_tree_has_the_names_of_wireshark(payload, leaves, named):
    message = dissect(payload(MESSAGE, "tcp"))
    leaves(message)
    assert named(message, "http2.headers.method") == ["POST"]
    assert named(message, "http2.headers.path") == ["/keymanagement?requesttype=register"]
    assert named(message, "http2.streamid") == [5, 5, 5]
    assert named(message, "http2.type") == [HEADERS, DATA, HEADERS]
    assert named(message, "http2.flags.end_stream") == [0, 0, 1]
    assert named(message, "http2.data.data") == [len(BODY)]


def test_keys_stay_out_of_the_tree(payload):
    lines = [
        HeaderLine(b":status", b"401"),
        HeaderLine(b"www-authenticate", b'Digest realm="r", ck="0123456789abcdef"'),
    ]
    message = dissect(payload(write(1, lines, b"", [], True), "tcp"))
    assert "0123456789abcdef" not in repr(tree(message)) + repr(message)


def test_an_answer_and_its_coding():
    import gzip

    lines = [HeaderLine(b":status", b"200"), HeaderLine(b"content-encoding", b"gzip")]
    body = parse(Cursor(write(1, lines, gzip.compress(b"plain", mtime=0), [], True)))
    assert (body.status, body.content, body.content_start) == (200, b"plain", -1)
    with pytest.raises(Malformed) as caught:
        parse(Cursor(write(1, lines, b"no gzip", [], True)))
    assert caught.value.field == "http2.data.data"


@pytest.mark.parametrize(
    ("lines", "body", "field"),
    [
        ([HeaderLine(b"x", b"y")], b"", "http2.header"),
        ([HeaderLine(b":status", b"2x0")], b"", "http2.header"),
        ([HeaderLine(b":method", b"GET")], b"", "http2.header"),
        ([*REQUEST, HeaderLine(b"content-length", b"7")], BODY, "http2.header"),
        ([*REQUEST, HeaderLine(b"", b"")], BODY, "http2.header"),
    ],
    ids=["no pseudo header", "no status", "no path", "another length", "unknown"],
)
def test_what_is_wrong(lines, body, field, broken):
    assert broken(write(1, lines, body, [], True)).field == field


def test_oddities_are_noted():
    lines = [*REQUEST, HeaderLine(b":path", b"/again")]
    assert parse(Cursor(write(1, lines, b"", [], True))).notes == (":path twice",)
    late = [HeaderLine(b"x", b"y"), HeaderLine(b":status", b"200")]
    assert parse(Cursor(write(1, late, b"", [], True))).notes == (":status after other header fields",)


def test_an_unknown_header_field_leaves_no_body(broken):
    error = broken(write(1, [*REQUEST, HeaderLine(b"", b"")], BODY, [], True))
    assert error.partial is None
    assert "1 header fields refer to" in error.reason


def test_a_stream_that_does_not_end():
    with pytest.raises(Malformed) as caught:
        parse(Cursor(write(1, REQUEST, BODY, [], False)))
    assert caught.value.field == "http2.flags.end_stream"
    connect = [HeaderLine(b":method", b"CONNECT"), HeaderLine(b":authority", b"h:443")]
    body = parse(Cursor(write(1, connect, b"", [], False)))
    assert (body.method, body.uri) == ("CONNECT", "h:443")
    assert parse(Cursor(write(1, [HeaderLine(b":status", b"100")], b"", [], False))).status == 100


def test_line_ends_in_values_make_no_headers():
    lines = [*REQUEST, HeaderLine(b"x", b"y\r\nX-3GPP-Asserted-Identity: forged")]
    assert "X-3GPP-Asserted-Identity" not in parse(Cursor(write(1, lines, b"", [], True))).headers.names


@pytest.mark.parametrize("size", range(len(MESSAGE)))
def test_truncated_anywhere(size, payload):
    cut = MESSAGE[:size]
    with pytest.raises(Malformed):
        parse(Cursor(cut))
    message = dissect(payload(cut, "tcp"), "http")
    assert message.error is not None
    assert max((field.end for field in tree(message)), default=0) == size


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(MESSAGE)))
def test_hostile_octets(octets, at):
    data = MESSAGE[:at] + octets + MESSAGE[at + len(octets) :]
    recorder = Recorder(data)
    with suppress(Malformed):
        parse(recorder)
    assert all(0 <= field.start <= field.end <= len(data) for outer in recorder.fields for field in outer.walk())


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.binary(max_size=300), st.booleans()), max_size=8))
def test_any_header_field_is_written_and_read(lines):
    found = write(1, [HeaderLine(*line) for line in lines], b"", [], True)
    assert is_message(found) == bool(lines)
    recorder = Recorder(found)
    try:
        parse(recorder)
    except Malformed:
        assert not any(name == b":status" and value == b"200" for name, value, _ in lines)
    assert names(recorder.fields).count("http2.header") == len(lines)
