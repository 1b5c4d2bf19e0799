"""Heads and bodies of SIP and HTTP: nothing stays of what nobody understands, and all keeps its length."""

import base64
import gzip
import re
import zlib
from collections import Counter

import pytest

from analyzer.anonymous.contents import COMPRESSED, UNREAD, Contents
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.anonymous.texts import Texts
from dissectors import Payload, dissect
from dissectors.http import Http

NAMES = Pseudonyms(b"secret")
KEY = base64.b64encode(bytes(range(30))).decode()
SECRETS = [
    "alice", "Alice", "Smith", "Wonder", "home1", "operatorx", "491701234567", "491707654321", "89490200001234567890", "2620100", "a1b2c3",
    "f81d4fae", "aabbccddeeff", "48.2082", "16.3738", "dXNlcjpwYXNz", "eyJhbGciOi", KEY, "Meet me", "pc33", "Fritz", "0xdeadbeef",
]  # fmt: skip


def contents():
    texts = Texts(NAMES, {"3aGRjH/C": "9zXYwQ/A"}, frozenset({"home1.net"}))
    return Contents(texts, lambda message: bytes(len(message.payload.data)), lambda message, body: b"", Counter())


def made(octets, protocol="sip", given=None):
    payload = Payload(octets, "tcp", "10.0.0.1", 1, "10.0.0.2", 2, 0, 1, 0)
    message = dissect(payload, protocol)
    new = (given or contents()).message(message)
    assert len(new) == len(octets)
    return new, message


def leaks(octets):
    text = octets.decode("latin-1")
    return [secret for secret in SECRETS if secret in text]


def sip(*lines, body="", kind="text/plain"):
    head = ["MESSAGE sip:bob@home1.net SIP/2.0", "Via: SIP/2.0/UDP pc33:5060;branch=z9hG4bK1", *lines]
    octets = body.encode("latin-1")
    return (
        "\r\n".join((*head, f"Content-Type: {kind}", f"Content-Length: {len(octets)}", "", "")).encode("latin-1")
        + octets
    )


@pytest.mark.parametrize(
    "line",
    [
        "From: Alice Smith <sip:+491701234567@home1.net>;tag=1",
        'To: "Alice M\xc3\xbcller" <tel:+49-170-1234567>;tag=2',
        "f:Alice <sip:alice@pc33>;tag=3",
        "Contact: <sip:alice@10.0.0.1>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"",
        "P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=\"2620100a1b2c3d4e\"",
        "P-Access-Network-Info: IEEE-802.11;i-wlan-node-id=aabbccddeeff",
        "P-Charging-Vector: icid-value=abc;icid-generated-at=10.0.0.1;orig-ioi=operatorx.com",
        "P-Visited-Network-ID: \"Wonder network of operatorx\"",
        "P-Charging-Function-Addresses: ccf=operatorx.com",
        "Geolocation: <sip:alice@home1.net>;lat=48.2082",
        "Warning: 399 pc33 \"Alice Smith is not here\"",
        "Reason: SIP;cause=600;text=\"Alice is busy\"",
        "Call-Info: <http://operatorx.com/alice.jpg>;purpose=icon",
        "X-Subscriber: 491701234567",
        "X-Key: 0xdeadbeef",
        "Authorization: Basic dXNlcjpwYXNz",
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.abc",
        "User-to-User: 00a1b2c3d4;encoding=hex",
        "Diversion: <tel:+491707654321>;reason=unconditional",
        "History-Info: <sip:+491707654321@home1.net?Reason=SIP%3Bcause%3D302>;index=1",
        "Call-ID: a84b4c76e66710@pc33",
        "no colon Alice",
    ],
)  # fmt: skip
def test_header_fields(line):
    new, _ = made(sip(line, body="Meet me at 8, Alice"))
    assert leaks(sip(line))
    assert leaks(new) == []
    assert new.count(b"\r\n") == sip(line).count(b"\r\n")
    name = line.partition(":")[0].encode()
    assert (name in new) is (b"no colon" not in name)


def test_what_is_needed_of_a_head_stays():
    line = "Security-Client: ipsec-3gpp;prot=esp;mod=trans;spi-c=25656;alg=hmac-md5-96;ealg=null"
    new, _ = made(sip("CSeq: 1 MESSAGE", line, "X-Any: a=b1;c", "Max-Forwards: 70"))
    for kept in ("CSeq: 1 MESSAGE", line, "Max-Forwards: 70", "branch=z9hG4bK1", "X-Any: a=", "MESSAGE sip:"):
        assert kept.encode() in new


@pytest.mark.parametrize(
    ("phrase", "stays"), [("OK", True), ("Busy Here", True), ("Alice Smith is busy", False), ("", True)]
)
def test_reason_phrases(phrase, stays):
    octets = f"SIP/2.0 486 {phrase}\r\nContent-Length: 0\r\n\r\n".encode()
    new, _ = made(octets)
    assert leaks(new) == []
    assert new.startswith(b"SIP/2.0 486 ")
    assert (new == octets) is stays


PIDF = (
    '<?xml version="1.0"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="pres:alice"><!-- Alice Smith --><gml:pos>48.2082 16.3738'
    '</gml:pos><ca:A1>Wonder</ca:A1><n uuid="a1b2c3"/><![CDATA[Alice]]></presence>'
)  # fmt: skip
SDP = (
    "v=0\r\no=alice 1 2 IN IP4 10.0.0.1\r\ns=Fritz\r\nk=clear:a1b2c3\r\na=tool:Wonder 2\r\nm=audio 5000 RTP/SAVP 96\r\n"
    f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20\r\na=ssrc:1 cname:alice\r\na=key-mgmt:mikey {KEY}\r\n"
    "a=fingerprint:sha-256 a1:b2:c3:AA\r\n"
)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", "Meet me at 8, Alice. M\xc3\xbcller 491701234567"),
        ("", "Meet me at 8, Alice"),
        ("application/json", '{"supi": "imsi-262011234567890", "name": "Alice", "iccid": "89490200001234567890"}'),
        ("application/pidf+xml", PIDF),
        ("application/xml", PIDF),
        ("application/sdp", SDP),
        ("application/x-www-form-urlencoded", "msisdn=491701234567&name=Alice"),
        ("image/jpeg", "\xff\xd8\xff\xe1Exif\x00\x00Alice 48.2082"),
        ("application/vnd.oma.drm.dcf", "\x00\x00no DCF of Alice"),
        ("application/xml", "\xff\xfe" + "".join(f"{each}\0" for each in PIDF)),
        ("multipart/mixed;boundary=b1", f"Alice\r\n--Alice\r\n--b1\r\nContent-Type: text/plain\r\nContent-ID: <1@pc33>\r\nX-Who: Alice\r\n\r\nMeet me\r\n--b1\r\n"
                                        f"Content-Type: application/pidf+xml\r\n\r\n{PIDF}\r\n--b1--\r\nAlice"),
        ("multipart/mixed;boundary=b1", "--b1\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                                        + "\r\n".join(re.findall(".{1,20}", base64.b64encode(b"Meet me, Alice Smith, at 8").decode())) + "\r\n--b1--\r\n"),
    ],
)  # fmt: skip
def test_bodies(kind, body):
    octets = sip(body=body, kind=kind)
    new, _ = made(octets)
    for coded in (new, new.replace(b"\0", b"")):
        assert leaks(coded) == []
    for text in (b"Alice", b"Meet"):
        assert base64.b64encode(text)[:-4] not in new
    if "boundary" in kind:
        assert [part.content_type for part in dissect(_payload(new), "sip").body.parts] == [
            part.content_type for part in dissect(_payload(octets), "sip").body.parts
        ]


def _payload(octets):
    return Payload(octets, "udp", "10.0.0.1", 1, "10.0.0.2", 2, 0, 1, 0)


def test_names_in_utf_16_are_replaced_and_the_rest_stays_readable():
    body = "\ufeff<mbmsSecurityRegister><x>sip:alice@home1.net</x></mbmsSecurityRegister>".encode("utf-16-le").decode(
        "latin-1"
    )
    new, _ = made(sip(body=body, kind="application/vnd.3gpp.mbms-register+xml"))
    text = new.partition(b"\r\n\r\n")[2].decode("utf-16")
    assert text.startswith("<mbmsSecurityRegister><x>sip:")
    assert "alice" not in text


def http(*lines, body=b"", path="/keymanagement?requesttype=register&msisdn=491701234567&a=Alice"):
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: pc33", *lines, "", "")).encode() + body


def test_chunks_are_put_together():
    chunks = b"6;Alice\r\nMeet m\r\n5\r\ne, Al\r\n3\r\nice\r\n0\r\nX-Who: Alice\r\n\r\n"
    new, message = made(http("Transfer-Encoding: chunked", "Content-Type: text/plain", body=chunks), "http")
    assert leaks(new) == []
    again = dissect(_payload(new)._replace(transport="tcp"), "http")
    assert isinstance(again.body, Http)
    assert len(again.body.raw) == len(message.body.raw) == 14
    assert leaks(again.body.raw) == []
    assert again.body.query[0] == ("requesttype", "register")
    assert again.error is None


@pytest.mark.parametrize("name", ["msisdn", "a"])
def test_parameters_of_a_query_keep_their_names(name):
    new, _ = made(http("Content-Length: 0"), "http")
    assert leaks(new) == []
    assert f"&{name}=".encode() in new


def test_gzip_is_packed_again():
    plain = PIDF.encode() * 3
    given = contents()
    packed = gzip.compress(plain, 1)
    new, _ = made(
        http("Content-Encoding: gzip", "Content-Type: application/xml", f"Content-Length: {len(packed)}", body=packed),
        "http",
        given,
    )
    content = gzip.decompress(new.partition(b"\r\n\r\n")[2])
    assert len(content) == len(plain)
    assert leaks(content) == leaks(new) == []
    assert content.startswith(b'<?xml version="1.0"?>\n<presence xmlns=')
    assert given.counts == {}


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("deflate", zlib.compress(PIDF.encode())),
        ("br", b"\x0b\x02\x80Alice\x03"),
        ("gzip", b"no gzip of Alice"),
        ("gzip", gzip.compress(b"Alice", 9)[:-9]),
        ("gzip, gzip", gzip.compress(gzip.compress(b"Alice"))),
    ],
)
def test_other_compressed_bodies_are_blanked(coding, packed):
    given = contents()
    new, _ = made(http(f"Content-Encoding: {coding}", f"Content-Length: {len(packed)}", body=packed), "http", given)
    assert new.endswith(bytes(len(packed)))
    assert given.counts == {COMPRESSED: len(packed)}


def test_bodies_that_are_no_text_are_counted():
    given = contents()
    made(sip(body="\xff\x01\x02\x00abc", kind="image/png"), given=given)
    assert given.counts == {UNREAD: 6}


@pytest.mark.parametrize("cut", range(0, 320, 7))
def test_what_is_cut_anywhere_leaks_nothing(cut):
    octets = sip(
        "From: Alice Smith <sip:+491701234567@home1.net>;tag=1", "X-Who: Alice", body=SDP, kind="application/sdp"
    )
    message = dissect(_payload(octets[:cut]), "sip")
    assert leaks(contents().message(message)) == []
