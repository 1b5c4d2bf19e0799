"""HTTP: key management of TS 33.246, Ub of TS 24.109, every way to tell a body's end, and what tshark says."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import dissect, tree
from dissectors.cursor import Cursor, Recorder
from dissectors.http import HTTP, MAX_CHUNK_LINE, MAX_CHUNKS, Http, is_start_line, length, matches, parse
from dissectors.mbms_xml import BootstrappingInfo, ServiceList
from dissectors.mime import MAX_CONTENT

REGISTER_BODY = b"<mbmsSecurityRegister><serviceID>urn:service:1</serviceID></mbmsSecurityRegister>"
BSF_BODY = (
    b'<?xml version="1.0"?><BootstrappingInfo xmlns="uri:3gpp-gba"><btid>abc@bsf.home1.net</btid>'
    b"<lifetime>2030-01-01T00:00:00Z</lifetime></BootstrappingInfo>"
)
REGISTER = (
    b"POST /keymanagement?requesttype=register HTTP/1.1\r\n"
    b"Host: bmsc.home1.net:1234\r\n"
    b"User-Agent: UE 3gpp-gba\r\n"
    b'X-3GPP-Intended-Identity: "sip:user1@home1.net"\r\n'
    b'Authorization: Digest username="abc@bsf.home1.net", realm="3GPP-bootstrapping@bmsc.home1.net", nonce="n1", '
    b'uri="/keymanagement?requesttype=register", qop=auth-int, nc=00000001, cnonce="c1", response="r1"\r\n'
    b"Content-Type: application/mbms-register+xml\r\n"
    b"Content-Length: %d\r\n\r\n" % len(REGISTER_BODY)
) + REGISTER_BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nServer: BSF\r\nContent-Type: application/vnd.3gpp.bsf+xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;name=value\r\n"
    + BSF_BODY[:5]
    + b"\r\n%X\r\n" % len(BSF_BODY[5:])
    + BSF_BODY[5:]
    + b"\r\n0\r\nX-Trailer: t\r\n\r\n"
)
UNAUTHORIZED = (
    b"HTTP/1.1 401 Unauthorized\r\n"
    b'WWW-Authenticate: Digest realm="3GPP-bootstrapping@bmsc.home1.net", nonce="n1", qop="auth,auth-int", '
    b"algorithm=MD5\r\nContent-Length: 0\r\n\r\n"
)
GZIPPED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/mbms-register+xml\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    % len(gzip.compress(REGISTER_BODY, mtime=0))
) + gzip.compress(REGISTER_BODY, mtime=0)
CHALLENGE = (
    b'GET / HTTP/1.1\r\nHost: bsf.home1.net\r\nAuthorization: Digest username="u", nonce="", response=""\r\n\r\n'
)
SAMPLES = (REGISTER, CHUNKED, UNAUTHORIZED, GZIPPED, CHALLENGE)


@pytest.fixture(scope="module")
def get(read: Callable[[bytes], Http]) -> Callable[[bytes], Http]:
    """Reads a GET of a URI."""
    return lambda uri: read(b"GET " + uri + b" HTTP/1.1\r\n\r\n")


def response(*lines: bytes, body: bytes = b"", status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, *lines)) + b"\r\n\r\n" + body


# ---------------------------------------------------------------------------------------------- good


def test_a_key_management_request(read):
    body = read(REGISTER)
    assert (body.is_request, body.method, body.uri) == (True, "POST", "/keymanagement?requesttype=register")
    assert (body.path, body.query, body.request_type) == ("/keymanagement", (("requesttype", "register"),), "register")
    assert (body.host, body.version, body.status, body.reason) == ("bmsc.home1.net", "HTTP/1.1", None, "")
    assert body.headers.get("x-3gpp-intended-identity") == '"sip:user1@home1.net"'
    assert body.content == body.raw == REGISTER_BODY
    assert REGISTER[body.content_start :] == REGISTER_BODY
    assert body.notes == ()


def test_the_body_of_a_request_is_a_message_of_its_own(payload):
    found = dissect(payload(REGISTER, "tcp", dport=80))
    assert found is not None
    (inner,) = found.inner
    assert inner.body == ServiceList("register", ("urn:service:1",))
    assert inner.offset == REGISTER.index(REGISTER_BODY)


def test_chunks_with_extensions_and_trailers(read, named, payload):
    body = read(CHUNKED)
    assert (body.status, body.reason, body.is_request, body.method) == (200, "OK", False, None)
    assert body.content == body.raw == BSF_BODY
    assert body.content_start == -1
    found = dissect(payload(CHUNKED, "tcp"))
    assert found is not None
    assert found.inner[0].body == BootstrappingInfo("uri:3gpp-gba", "abc@bsf.home1.net", "2030-01-01T00:00:00Z")
    assert found.inner[0].offset == -1
    assert named(found, "http.chunk_size") == [5, len(BSF_BODY) - 5, 0]
    assert named(found, "http.chunked_trailer_part") == ["X-Trailer: t"]


def test_bare_line_feeds_between_chunks(read):
    assert read(response(b"Transfer-Encoding: chunked", body=b"1\na\n1 \nb\n0\n\n")).content == b"ab"


def test_what_the_first_headers_of_authentication_say(read):
    asked, refused = read(REGISTER), read(UNAUTHORIZED)
    assert (asked.authorization.get("username"), asked.challenge) == ("abc@bsf.home1.net", None)
    assert (refused.challenge.get("nonce"), refused.authorization) == ("n1", None)
    twice = read(b"GET / HTTP/1.1\r\nauthorization: Digest nonce=1\r\nAuthorization: Digest nonce=2\r\n\r\n")
    assert twice.authorization.get("nonce") == "1"
    assert "r1" not in repr(asked)


def test_content_codings_are_undone_and_what_digest_covers_is_kept(read):
    body = read(GZIPPED)
    assert body.content == REGISTER_BODY
    assert GZIPPED.endswith(body.raw)
    assert (body.content_start, body.parts[0].content_type) == (-1, "application/mbms-register+xml")


def test_transfer_codings_under_the_chunks_are_undone(read):
    coded = gzip.compress(b"inside", mtime=0)
    data = response(
        b"Transfer-Encoding: gzip", b"Transfer-Encoding: Chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(coded), coded)
    )
    body = read(data)
    assert (body.raw, body.content, body.content_start) == (b"inside", b"inside", -1)


def test_a_transfer_coding_that_ends_with_the_stream(read):
    data = response(b"Transfer-Encoding: deflate", b"Content-Length: 1", body=zlib.compress(b"inside"))
    assert read(data).raw == b"inside"
    assert length(data, False) is None
    assert length(data, True) == len(data)


@pytest.mark.parametrize(
    ("uri", "path", "query", "host"),
    [
        (b"/", "/", (), None),
        (b"*", "*", (), None),
        (b"/a?b=c&D=%20e%2F&f&&=g#h", "/a", (("b", "c"), ("D", "e/"), ("f", ""), ("", "g")), None),
        (b"http://bmsc.home1.net:1234/k?x=1", "/k", (("x", "1"),), "bmsc.home1.net"),
        (b"http://user@bmsc.home1.net?x=1", "/", (("x", "1"),), "bmsc.home1.net"),
        (b"http://[2001:db8::1]:80/", "/", (), "[2001:db8::1]"),
        (b"/proxy/http://other/?u=http://other", "/proxy/http://other/", (("u", "http://other"),), None),
        (b"bsf.home1.net:443", "bsf.home1.net:443", (), None),
        (b"/\xff?\xc3=%ff%", "/\\xff", (("\\xc3", "�%"),), None),
    ],
)
def test_request_targets(get, uri, path, query, host):
    body = get(uri)
    assert (body.path, body.query, body.host) == (path, query, host)


@pytest.mark.parametrize(
    "uri",
    [
        b"/k?requesttype= register",
        b"/k?requesttype=register ",
        b"/k?RequestType=%20register",
        b"/k?x=1&requesttype=register&requesttype=msk",
    ],
)
def test_the_request_type_whatever_its_blanks(get, uri):
    assert get(uri).request_type == "register"


def test_what_is_not_asked_is_none(get, read):
    assert get(b"/").request_type is None
    assert read(UNAUTHORIZED).host is None


@pytest.mark.parametrize(
    ("value", "host"), [(b"a.b:80", "a.b"), (b"a.b", "a.b"), (b"[::1]", "[::1]"), (b"[::1]:80", "[::1]"), (b"", None)]
)
def test_the_host(read, value, host):
    assert read(b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n").host == host


def test_an_absolute_uri_overrules_the_host_header(read):
    assert read(b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n").host == "a"


@pytest.mark.parametrize("status", [b"100 Continue", b"101 Switching", b"204 No Content", b"304 Not Modified"])
def test_responses_that_never_have_a_body(read, status):
    data = response(b"Content-Length: 5", status=status)
    assert (read(data).content, read(data).notes) == (b"", ())
    assert length(data + UNAUTHORIZED, False) == len(data)


def test_a_response_without_a_length_goes_to_the_end(read):
    data = response(b"Content-Type: text/plain", body=b"all of it")
    assert (read(data).content, length(data, False), length(data, True)) == (b"all of it", None, len(data))


def test_a_request_without_a_length_has_no_body(read):
    data = b"GET / HTTP/1.1\r\n\r\nextra"
    assert (read(data).content, read(data).notes) == (b"", ("5 octets after the end of the message",))


def test_reason_phrases_may_be_missing(read):
    for line in (b"200", b"200 "):
        assert (read(response(status=line)).status, read(response(status=line)).reason) == (200, "")


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (response(b"no colon", b"Content-Length: 0"), "a header line has no colon"),
        (response(b"Content-Encoding: zstd", b"Content-Length: 1", body=b"x"), "content coding zstd is not read"),
        (
            response(b"Transfer-Encoding: chunked", b"Content-Length: 1", body=b"0\r\n\r\n"),
            "Transfer-Encoding and Content-Length together",
        ),
        (response(b"Content-Length: 9"), "9 octets announced, none there: an answer to HEAD, or cut"),
        (response(b"Transfer-Encoding: chunked"), "chunks announced, none there: an answer to HEAD, or cut"),
        (
            response(body=b"x" * (MAX_CONTENT + 1)),
            f"the body has more than {MAX_CONTENT} octets and is not looked into",
        ),
    ],
    ids=["colon", "coding", "both", "head", "chunks", "big"],
)
def test_oddities_are_noted(read, data, note):
    assert note in read(data).notes


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b" 0 ", 0),
        (b"9" * 40, 10**9),
        (b"Sun, 06 Nov 1994 08:51:37 GMT", 120),
        (b"Sunday, 06-Nov-94 08:49:38 GMT", 1),
        (b"Sun Nov  6 08:49:37 1994", 0),
        (b"Sun, 06 Nov 1994 08:49:36 GMT", -1),
        (b"", None),
        (b"-1", None),
        (b"soon", None),
        (b"Sun, 99 Nov 1994 99:49:37 GMT", None),
        (b"Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
        ("١٢٠".encode(), None),
    ],
)
def test_retry_after_in_both_forms(read, value, seconds):
    # RFC 9110 10.2.3, 5.6.7
    date = b"Date: Sun, 06 Nov 1994 08:49:37 GMT"
    body = read(response(date, b"Retry-After: " + value, b"Content-Length: 0", status=b"503 Busy"))
    assert body.retry_after == seconds


def test_a_date_to_retry_after_needs_to_know_what_time_it_was(read):
    busy = response(b"Retry-After: Sun, 06 Nov 1994 08:51:37 GMT", b"Content-Length: 0", status=b"503 Busy")
    assert read(busy).retry_after is None
    assert read(response(b"Content-Length: 0")).retry_after is None


# ---------------------------------------------------------------------------------------------- telling


@pytest.mark.parametrize(
    ("line", "is_http"),
    [
        (b"GET / HTTP/1.1", True),
        (b"M-SEARCH * HTTP/1.1", True),
        (b"POST /k?requesttype= register HTTP/1.0", True),
        (b"HTTP/1.1 200", True),
        (b"HTTP/1.0 404 Not Found", True),
        (b"HTTP/1.1 2000", False),
        (b"HTTP/2 200", False),
        (b"GET HTTP/1.1", False),
        (b"GET  HTTP/1.1", False),
        (b"INVITE sip:a SIP/2.0", False),
        (b"", False),
    ],
)
def test_start_lines(line, is_http, payload):
    assert is_start_line(line) is is_http
    assert matches(payload(line + b"\r\n\r\n", "tcp")) is is_http
    assert not matches(payload(line + b"\r\n\r\n", "udp"))


# ---------------------------------------------------------------------------------------------- streams


@pytest.mark.parametrize("data", SAMPLES)
def test_the_first_message_of_a_stream(data):
    assert length(data, False) == len(data)
    assert length(b"\r\n" + data + REGISTER, False) == len(data) + 2
    for cut in range(len(data)):
        octets = length(data[:cut], False)
        assert octets is None or octets == len(data)


def test_pipelined_messages_come_apart():
    data = b"".join(SAMPLES)
    found = []
    while data:
        octets = length(data, True)
        found.append(data[:octets])
        data = data[octets:]
    assert tuple(found) == SAMPLES


def test_an_answer_to_head_has_no_body():
    head = response(b"Content-Length: 400", b"Content-Type: text/xml")
    assert length(head + UNAUTHORIZED, False) == len(head)
    assert length(head + b"<a/>", False) == len(head) + 400
    trace = response(b"Content-Length: 400", b"Content-Type: message/http")
    assert length(trace + UNAUTHORIZED, False) == len(trace) + 400


@pytest.mark.parametrize(
    ("data", "closed", "octets"),
    [
        (b"", False, None),
        (b"", True, None),
        (b"GET / HT", False, None),
        (b"GET / HTTP/1.1\r\nHost: x", True, 23),
        (b"INVITE sip:a SIP/2.0\r\n\r\n", False, 0),
        (b"\x16\x03\x01\x00", False, 0),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\nab", False, 37),
        (b"GET / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\nab", False, 48 + 999999999999),
        (b"GET / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\nab", True, 50),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nab", False, 43),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", False, 0),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n", False, None),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na", False, None),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab", False, 0),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", False, None),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET", False, 57),
    ],
)
def test_streams_that_are_cut_or_of_others(data, closed, octets):
    assert length(data, closed) == octets


# ---------------------------------------------------------------------------------------------- broken

CHUNK_HEAD = response(b"Transfer-Encoding: chunked")
AT = len(CHUNK_HEAD)


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"", "http.request", 0),
        (b"\r\nnothing\r\n\r\n", "http.request", 2),
        (b"GET / HTTP/1.1", "http.header", 0),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", "http.header", 25),
        (b"GET / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", "http.content_length_header", 37),
        (b"GET / HTTP/1.1\r\nContent-Length: -9\r\n\r\nabc", "http.content_length_header", 38),
        (response(b"Content-Length: 9", body=b"abc"), "http.content_length_header", 38),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc", "http.transfer_encoding", 43),
        (response(b"Content-Encoding: gzip", body=b"abc"), "http.file_data", 43),
        (response(b"Transfer-Encoding: gzip", body=b"abc"), "http.file_data", 44),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "http.chunk_size", 47),
        (CHUNK_HEAD + b"x\r\n", "http.chunk_size", AT),
        (CHUNK_HEAD + b"-1\r\n", "http.chunk_size", AT),
        (CHUNK_HEAD + b"\r\n", "http.chunk_size", AT),
        (CHUNK_HEAD + b"1" * (MAX_CHUNK_LINE + 1), "http.chunk_size", AT),
        (CHUNK_HEAD + b"5\r\nabc", "http.chunk_size", AT),
        (CHUNK_HEAD + b"1\r\na", "http.chunk_size", AT + 4),
        (CHUNK_HEAD + b"1\r\nabc\r\n", "http.chunk_size", AT + 4),
        (CHUNK_HEAD + b"FFFFFFFFFFFFFFFF\r\na", "http.chunk_size", AT),
        (CHUNK_HEAD + b"0\r\nA: b\r\n", "http.chunk_size", AT + 9),
    ],
)
def test_broken_messages_say_where(broken, data, field, offset):
    error = broken(data)
    assert (error.field, error.offset) == (field, offset)


def test_what_was_read_before_the_break_is_kept(broken):
    partial = broken(REGISTER[:-9]).partial
    assert isinstance(partial, Http)
    assert (partial.request_type, partial.parts) == ("register", ())
    partial = broken(CHUNKED[:-40]).partial
    assert isinstance(partial, Http)
    assert BSF_BODY.startswith(partial.raw)
    assert partial.raw


@pytest.mark.parametrize("data", SAMPLES)
def test_messages_cut_anywhere(outcome, data, payload, leaves):
    for cut in range(len(data)):
        part = data[:cut]
        body, error = outcome(Cursor(part))
        assert error or "none there" in getattr(body, "notes", ("",))[0]
        assert outcome(Recorder(part)) == (body, error)
        assert sum(field.end - field.start for field in leaves(dissect(payload(part, "tcp"), "http"))) == cut


# ---------------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "data",
    [
        response(*(b"X-%d: y" % n for n in range(10_000))),
        response(b"Transfer-Encoding: chunked", body=b"1\r\na\r\n" * (MAX_CHUNKS + 1) + b"0\r\n\r\n"),
        response(b"Transfer-Encoding: chunked", body=b"%x\r\n" % (MAX_CONTENT + 1) + bytes(MAX_CONTENT + 1)),
        response(b"Transfer-Encoding: chunked", body=b"0\r\n" + b"A: b\r\n" * 20_000),
        response(b"Transfer-Encoding: chunked", body=b"0" * 70_000),
        response(b"Transfer-Encoding: " + b"chunked," * 8_000, body=b"0\r\n\r\n"),
        response(b"Content-Encoding: gzip", body=gzip.compress(bytes(64 * 1024 * 1024), 9, mtime=0)),
        response(b"Content-Encoding: deflate, deflate", body=zlib.compress(zlib.compress(bytes(MAX_CONTENT * 4), 9))),
        response(b"Content-Encoding: " + b"gzip," * 10_000, body=b"x"),
        response(b"Content-Length: " + b"9" * 60_000),
        response(b"Content-Length: " + b"1," * 30_000),
        response(b"Content-Type: multipart/mixed;boundary=b", body=b"--b\r\n" * 100_000),
        response(b"Content-Type: text/xml", body=b"<a>" * 100_000),
        b"GET /?" + b"a&" * 30_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /?" + b"%" * 60_000 + b" HTTP/1.1\r\n\r\n",
        b"GET " + b" " * 60_000 + b"/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\x00\xff: \x00\r\n\xc3\r\n\r\n",
        b"\r\n" * 40_000,
        bytes(65_535),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_hostile_messages_are_read_at_once_and_covered(outcome, data, payload, leaves):
    plain = outcome(Cursor(data))
    assert outcome(Recorder(data)) == plain
    found = dissect(payload(data, "tcp"), "http")
    assert found is not None
    assert "dissector failed" not in str(found.error)
    assert leaves(found)[-1].end == len(data)
    assert isinstance(length(data, True), int | None)


def test_bombs_are_reported(broken):
    error = broken(response(b"Content-Encoding: gzip", body=gzip.compress(bytes(MAX_CONTENT + 1))))
    assert error.reason == f"content has more than {MAX_CONTENT} octets"
    error = broken(response(b"Transfer-Encoding: chunked", body=b"1\r\na\r\n" * (MAX_CHUNKS + 1)))
    assert str(MAX_CHUNKS) in error.reason


# ---------------------------------------------------------------------------------------------- fields


@pytest.mark.parametrize("data", SAMPLES)
def test_each_octet_has_one_field(data, payload, leaves):
    found = dissect(payload(b"\r\n" + data, "tcp"))
    assert found is not None
    fields = leaves(found)
    assert b"".join(found.payload.data[field.start : field.end] for field in fields) == b"\r\n" + data
    assert (fields[0].name, fields[0].value) == ("http.leading_crlf", 2)
    assert parse(Recorder(data)) == parse(Cursor(data))


def test_values_stand_where_their_fields_say(payload):
    found = dissect(payload(b"GET GET?GET=1 HTTP/1.1\r\n\r\n", "tcp"))
    assert found is not None
    spans = {field.name: (field.start, field.end) for outer in tree(found) for field in outer.walk()}
    assert spans["http.request.method"] == (0, 3)
    assert spans["http.request.uri"] == (4, 13)
    assert spans["http.request.uri.path"] == (4, 7)
    assert spans["http.request.uri.query"] == (8, 13)
    assert spans["http.request.version"] == (14, 22)


def test_targets_that_are_blank_or_no_text_have_a_field_too(named, payload, leaves):
    for target, value in ((b"\xff/a?\xc3", "\\xff/a?\\xc3"), (b" ", ""), (b"  x  ", "x")):
        found = dissect(payload(b"GET " + target + b" HTTP/1.1\r\n\r\n", "tcp"))
        assert found is not None
        assert leaves(found)
        assert named(found, "http.request.uri") == [value]


def test_odd_headers_have_fields_and_keys_have_none(named, payload):
    data = response(
        b"Bad Name: 1", b"X-3GPP-Asserted-Identity: 2", b'WWW-Authenticate: Digest ik="00aa", realm="r"', b"Content-Length: 1",
        body=b"ab",
    )  # fmt: skip
    found = dissect(payload(data, "tcp"))
    assert found is not None
    assert named(found, "http.unknown_header") == ["1"]
    assert named(found, "http.x_3gpp_asserted_identity") == ["2"]
    assert named(found, "http.www_authenticate") == ['Digest ik=(hidden), realm="r"']
    assert named(found, "http.trailing") == [1]
    assert named(found, "http.file_data") == [1]


def test_helpers_ignore_other_bodies():
    assert (HTTP.parts("other"), HTTP.notes("other")) == ((), ())


# ---------------------------------------------------------------------------------------------- properties

PIECES = [
    b"",
    b"\r\n",
    b"\n",
    b":",
    b" ",
    b"?",
    b"&",
    b"%",
    b"\x00",
    b"\xff",
    b";",
    b"0",
    b"F",
    b"HTTP/1.1",
    b"chunked",
]
MUTATIONS = st.lists(
    st.tuples(st.integers(0, 1_000), st.sampled_from(PIECES), st.integers(0, 12)), min_size=1, max_size=6
)


@given(st.sampled_from(SAMPLES), MUTATIONS)
def test_mutated_messages_are_read_or_refused_and_always_covered(outcome, payload, leaves, data, mutations):
    for place, octets, removed in mutations:
        at = place * len(data) // 1_000
        data = data[:at] + octets + data[at + removed :]
    body, error = outcome(Cursor(data))
    assert outcome(Recorder(data)) == (body, error)
    found = dissect(payload(data, "tcp"), "http")
    assert b"".join(data[field.start : field.end] for field in leaves(found)) == data
    for closed in (False, True):
        octets = length(data, closed)
        assert octets is None or octets >= 0


@given(st.lists(st.integers(1, 40), max_size=6), st.binary(max_size=200))
def test_chunks_say_what_was_cut_into_them(read, sizes, content):
    chunks, at = b"", 0
    for size in [*sizes, len(content)]:
        piece = content[at : at + size]
        at += len(piece)
        if piece:
            chunks += b"%x\r\n%s\r\n" % (len(piece), piece)
    data = response(b"Transfer-Encoding: chunked", body=chunks + b"0\r\n\r\n")
    assert read(data).raw == content
    assert length(data + b"HTTP/1.1", False) == len(data)


# ---------------------------------------------------------------------------------------------- oracle

NAMES = (
    "http.request.method", "http.request.uri", "http.request.uri.path", "http.request.uri.query", "http.request.version",
    "http.response.version", "http.response.code", "http.response.phrase", "http.host", "http.user_agent", "http.server",
    "http.authorization", "http.www_authenticate", "http.content_type", "http.content_length_header",
    "http.content_encoding", "http.transfer_encoding",
)  # fmt: skip


@pytest.mark.parametrize("data", SAMPLES, ids=["register", "chunked", "unauthorized", "gzipped", "challenge"])
def test_tshark_reads_the_same_values(named, data, payload, oracle):
    asked = payload(data, "tcp", 40000, 80)
    ((_, shown),) = oracle("http", [asked])
    found = dissect(asked)
    assert found is not None
    compared = 0
    for name in NAMES:
        theirs = [field.show.removesuffix("\\r\\n") for field in shown if field.name == name]
        if theirs:
            assert [str(value) for value in named(found, name)] == theirs, name
            compared += len(theirs)
    assert compared >= 5


def test_tshark_reads_the_same_chunks(named, payload, oracle):
    asked = payload(CHUNKED, "tcp", 40000, 80)
    ((_, shown),) = oracle("http", [asked])
    found = dissect(asked)
    assert found is not None
    theirs = [int(field.show) for field in shown if field.name == "http.chunk_size"]
    assert theirs
    assert named(found, "http.chunk_size")[: len(theirs)] == theirs
