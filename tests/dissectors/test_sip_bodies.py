"""What SIP carries and repeats: challenges of AKAv2, identities in several lines, multiparts in multiparts, announcements."""

import pytest

from dissectors import dissect
from dissectors.digest import parse_auths
from dissectors.mbms_xml import BTids, SecurityProcedure, ServiceList
from dissectors.mikey import Mikey
from dissectors.sdp import Sdp
from dissectors.sip import identities

HEAD = (
    b"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1",
    b"From: <sip:user1@home1.net>;tag=1",
    b"To: <sip:scf@home1.net>",
    b"Call-ID: 1",
    b"CSeq: 1 INVITE",
)
SDP = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 239.1.2.3/127\r\nt=0 0\r\nm=video 5000 RTP/SAVP 96\r\n"
REGISTER = b"<mbmsSecurityRegister><serviceID>urn:service:1</serviceID></mbmsSecurityRegister>"
B_TID = (
    b'<mbmsAuthorizedSecurityRegister xmlns="urn:3GPP:metadata:2005:MBMS:bootstrappingTransactionIdentifier">'
    b"<btid>abc@bsf.home1.net</btid></mbmsAuthorizedSecurityRegister>"
)
# TS 26.237 Annex H
ANNOUNCED = (
    b'<?xml version="1.0"?>\r\n<SSF ID="0001" Technology="urn:dvb:metadata:cs:3gpp" Version="1">'
    b'<Pull Location="sip:live@home1.net"/><MBMSSecurityProcedure>HTTP</MBMSSecurityProcedure></SSF>'
)
MIKEY = bytes.fromhex("01000500 c0ffee01 0001 00 02 00000007")


def sip(*lines, start=b"INVITE sip:scf@home1.net SIP/2.0", body=b""):
    return b"\r\n".join((start, *HEAD, *lines, b"Content-Length: %d" % len(body))) + b"\r\n\r\n" + body


def multipart(boundary, *parts):
    pieces = (
        b"--" + boundary + b"\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body + b"\r\n"
        for *lines, body in parts
    )
    return b"".join(pieces) + b"--" + boundary + b"--\r\n"


@pytest.fixture
def read(payload):
    """Gives the message that octets are, which must be whole, in a datagram to a SIP port."""

    def made(data):
        message = dissect(payload(data, dport=5060))
        assert (message.protocol, message.error) == ("sip", None)
        return message

    return made


def test_challenges_of_akav1_and_akav2(read, named):
    # RFC 4169 4: a server offers both, in one line or in two, the stronger first
    lines = (
        b'WWW-Authenticate: Digest realm="home1.net", nonce="YQ==", algorithm=AKAv2-MD5, qop="auth-int"',
        b'WWW-Authenticate: Digest realm="home1.net", nonce="YQ==", algorithm=AKAv1-MD5',
    )
    joined = (lines[0] + b",\r\n " + lines[1].partition(b": ")[2],)
    for offered in (lines, joined):
        message = read(sip(*offered, start=b"SIP/2.0 401 Unauthorized"))
        found = [each for value in message.body.headers.all("WWW-Authenticate") for each in parse_auths(value)]
        assert [each.get("algorithm") for each in found] == ["AKAv2-MD5", "AKAv1-MD5"]
        assert named(message, "sip.auth.algorithm") == ["AKAv2-MD5", "AKAv1-MD5"]


@pytest.mark.parametrize(
    "lines",
    [
        (b"P-Asserted-Identity: <sip:user1@home1.net>, <tel:+441234>",),
        (b"P-Asserted-Identity: <sip:user1@home1.net>", b"P-Asserted-Identity: <tel:+441234>"),
        (b"P-Asserted-Identity: \"A, B\" <sip:user1@home1.net>,\r\n  <tel:+441234>",),
        (b"p-asserted-identity:sip:user1@home1.net", b"P-ASSERTED-IDENTITY : tel:+441234"),
    ],
)  # fmt: skip
def test_several_identities_in_one_line_and_in_several(read, named, lines):
    message = read(sip(*lines))
    found = [uri for value in message.body.headers.all("P-Asserted-Identity") for uri in identities(value)]
    assert found == named(message, "sip.pai.addr") == ["sip:user1@home1.net", "tel:+441234"]


def test_a_reason_a_refusal_and_what_ended_it(read, named):
    # RFC 3326 2
    message = read(sip(b'Reason: SIP;cause=503;text="a;b, c"', b"Reason: preemption ;cause=1 , Q.850 ;cause=16"))
    assert named(message, "sip.reason_cause_sip") == [503]
    assert named(message, "sip.reason_text") == ["a;b, c"]
    assert named(message, "sip.reason_protocols") == ["SIP", "preemption", "Q.850"]
    assert named(message, "sip.reason_cause_other") == [1]


def test_multiparts_in_multiparts(read):
    # RFC 2046 5.1: each with a boundary of its own, a longer one than that around it too
    inner = multipart(
        b"b1x",
        (b"Content-Type: application/mbms-register+xml", REGISTER),
        (b"Content-Type: application/3gpp-btid+xml", B_TID),
    )
    body = multipart(
        b"b1",
        (b"Content-Type: application/sdp", SDP),
        (b'Content-Type: multipart/related;\r\n type="application/xml";boundary="b1x"', inner),
        (b"Content-Type: application/mikey", b"Content-Transfer-Encoding: binary", MIKEY),
    )
    message = read(sip(b"Content-Type: multipart/mixed;boundary=b1", body=body))
    bodies = [part.body for part in message.inner]
    assert [type(each) for each in bodies[:2]] == [Sdp, ServiceList]
    assert isinstance(bodies[-1], Mikey)
    assert bodies[-1].t.value == 7
    kinds = [part.content_type for part in message.body.parts]
    assert kinds[:2] == ["application/sdp", "application/mbms-register+xml"]
    assert all(m.offset < 0 or message.payload.data[m.offset :].startswith(m.payload.data) for m in message.inner)


@pytest.mark.parametrize("kind", [b"application/vnd.3gpp.ssf+xml", b"application/xml", b"text/xml;charset=utf-8"])
def test_a_service_attachment_in_a_notify(read, kind):
    notify = b"NOTIFY sip:user1@10.0.0.1 SIP/2.0"
    lines = (b"Event: ua-profile", b"Subscription-State: active;expires=60")
    alone = read(sip(*lines, b"Content-Type: " + kind, start=notify, body=ANNOUNCED))
    body = multipart(b"b", (b"Content-Type: " + kind, ANNOUNCED), (b"Content-Type: application/sdp", SDP))
    among = read(sip(*lines, b"Content-Type: multipart/mixed;boundary=b", start=notify, body=body))
    for message in (alone, among):
        (found,) = [each.body for each in message.walk() if isinstance(each.body, SecurityProcedure)]
        assert found.values == ("HTTP",)


def test_compact_names_and_folding_say_the_same_as_the_long_form(read):
    # RFC 3261 7.3.1, 7.3.3
    long = sip(b"Subject: a b", b"Content-Type: application/sdp", b"Supported: 100rel, path", body=SDP)
    short = (
        long.replace(b"Via: ", b"v:\r\n ").replace(b"From: ", b"f : ").replace(b"To: ", b"t:\t").replace(b"Call-ID: ", b"i:")
        .replace(b"Subject: a b", b"s: a\r\n\t b").replace(b"Content-Type: ", b"C: ").replace(b"Content-Length: ", b"L:")
        .replace(b"Supported: 100rel, path", b"k:100rel,\r\n path")
    )  # fmt: skip
    one, other = read(long).body, read(short).body
    assert one.headers.names == other.headers.names
    assert (one.from_uri, one.to_uri, one.call_id, one.branch) == (
        other.from_uri,
        other.to_uri,
        other.call_id,
        other.branch,
    )
    assert other.headers.get("Subject").split() == ["a", "b"]
    assert [part.content_type for part in other.parts] == ["application/sdp"]


def test_identities_of_a_b_tid_body(read):
    message = read(sip(b"Content-Type: application/3gpp-btid+xml", body=B_TID))
    assert [type(part.body) for part in message.inner] == [BTids]
