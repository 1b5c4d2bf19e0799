"""SIP: the messages of TS 26.237, what RFC 3261 allows, what a network can do wrong, and what tshark says."""

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import dissect, tree
from dissectors.cursor import Cursor, Recorder
from dissectors.mbms_xml import BTids, ServiceList
from dissectors.sdp import Sdp
from dissectors.sip import MAX_ADDRESSES, SIP, Sip, addr_spec, identities, is_start_line, length, matches, parse

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures"

SDP_BODY = (
    b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 239.1.2.3/127\r\nt=0 0\r\n"
    b"m=video 5000 RTP/SAVP 96\r\na=mbms_service:urn:service:1\r\na=recvonly\r\n"
)
REGISTER_BODY = b"<mbmsSecurityRegister><serviceID>urn:service:1</serviceID></mbmsSecurityRegister>"
BTID_BODY = (
    b'<mbmsAuthorizedSecurityRegister xmlns="urn:3GPP:metadata:2005:MBMS:bootstrappingTransactionIdentifier">'
    b"<btid>abc@bsf.home1.net</btid></mbmsAuthorizedSecurityRegister>"
)


def message(start: bytes, *lines: bytes, body: bytes = b"", length: bool = True) -> bytes:
    told = (b"Content-Length: %d" % len(body),) if length else ()
    return b"\r\n".join((start, *lines, *told)) + b"\r\n\r\n" + body


def multipart(*parts: tuple[bytes, bytes]) -> bytes:
    pieces = (b"--b1\r\nContent-Type: " + kind + b"\r\n\r\n" + body + b"\r\n" for kind, body in parts)
    return b"".join(pieces) + b"--b1--\r\n"


INVITE = message(
    b"INVITE sip:scf@home1.net SIP/2.0",
    b"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKproxy, SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKue;rport",
    b"Max-Forwards: 70",
    b'From: "User, One" <sip:user1@home1.net>;tag=from1',
    b"To: <sip:scf@home1.net>",
    b"Call-ID: cb03a0s09a2sdfglkj490333",
    b"CSeq: 127 INVITE",
    b"Contact: <sip:user1@10.0.0.1:5062;comp=sigcomp>;expires=600",
    b'P-Preferred-Identity: "John Doe" <sip:user1@home1.net>',
    b"P-Access-Network-Info: 3GPP-UTRAN-TDD; utran-cell-id-3gpp=234151D0FCE11",
    b"Recv-Info: ContentReportConfig",
    b"Content-Type: multipart/mixed; boundary=b1",
    body=multipart(
        (b"application/sdp", SDP_BODY),
        (b"application/mbms-register+xml", REGISTER_BODY),
        (b"application/3gpp-btid+xml", BTID_BODY),
    ),
)
COMPACT_INVITE = message(
    b"INVITE sip:scf@home1.net SIP/2.0",
    b"v: SIP/2.0/TCP [2001:db8::1]:5060 ; branch = z9hG4bKshort",
    b"f: sip:user1@home1.net;tag=1",
    b"t: sip:scf@home1.net",
    b"i: short",
    b"CSeq:   7\tINVITE ",
    b"m: sip:user1@10.0.0.1",
    b"s: folded",
    b"   subject",
    b"c: application/sdp",
    b"l: %d" % len(SDP_BODY),
    body=SDP_BODY,
    length=False,
)
UNAUTHORIZED = message(
    b"SIP/2.0 401 Unauthorized - Challenging the UE",
    b"Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKue;received=10.0.0.2;rport=5060",
    b"From: <sip:user1@home1.net>;tag=from1",
    b"To: <sip:user1@home1.net>;tag=to1",
    b"Call-ID: reg1",
    b"CSeq: 1 REGISTER",
    b'WWW-Authenticate: Digest realm="home1.net", nonce="bm9uY2U=", algorithm=AKAv1-MD5, qop="auth", '
    b'ik="00112233445566778899aabbccddeeff", ck="ffeeddccbbaa99887766554433221100"',
)
CREDENTIALS = message(
    b"REGISTER sip:home1.net SIP/2.0",
    b"Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKreg2",
    b"From: <sip:user1@home1.net>;tag=from1",
    b"To: <sip:user1@home1.net>",
    b"Call-ID: reg1",
    b"CSeq: 2 REGISTER",
    b"Expires: 3600",
    b'Authorization: Digest username="user1@home1.net", realm="home1.net", nonce="bm9uY2U=", uri="sip:home1.net", '
    b'response="6629fae49393a05397450978507c4ef1", algorithm=AKAv1-MD5, qop=auth, nc=00000001, cnonce="0a4f113b"',
)
SAMPLES = (INVITE, COMPACT_INVITE, UNAUTHORIZED, CREDENTIALS)


@pytest.fixture(scope="module")
def sip(read: Callable[[bytes], Sip]) -> Callable[..., Sip]:
    """Reads an OPTIONS with these lines."""

    def made(*lines: bytes, **more: Any) -> Sip:
        return read(message(b"OPTIONS sip:x SIP/2.0", *lines, **more))

    return made


# ---------------------------------------------------------------------------------------------- good


def test_a_request(read):
    body = read(INVITE)
    assert (body.is_request, body.method, body.uri, body.version) == (True, "INVITE", "sip:scf@home1.net", "SIP/2.0")
    assert (body.status, body.reason) == (None, "")
    assert (body.call_id, body.cseq, body.cseq_method) == ("cb03a0s09a2sdfglkj490333", 127, "INVITE")
    assert (body.from_uri, body.from_tag) == ("sip:user1@home1.net", "from1")
    assert (body.to_uri, body.to_tag) == ("sip:scf@home1.net", None)
    assert body.branch == "z9hG4bKproxy"
    assert len(body.vias) == 2
    assert body.vias[1].startswith("SIP/2.0/UDP 10.0.0.1:5062")
    assert body.contact_uri == "sip:user1@10.0.0.1:5062;comp=sigcomp"
    assert body.expires == 600
    assert body.notes == ()


def test_a_response(read):
    body = read(UNAUTHORIZED)
    assert (body.is_request, body.method, body.uri) == (False, None, None)
    assert (body.status, body.reason) == (401, "Unauthorized - Challenging the UE")
    assert (body.to_tag, body.content, body.parts) == ("to1", b"", ())


@pytest.mark.parametrize(
    ("line", "reason"), [(b"SIP/2.0 200", ""), (b"SIP/2.0 200 ", ""), (b"SIP/2.0 180 Rin ging", "Rin ging")]
)
def test_reason_phrases_may_be_missing(read, line, reason):
    body = read(message(line))
    assert (body.status, body.reason) == (int(line[8:11]), reason)


def test_compact_names_folding_and_blanks(read):
    body = read(COMPACT_INVITE)
    assert (body.call_id, body.cseq, body.cseq_method, body.branch) == ("short", 7, "INVITE", "z9hG4bKshort")
    assert (body.from_uri, body.from_tag, body.to_uri) == ("sip:user1@home1.net", "1", "sip:scf@home1.net")
    assert body.headers.get("Subject") == "folded subject"
    assert body.parts[0].content_type == "application/sdp"
    assert [header.raw for header in body.headers][:3] == ["v", "f", "t"]


def test_the_bodies_of_an_invite(payload):
    found = dissect(payload(INVITE, dport=5060))
    assert found is not None
    assert (found.protocol, found.error) == ("sip", None)
    sdp, services, b_tids = (part.body for part in found.inner)
    assert isinstance(sdp, Sdp)
    assert (sdp.connection, sdp.mbms_services) == ("239.1.2.3", ("urn:service:1",))
    assert services == ServiceList("register", ("urn:service:1",))
    assert b_tids == BTids(("abc@bsf.home1.net",))
    for part in found.inner:
        assert INVITE[part.offset :].startswith(part.payload.data)


def test_headers_that_are_missing_are_none(read):
    body = read(message(b"OPTIONS sip:x SIP/2.0"))
    assert (body.call_id, body.cseq, body.cseq_method, body.branch, body.vias) == (None, None, None, None, ())
    assert (body.from_uri, body.from_tag, body.to_uri, body.to_tag, body.contact_uri) == (None,) * 5
    assert body.expires is None


@pytest.mark.parametrize(
    ("value", "cseq", "method"),
    [(b"1 ACK", 1, "ACK"), (b"4294967295", 4294967295, None), (b"x ACK", None, "ACK"), (b"", None, None)],
)
def test_cseq(sip, value, cseq, method):
    body = sip(b"CSeq: " + value)
    assert (body.cseq, body.cseq_method) == (cseq, method)


@pytest.mark.parametrize("value", ["1 I\xe9NVITE", "1 INVITE\u2028", "1 IN\x1fVITE", "1\t INVITE", "1\r\n INVITE"])
def test_cseq_is_in_the_tree_what_it_is_in_the_body(payload, named, value):
    """Blanks of Unicode and octets that are not UTF-8 are part of the method in both."""
    for octets in (value.encode(), value.encode("latin-1", "replace")):
        found = dissect(payload(message(b"OPTIONS sip:x SIP/2.0", b"CSeq: " + octets)), "sip")
        assert named(found, "sip.CSeq.seq") == [found.body.cseq] == [1]
        assert named(found, "sip.CSeq.method") == [found.body.cseq_method]


def test_the_expires_header_comes_before_the_contact(sip):
    assert sip(b"Expires: 60", b"Contact: <sip:a@b>;expires=5").expires == 60
    assert sip(b"Expires: soon").expires is None


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ("<sip:a@b;x=1>;tag=2", "sip:a@b;x=1"),
        ("sip:a@b;tag=2", "sip:a@b"),
        ('"A <b>, \\"c" <sip:a@b>', "sip:a@b"),
        ("A B < sip:a@b >", "sip:a@b"),
        ("<sip:a@b", "sip:a@b"),
        ("tel:+44123, sip:other", "tel:+44123"),
        ("", ""),
    ],
)
def test_uris_of_addresses(value, uri):
    assert addr_spec(value) == uri


@pytest.mark.parametrize(
    ("value", "uris"),
    [
        ('"sip:a@b", "tel:+44"', ("sip:a@b", "tel:+44")),
        ('"Doe, J." <sip:a@b>, <tel:+44>', ("sip:a@b", "tel:+44")),
        ("sip:a@b", ("sip:a@b",)),
        ('"sip:a@b";x=1', ("sip:a@b",)),
        (" , ", ()),
    ],
)
def test_lists_of_identities(value, uris):
    assert identities(value) == uris


def test_a_body_without_a_length_goes_to_the_end_of_a_datagram(sip):
    body = sip(b"Content-Type: application/sdp", body=SDP_BODY, length=False)
    assert (body.content, body.notes) == (SDP_BODY, ())


def test_octets_after_the_end_are_noted(read):
    body = read(message(b"OPTIONS sip:x SIP/2.0", body=b"abc") + b"extra")
    assert (body.content, body.notes) == (b"abc", ("5 octets after the end that Content-Length gives",))


def test_coded_bodies_are_decoded(read, payload, leaves):
    data = message(
        b"INFO sip:x SIP/2.0", b"Content-Type: application/sdp", b"e: gzip", body=gzip.compress(SDP_BODY, mtime=0)
    )
    body = read(data)
    assert (body.content, body.content_start, body.parts[0].start) == (SDP_BODY, -1, -1)
    found = dissect(payload(data))
    assert found is not None
    assert isinstance(found.inner[0].body, Sdp)
    assert found.inner[0].offset == -1
    assert leaves(found)


def test_an_unknown_coding_is_noted_and_the_body_left(sip):
    body = sip(b"Content-Encoding: zstd", body=b"abc")
    assert (body.content, body.notes) == (b"abc", ("content coding zstd is not read",))


def test_lines_without_a_colon_are_noted(sip):
    body = sip(b"what is this", b"Call-ID: 1")
    assert body.notes == ("a header line has no colon",)
    assert body.call_id == "1"


# ---------------------------------------------------------------------------------------------- telling


@pytest.mark.parametrize(
    ("line", "is_sip"),
    [
        (b"INVITE sip:a SIP/2.0", True),
        (b"X-y.z!%*_+`'~ a SIP/2.0", True),
        (b"SIP/2.0 200 OK", True),
        (b"INVITE  SIP/2.0", False),
        (b"INVITE SIP/2.0", False),
        (b"GET / HTTP/1.1", False),
        (b"SIP/3.0 200 OK", False),
        (b"A" * 33 + b" sip:a SIP/2.0", False),
        (b"", False),
    ],
)
def test_start_lines(line, is_sip, payload):
    assert is_start_line(line) is is_sip
    assert matches(payload(line + b"\r\n\r\n")) is is_sip


def test_keepalives_are_no_message(payload):
    for data in (b"\r\n\r\n", b"\x00", b"", b"\r\n"):
        assert dissect(payload(data, dport=5060)) is None


def test_keepalives_before_a_message_have_a_field(payload, leaves):
    found = dissect(payload(b"\r\n\r\n" + CREDENTIALS))
    assert found is not None
    first = leaves(found)[0]
    assert (first.name, first.value, first.end) == ("sip.keepalive", 4, 4)


# ---------------------------------------------------------------------------------------------- streams


@pytest.mark.parametrize("data", SAMPLES)
def test_the_first_message_of_a_stream(data):
    assert length(data, False) == len(data)
    assert length(b"\r\n" + data + INVITE, False) == len(data) + 2
    for cut in range(len(data)):
        octets = length(data[:cut], False)
        assert octets is None or octets == len(data)


def test_without_a_length_a_stream_message_has_no_body():
    data = message(b"OPTIONS sip:x SIP/2.0", length=False)
    assert length(data + INVITE, False) == len(data)


@pytest.mark.parametrize(
    ("data", "closed", "octets"),
    [
        (b"", False, None),
        (b"", True, None),
        (b"INVI", False, None),
        (b"INVITE sip:a SIP/2.0\r\nVia: x", False, None),
        (b"INVITE sip:a SIP/2.0\r\nVia: x", True, 28),
        (b"GET / HTTP/1.1\r\n\r\n", False, 0),
        (b"\x80\x01\x02", False, 0),
        (b"OPTIONS sip:x SIP/2.0\r\nl: 999999999999\r\n\r\nab", False, 42 + 999999999999),
        (b"OPTIONS sip:x SIP/2.0\r\nl: 999999999999\r\n\r\nab", True, 44),
        (b"OPTIONS sip:x SIP/2.0\r\nl: none\r\n\r\nab", False, 34),
    ],
)
def test_streams_that_are_cut_or_of_others(data, closed, octets):
    assert length(data, closed) == octets


# ---------------------------------------------------------------------------------------------- broken


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"", "sip.Request-Line", 0),
        (b"\r\n", "sip.Request-Line", 2),
        (b"no SIP at all\r\n\r\n", "sip.Request-Line", 0),
        (b" sip:x SIP/2.0\r\n\r\n", "sip.Request-Line", 0),
        (b"SIP/2.0 2x0 OK\r\n\r\n", "sip.Status-Code", 8),
        (b"SIP/2.0 2000 OK\r\n\r\n", "sip.Status-Code", 8),
        (b"SIP/2.0 20\x1f OK\r\n\r\n", "sip.Status-Code", 8),
        (b"SIP/2.0  20 OK\r\n\r\n", "sip.Status-Code", 8),
        (b"SIP/2.0 200 OK", "sip.msg_hdr", 0),
        (b"SIP/2.0 200 OK\r\nTo: x\r\n", "sip.msg_hdr", 23),
        (b"SIP/2.0 200 OK\r\nl: 9\r\n\r\nabc", "sip.Content-Length", 24),
        (b"SIP/2.0 200 OK\r\nl: -9\r\n\r\nabc", "sip.Content-Length", 25),
        (b"SIP/2.0 200 OK\r\nl: 1\r\nl: 2\r\n\r\nabc", "sip.Content-Length", 30),
        (b"SIP/2.0 200 OK\r\ne: gzip\r\n\r\nabc", "sip.msg_body", 27),
    ],
)
def test_broken_messages_say_where(broken, data, field, offset):
    error = broken(data)
    assert (error.field, error.offset) == (field, offset)


def test_what_was_read_before_the_break_is_kept(broken):
    partial = broken(INVITE[:-10]).partial
    assert isinstance(partial, Sip)
    assert (partial.call_id, partial.parts) == ("cb03a0s09a2sdfglkj490333", ())
    partial = broken(INVITE[: INVITE.index(b"CSeq")]).partial
    assert isinstance(partial, Sip)
    assert partial.call_id == "cb03a0s09a2sdfglkj490333"


@pytest.mark.parametrize("data", SAMPLES)
def test_messages_cut_anywhere(outcome, data, payload, leaves):
    for cut in range(len(data)):
        part = data[:cut]
        body, error = outcome(Cursor(part))
        assert error
        assert outcome(Recorder(part)) == (body, error)
        assert sum(field.end - field.start for field in leaves(dissect(payload(part), "sip"))) == cut


# ---------------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "data",
    [
        message(b"INVITE sip:a SIP/2.0", *(b"X-%d: y" % n for n in range(10_000))),
        message(b"INVITE sip:a SIP/2.0", *(b"Via: SIP/2.0/UDP h;branch=%d" % n for n in range(2_000))),
        message(b"INVITE sip:a SIP/2.0", b"Via: " + b"SIP/2.0/UDP h;branch=z," * 2_700),
        message(b"INVITE sip:a SIP/2.0", b"Via: " + b";branch=SIP/2.0/UDP h" * 2_700),
        message(b"INVITE sip:a SIP/2.0", b"Via: " + b"SIP/" * 16_000),
        message(b"INVITE sip:a SIP/2.0", b"P-Asserted-Identity: " + b"<sip:a@b>," * 6_000),
        message(b"INVITE sip:a SIP/2.0", b"P-Asserted-Identity: " + b'"\\a",' * 10_000),
        message(b"INVITE sip:a SIP/2.0", b"From: " + b"<" * 60_000),
        message(b"INVITE sip:a SIP/2.0", b"From: " + b'"' * 60_001),
        message(b"INVITE sip:a SIP/2.0", b"To: " + b";tag=" * 12_000),
        message(b"INVITE sip:a SIP/2.0", b"Authorization: " + b"Digest a=b," * 5_000),
        message(b"INVITE sip:a SIP/2.0", b"Subject: x" + b"\r\n " * 20_000),
        message(b"INVITE " + b"x" * 60_000 + b" SIP/2.0"),
        message(b"SIP/2.0 200 " + b"x" * 70_000),
        message(b"INVITE sip:a SIP/2.0", b"c: multipart/mixed;boundary=b", body=b"--b\r\n" * 12_000),
        message(b"INVITE sip:a SIP/2.0", b"e: gzip", body=gzip.compress(bytes(64 * 1024 * 1024), 9, mtime=0)),
        message(b"INVITE sip:a SIP/2.0", b"\x00" * 60_000),
        message(b"INVITE sip:a SIP/2.0", b"Via: \xff\xfe\x00\xc3"),
        message(b"INVITE sip:\xff\xfe SIP/2.0", b"Call-ID: \xc3\x28"),
        b"\r\n" * 40_000,
        bytes(65_507),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_hostile_messages_are_read_at_once_and_covered(outcome, data, payload, leaves):
    plain = outcome(Cursor(data))
    assert outcome(Recorder(data)) == plain
    found = dissect(payload(data), "sip")
    assert found is not None
    assert "dissector failed" not in str(found.error)
    assert leaves(found)[-1].end == len(data)


def test_ten_thousand_headers_are_reported(broken):
    error = broken(message(b"INVITE sip:a SIP/2.0", *(b"X-%d: y" % n for n in range(10_000))))
    assert "more than 1000 headers" in error.reason


def test_a_message_of_64_kib_is_read(read):
    data = message(b"MESSAGE sip:a SIP/2.0", b"Call-ID: big", body=b"x" * 65_000)
    assert len(read(data).content) == 65_000


# ---------------------------------------------------------------------------------------------- fields


@pytest.mark.parametrize("data", SAMPLES)
def test_each_octet_has_one_field(data, payload, leaves):
    found = dissect(payload(data))
    assert found is not None
    assert b"".join(data[field.start : field.end] for field in leaves(found)) == data
    assert parse(Recorder(data)) == parse(Cursor(data))


def test_values_stand_where_their_fields_say(payload, leaves):
    data = message(
        b"INVITE sip:a@b SIP/2.0",
        b'From: "<sip:x@y>" <sip:x@y>;tag=tag',
        b"To: To:To;tag=t",
        b"Via: SIP/2.0/UDP branch;branch=branch",
        b"CSeq: 1 CSeq",
    )
    fields = {field.name: field for field in leaves(dissect(payload(data)))}
    assert data[: fields["sip.from.user"].start].endswith(b'" <sip:')
    assert data[fields["sip.from.tag"].start - 4 :].startswith(b"tag=tag\r\n")
    assert data[: fields["sip.to.addr"].start].endswith(b"To: ")
    assert data[: fields["sip.to.tag"].start].endswith(b";tag=")
    assert data[: fields["sip.Via.branch"].start].endswith(b";branch=")
    assert data[: fields["sip.CSeq.method"].start].endswith(b"1 ")


@pytest.mark.parametrize("value", [b";tag=1 <sip:a@b>", b"<sip:a@b>;tag=1, <sip:c@d>", b"sip:a@b;tag=1 <sip:c@d>"])
def test_addresses_and_tags_in_any_order_do_not_overlap(named, value, payload, leaves):
    data = message(b"OPTIONS sip:x SIP/2.0", b"To: " + value)
    found = dissect(payload(data))
    assert leaves(found)
    assert named(found, "sip.to.tag") == ["1"]


def test_keys_of_ims_aka_stay_out_of_the_tree(named, payload):
    found = dissect(payload(UNAUTHORIZED))
    assert found is not None
    shown = repr(tree(found)).lower()
    assert "00112233445566778899aabbccddeeff" not in shown
    assert "ffeeddccbbaa99887766554433221100" not in shown
    assert "00112233" not in repr(found).lower()
    assert named(found, "sip.auth.realm") == ['"home1.net"']


def test_odd_headers_have_fields_too(named, payload):
    data = message(
        b"OPTIONS sip:x SIP/2.0",
        b"Expires: never",
        b"Bad Name: 1",
        b"X-Own: 2",
        b"no colon",
        b"CSeq: x INVITE",
        b"SIP-ETag: e",
        body=b"ab",
    )
    found = dissect(payload(data + b"trailing"))
    assert found is not None
    assert named(found, "sip.Expires") == ["never"]
    assert named(found, "sip.unrecognized_header") == ["1"]
    assert named(found, "sip.X-Own") == ["2"]
    assert named(found, "sip.header_no_colon") == ["no colon"]
    assert named(found, "sip.ETag") == ["e"]
    assert named(found, "sip.CSeq.seq") == []
    assert named(found, "sip.trailing") == [8]
    assert named(found, "sip.msg_body") == [2]


def test_the_tree_shows_a_limited_number_of_identities(named, payload):
    data = message(b"OPTIONS sip:x SIP/2.0", b"P-Asserted-Identity: " + b"<sip:a@b>," * (MAX_ADDRESSES + 9))
    found = dissect(payload(data))
    assert found is not None
    assert len(named(found, "sip.pai.addr")) == MAX_ADDRESSES


def test_helpers_ignore_other_bodies():
    assert (SIP.parts("other"), SIP.notes("other")) == ((), ())


# ---------------------------------------------------------------------------------------------- properties

MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, 1_000),
        st.sampled_from(
            [b"", b"\r\n", b"\n", b":", b'"', b"<", b">", b";", b",", b" ", b"\x00", b"\xff", b"--b1", b"=", b"9"]
        ),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, mutations: list[tuple[int, bytes, int]]) -> bytes:
    for place, octets, removed in mutations:
        at = place * len(data) // 1_000
        data = data[:at] + octets + data[at + removed :]
    return data


@given(st.sampled_from(SAMPLES), MUTATIONS)
def test_mutated_messages_are_read_or_refused_and_always_covered(outcome, payload, leaves, data, mutations):
    data = mutated(data, mutations)
    body, error = outcome(Cursor(data))
    assert outcome(Recorder(data)) == (body, error)
    found = dissect(payload(data), "sip")
    assert b"".join(data[field.start : field.end] for field in leaves(found)) == data
    octets = length(data, False)
    assert octets is None or octets >= 0


@given(st.binary(max_size=100))
def test_any_octets_are_refused_with_malformed_only(outcome, data):
    assert isinstance(outcome(Cursor(b"SIP/2.0 200 OK\r\n" + data))[1], str)
    assert isinstance(outcome(Cursor(data))[1], str)


@pytest.mark.parametrize(
    ("sent_by", "address", "port"),
    [
        (b"[2001:db8::1]:5062", ["2001:db8::1"], [5062]),
        (b"[2001:db8::1]", ["2001:db8::1"], []),
        (b"[2001:db8::1", ["2001"], []),
        (b"10.0.0.1 : 5062", ["10.0.0.1"], [5062]),
        (b"[", [], []),
    ],
)
def test_where_a_via_was_sent_by(named, sent_by, address, port, payload):
    found = dissect(payload(message(b"OPTIONS sip:a@b SIP/2.0", b"Via: SIP/2.0/UDP " + sent_by), sport=5060))
    assert found is not None
    assert named(found, "sip.Via.sent-by.address") == address
    assert named(found, "sip.Via.sent-by.port") == port


# ---------------------------------------------------------------------------------------------- oracle

NAMES = (
    "sip.Method", "sip.r-uri", "sip.Status-Code", "sip.Reason-Phrase", "sip.Via", "sip.Via.branch",
    "sip.Via.transport", "sip.Via.sent-by.address", "sip.Via.sent-by.port", "sip.Via.received", "sip.From",
    "sip.from.addr", "sip.from.tag", "sip.To", "sip.to.addr", "sip.to.tag", "sip.Call-ID", "sip.CSeq",
    "sip.CSeq.seq", "sip.CSeq.method", "sip.Contact", "sip.contact.uri", "sip.Max-Forwards", "sip.Expires",
    "sip.Content-Length", "sip.Content-Type", "sip.P-Preferred-Identity", "sip.ppi.addr",
    "sip.P-Asserted-Identity", "sip.pai.addr", "sip.P-Access-Network-Info", "sip.Recv-Info", "sip.Authorization",
    "sip.auth.username", "sip.auth.realm", "sip.auth.nonce", "sip.auth.uri", "sip.auth.algorithm",
    "sip.auth.qop", "sip.auth.nc", "sip.Record-Route", "sip.Supported", "sip.User-Agent", "sip.Event",
    "sip.Request-Line", "sip.Status-Line",
)  # fmt: skip


@pytest.mark.parametrize("data", [INVITE, CREDENTIALS, UNAUTHORIZED], ids=["invite", "credentials", "unauthorized"])
def test_tshark_reads_the_same_values(named, data, payload, oracle):
    asked = payload(data, sport=5060, dport=5060)
    ((_, shown),) = oracle("sip", [asked])
    found = dissect(asked)
    assert found is not None
    compared = 0
    for name in NAMES:
        theirs = [field.show for field in shown if field.name == name]
        if theirs:
            assert [str(value) for value in named(found, name)] == theirs, name
            compared += len(theirs)
    assert compared > 10


REAL = (
    "sip.Call-ID", "sip.CSeq.seq", "sip.CSeq.method", "sip.Method", "sip.Status-Code", "sip.Via.branch",
    "sip.Via.sent-by.address", "sip.from.tag", "sip.to.tag",
)  # fmt: skip


def frames(tshark: str, capture: str, shown: str, *options: str) -> list[dict[str, list[str]]]:
    """Give the fields that tshark reads of each frame of a public capture."""
    path = CAPTURES / capture
    if not path.exists():
        pytest.skip("the public captures are not beside the project")
    command = [tshark, "-n", "-r", str(path), "-Y", shown, "-T", "json", *options]
    for name in ("udp.payload", "tcp.payload", "tcp.srcport", "tcp.seq", *REAL):
        command += ["-e", name]
    output = subprocess.run(command, capture_output=True, check=True, timeout=100).stdout
    return [packet["_source"]["layers"] for packet in json.loads(output)]


def test_tshark_reads_the_same_in_a_registration(named, tshark, payload):
    see_into_esp = ("-o", "esp.enable_null_encryption_decode_heuristic:TRUE")
    layers_of = frames(tshark, "ims_registration_esp_null_gtp.pcapng", "sip && udp", *see_into_esp)
    compared = 0
    for layers in layers_of:
        found = dissect(payload(bytes.fromhex(layers["udp.payload"][-1])))
        if found is None or found.protocol != "sip":
            continue  # a tunnel, whose octets tshark shows undivided
        assert found.error is None
        for name in REAL:
            assert [str(value) for value in named(found, name)] == layers.get(name, []), name
        compared += 1
    assert compared >= 25


def test_tshark_reads_the_same_in_a_stream(named, tshark, payload):
    streams: dict[str, list[tuple[int, bytes]]] = {}
    for layers in frames(tshark, "sip_tcp.pcap", "tcp.len > 0"):
        segment = (int(layers["tcp.seq"][0]), bytes.fromhex(layers["tcp.payload"][0]))
        streams.setdefault(layers["tcp.srcport"][0], []).append(segment)
    ours = {name: [] for name in REAL}
    for segments in streams.values():
        data = b"".join(octets for _, octets in sorted(set(segments)))
        while data:
            octets = length(data, True)
            found = dissect(payload(data[:octets], "tcp"))
            assert found is not None
            assert found.error is None
            data = data[octets:]
            for name in REAL:
                ours[name] += [str(value) for value in named(found, name)]
    theirs = frames(tshark, "sip_tcp.pcap", "sip")
    assert len(ours["sip.Call-ID"]) == 2
    for name in REAL:
        assert sorted(ours[name]) == sorted(value for layers in theirs for value in layers.get(name, [])), name
