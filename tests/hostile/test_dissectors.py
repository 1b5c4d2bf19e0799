"""Every dissector under fire: forged messages cut at each octet and with bits flipped, grown ones, and noise.

Whatever the octets, a message comes of them that says what is wrong, and that not by a mistake of ours; its fields
lie inside the payload and cover it; messages inside are octets of their parent; and what the plain cursor read is
what the tree shows. The inputs are the same in every run, in chunks that workers can share.
"""

import gzip
import random
import zlib
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dissectors import DISSECTORS, Malformed, Payload, by_name, dissect, tree
from dissectors.cursor import Recorder
from dissectors.diameter_avps import AVPS
from dissectors.rtcp import srtcp_parser
from dissectors.rtp import srtp_parser
from sample_pcaps import forge_diameter as diameter
from sample_pcaps import forge_mikey as mikey
from sample_pcaps import forge_srtp as media
from sample_pcaps import forge_text as text
from sample_pcaps import forge_tls as tls
from sample_pcaps import forge_xml as xml

ELSEWHERE = {"flute", "dcf", "fdt"}  # under fire in the tests of their name
PROTOCOLS = tuple(dissector.protocol for dissector in DISSECTORS if dissector.protocol not in ELSEWHERE)
INPUTS = 100_000  # that there are at least
CHUNK = 1000  # of them in one test
GROWN = {  # chunks of grown messages: more of those that cost less
    "mikey": 14, "mikey.keydata": 14, "diameter": 14, "rtp": 14, "rtcp": 14, "sdp": 6, "mbms-xml": 8, "http": 6, "sip": 4,
    "tls": 6, "dtls": 6,
}  # fmt: skip
MEDIA_KEYS = media.stream_keys(bytes(range(16)), bytes(range(14)))
MIKEY_KEYS = mikey.keys_of(bytes(range(32)), 0xC0FFEE01, bytes(range(16)))


# ------------------------------------------------------------------------------------------------ what must hold


def held(data, protocol):
    """Dissect octets and check all that has to hold of what comes; returns the message."""
    payload = Payload(data, "tcp", "10.0.0.1", 40000, "10.0.0.2", 5060, 0, 1, 0, (1,))
    message = dissect(payload, protocol)
    for part in message.walk():
        _sound(part)
        _inside(part)
    length = by_name(protocol).length
    if length is not None:
        size, last = length(data, False), length(data, True)
        assert size is None or size >= 0
        assert last is None or 0 <= last <= len(data)
    return message


def _sound(part):
    data, error = part.payload.data, part.error
    assert error is not None or part.body is not None
    if error is not None:
        assert not error.reason.startswith("dissector failed"), error
        assert error.reason
        assert 0 <= error.offset <= len(data), error
    fields, body, told = _recorded(by_name(part.protocol).parse, data)
    assert (body, told) == (part.body, "" if error is None else str(error)), "the recorder reads something else"
    end = _follow(fields, 0, len(data))
    if end < len(data):
        *whole, rest = tree(part)
        assert (rest.name, rest.start, rest.end) == (f"{part.protocol}.unread", end, len(data))
        assert tuple(whole) == fields
        assert error is not None, f"{len(data) - end} octets are not read"
    if body is not None:
        _same_values(part.protocol, body, fields)


def _recorded(parse, data):
    recorder = Recorder(data)
    try:
        body = parse(recorder)
    except Malformed as wrong:
        return tuple(recorder.fields), wrong.partial, str(wrong)
    return tuple(recorder.fields), body, ""


def _follow(fields, start, end):
    """Check that fields follow each other without a gap; values of some bits each stand over the same octets."""
    before = (start, start)
    for field in fields:
        span = (field.start, field.end)
        assert field.start == before[1] or span == before, (field.name, span, before)
        assert span[0] <= span[1] <= end, (field.name, span)
        _within(field)
        before = span
    return before[1]


def _within(field):
    before = (field.start, field.start)
    for child in field.children:
        span = (child.start, child.end)
        assert field.start <= span[0] <= span[1] <= field.end, (field.name, child.name)
        assert span[0] >= before[1] or span == before, (field.name, child.name)
        before = span
        _within(child)


def _inside(part):
    data = part.payload.data
    for inner in part.inner:
        own = inner.payload.data
        assert inner.offset == -1 or data[inner.offset : inner.offset + len(own)] == own, inner.protocol


def _avps(avps):
    for avp in avps:
        yield avp.code
        yield from _avps(avp.children)


# What the typed body says and the tree shows, by the name of the fields; of a body that broke off the first of them.
SAME = {
    "mikey": {
        "mikey.version": lambda body: [body.version],
        "mikey.type": lambda body: [body.data_type],
        "mikey.v.set": lambda body: [int(body.v)],
        "mikey.csb_id": lambda body: [body.csb_id],
        "mikey.cs_count": lambda body: [body.cs_count],
        "mikey.srtp_id.ssrc": lambda body: [entry.ssrc for entry in body.srtp_ids],
        "mikey.rand.data": lambda body: [body.rand] if body.rand is not None else [],
        "mikey.kemac.key_data": lambda body: [body.kemac.encr_data] if body.kemac else [],
        "mikey.kemac.mac": lambda body: [body.kemac.mac] if body.kemac else [],
        "mikey.v.ver_data": lambda body: [body.verification.data] if body.verification else [],
        "mikey.err.no": lambda body: [error.number for error in body.errors],
        "mikey.ext.type": lambda body: [extension.kind for extension in body.extensions],
        "mikey.sp.no": lambda body: [policy.number for policy in body.policies],
        "mikey.ext.msk_id": lambda body: [body.msk_id] if body.msk_id is not None else [],
    },
    "mikey.keydata": {
        "mikey.key.type": lambda body: [key.kind for key in body.keys],
        "mikey.key.data": lambda body: [key.key for key in body.keys],
        "mikey.key.salt": lambda body: [key.salt for key in body.keys if key.kind in (1, 3, 5)],
    },
    "diameter": {
        "diameter.version": lambda body: [body.version],
        "diameter.flags": lambda body: [body.flags],
        "diameter.cmd.code": lambda body: [body.command],
        "diameter.applicationId": lambda body: [body.application],
        "diameter.hopbyhopid": lambda body: [body.hop_by_hop],
        "diameter.endtoendid": lambda body: [body.end_to_end],
        "diameter.avp.code": lambda body: list(_avps(body.avps)),
    },
    "rtp": {
        "rtp.seq": lambda body: [body.seq],
        "rtp.timestamp": lambda body: [body.timestamp],
        "rtp.ssrc": lambda body: [body.ssrc],
        "rtp.p_type": lambda body: [body.payload_type],
        "rtp.csrc.item": lambda body: list(body.csrcs),
        "rtp.payload": lambda body: [body.payload] if body.payload else [],
    },
    "rtcp": {"rtcp.pt": lambda body: [packet.kind for packet in body.packets]},
    "sip": {
        "sip.Method": lambda body: [body.method] if body.method else [],
        "sip.r-uri": lambda body: [body.uri] if body.method else [],
        "sip.Status-Code": lambda body: [body.status] if body.status is not None else [],
        "sip.Call-ID": lambda body: list(body.headers.all("Call-ID")),
        "sip.Content-Type": lambda body: list(body.headers.all("Content-Type")),
        "sip.CSeq.method": lambda body: [body.cseq_method] if body.cseq is not None and body.cseq_method else [],
    },
    "http": {
        "http.request.method": lambda body: [body.method] if body.method and body.version != "HTTP/2" else [],
        "http.request.uri": lambda body: [body.uri] if body.method and body.version != "HTTP/2" else [],
        "http.response.code": lambda body: (
            [body.status] if body.status is not None and body.version != "HTTP/2" else []
        ),
        "http.host": lambda body: list(body.headers.all("Host")) if body.version != "HTTP/2" else [],
    },
    "sdp": {
        "sdp.media.port": lambda body: [section.port for section in body.media],
        "sdp.media.media": lambda body: [section.kind for section in body.media],
        "sdp.media.proto": lambda body: [section.proto for section in body.media],
    },
    "mbms-xml": {},
    "tls": {
        "tls.record.content_type": lambda body: [record.kind for record in body.records],
        "tls.record.length": lambda body: [record.size for record in body.records],
        "tls.handshake.type": lambda body: [each.kind for record in body.records for each in record.handshakes],
    },
    "dtls": {
        "dtls.record.version": lambda body: [record.version for record in body.records if record.version],
        "dtls.alert_message.desc": lambda body: [record.alert[1] for record in body.records if record.alert],
        "dtls.handshake.type": lambda body: [each.kind for record in body.records for each in record.handshakes],
    },
}


def _same_values(protocol, body, fields):
    shown = {name: [] for name in SAME[protocol]}
    for outermost in fields:
        for field in outermost.walk():
            if field.name in shown:
                shown[field.name].append(field.value)
    for name, values in SAME[protocol].items():
        said = values(body)
        assert shown[name][: len(said)] == said, name


# ------------------------------------------------------------------------------------------------ forged messages


def _mikey_message(payloads, **more):
    given = {"keys": MIKEY_KEYS, "csb_id": 0xC0FFEE01, "t": 1, "data": KEY, "cs_count": 0, "map_type": mikey.MAP_EMPTY}
    return mikey.protected(payloads, **given | more)


KEY = mikey.key_data(bytes(16), key_type=mikey.TGK, interval=(b"\x01", b"\x64"))
TEK = mikey.key_data(bytes(16), key_type=mikey.TEK_SALT, salt=bytes(14), next_payload=20)
T, RAND = (mikey.T, mikey.timestamp(1)), (mikey.RAND, mikey.rand_payload(bytes(range(16))))
IDS = [(mikey.ID, mikey.identity("bmsc.home1.net")), (mikey.ID, mikey.identity("a@bsf.home1.net"))]
KEY_IDS = (mikey.EXT, mikey.key_ids((0, b"\x26\xf2\x10"), (1, b"\x00\x01\x00\x02"), (2, b"\x00\x01")))
POLICY = (mikey.SP, mikey.policy())
SDP = text.sdp(ip="10.0.0.1", group="239.1.1.1", port=5000, services=["urn:a"], direction="recvonly")
REGISTER = text.register_xml(["urn:a", "urn:b"])
MSKS = text.msk_statuses_xml({(b"\x26\xf2\x10", b"\x00\x01\x00\x02"): 200})
NAF = text.naf_key_info_xml(
    ue_ip="10.0.0.1", muk=bytes(32), lifetime="2026-01-01T00:00:00Z", b_tid="a@bsf", naf_fqdn="bmsc.home1.net"
)
SIP_HEADERS = {
    "Via": "SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKa;rport, SIP/2.0/TCP b;received=10.0.0.1",
    "From": '"A <b>" <sip:a@home1.net>;tag=1',
    "t": "<sip:b@home1.net>;tag=2",
    "Call-ID": "c@home1.net",
    "CSeq": "1 INVITE",
    "Contact": "<sip:a@10.0.0.1>;expires=60, sip:b@c",
    "P-Asserted-Identity": "<sip:a@home1.net>, <tel:+1>",
    "Authorization": 'Digest username="a",realm="b",nonce="c",uri="sip:b",response="d",ik="00"',
}


def forged(protocol):
    """Good messages of a protocol, as the forge writes them."""
    return {
        "mikey": (
            _mikey_message(
                [T, RAND, *IDS, POLICY, KEY_IDS], v=True, cs_count=1, map_type=mikey.MAP_SRTP, map_info=mikey.srtp_id(7)
            ),
            _mikey_message([T, KEY_IDS], encr_alg=mikey.ENCR_NULL, mac_alg=mikey.MAC_NULL, data=TEK + KEY),
            mikey.verification(keys=MIKEY_KEYS, csb_id=1, t=1, idi="a", idr="b@c"),
            mikey.error(csb_id=1, t=1, number=3),
        ),
        "mikey.keydata": (
            KEY,
            TEK + KEY,
            mikey.key_data(bytes(16), key_type=1, salt=b"s", kv=1, next_payload=0) + b"\x02ab",
        ),
        "diameter": (
            diameter.capabilities("bsf.home1.net", "home1.net", "2001:db8::1", request=True),
            diameter.message(
                [
                    (diameter.SESSION_ID, b"s;1;2"),
                    diameter.vendor_application(),
                    diameter.experimental(5402),
                    (diameter.ME_KEY, bytes(32)),
                    (diameter.EXPIRY, diameter.time_of(1_800_000_000 * 10**9)),
                    (diameter.NAF_ID, b"bmsc\x01\0\0\0\x01"),
                ],
                command=diameter.BOOTSTRAPPING_INFO, app=diameter.APP_ZN, request=False, hop_by_hop=1, end_to_end=2,
            ),
        ),
        "rtp": (
            media.rtp_header(seq=1, timestamp=2, ssrc=3, marker=True) + b"payload",
            bytes.fromhex("b2600001 00000002 00000003 00000004 00000005 bede0001 10ff0000") + b"abc\x00\x02",
        ),
        "rtcp": (
            media.sender_report(ssrc=1, ntp=2 << 32, timestamp=3, packets=4, octets=5)
            + bytes.fromhex("81ca0004 00000001 0105612e636f6d00 00000000"),
            media.receiver_report(ssrc=1, about=2) + bytes.fromhex("a1cb0003 00000001 03627965 00000004"),
            bytes.fromhex("81cc0003 00000001 41424344 61626364 81ce0002 00000001 00000002 80cf0003 00000001 04000001 aabbccdd"),
        ),
        "sdp": (SDP, SDP + b"a=key-mgmt:mikey " + text.base64_of(mikey.error(csb_id=1, t=1, number=3)).encode()),
        "mbms-xml": (
            REGISTER, MSKS, NAF, text.bootstrapping_info("a@bsf", "2026-01-01T00:00:00Z"),
            xml.security_description(["http://bmsc.home1.net"], [("f", b"\x26\xf2\x10", b"\x00\x01\x00\x02")]),
            xml.user_services("urn:a", "a", "http://a/s.sdp", "http://a/p.xml"),
            xml.zn_answer("a@home1.net", bytes(32), "2026-01-01T00:00:00Z", xml.uss("4", "sip:a@home1.net", flags=["1"])),
            xml.guss("a@home1.net", xml.uss("4", "sip:a@home1.net")),
        ),
        "http": (
            text.Text.of("GET /a?b=c HTTP/1.1", {"Host": "bmsc.home1.net"}).octets(),
            text.Text.of("POST /k?requesttype=register HTTP/1.1", {"Content-Type": "text/xml"}, REGISTER).octets(),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
            + _chunks(gzip.compress(b"plain", mtime=0)),
            bytes.fromhex("00001a 01 05 00000001 00 07") + b":method\x03GET\x00\x05:path\x05/a?b=",
        ),
        "sip": (
            text.Text.of("INVITE sip:b@home1.net SIP/2.0", SIP_HEADERS | {"Content-Type": "application/sdp"}, SDP).octets(),
            text.Text.of(
                "SIP/2.0 200 OK",
                {"v": "SIP/2.0/UDP a", "l": None, "Content-Type": f'multipart/mixed;boundary="{text.BOUNDARY}"'},
                text.multipart([("application/sdp", SDP[:40]), ("text/xml", MSKS)]),
            ).octets(),
        ),
        "tls": (
            tls.record(tls.HANDSHAKE, tls.handshake(tls.CLIENT_HELLO, _hello())),
            *(octets for _, octets in tls.Session("bmsc.home1.net", "hostile").flights()),
            tls.record(tls.HANDSHAKE, tls.handshake(tls.CLIENT_KEYS, tls.sized(b"3GPP-bootstrapping;a@bsf", 2))),
            tls.record(tls.ALERT, b"\x02\x28"),
        ),
        "dtls": (
            tls.datagram_record(tls.HANDSHAKE, tls.datagram_handshake(tls.CLIENT_HELLO, _hello(cookie=b"cookie"))),
            tls.datagram_record(tls.HANDSHAKE, tls.datagram_handshake(3, b"\xfe\xfd\x06cookie"), number=1)
            + tls.datagram_record(tls.HANDSHAKE, tls.datagram_handshake(tls.CERTIFICATE, bytes(90), first=20, end=60)),
            tls.datagram_record(tls.CHANGE, b"\x01") + tls.datagram_record(tls.HANDSHAKE, bytes(40), epoch=1),
            tls.datagram_record(tls.ALERT, b"\x01\x00"),
            tls.datagram_record(26, b"\x00\x10" + bytes(16)) + tls.ciphertext(bytes(20), epoch=2),
            tls.connection_record(bytes(24), b"id") + tls.connection_record(bytes(24), b"id", number=1),
            tls.ciphertext(bytes(20), epoch=2, connection_id=b"id") + tls.ciphertext(bytes(20), epoch=2, with_length=False),
        ),
    }[protocol]  # fmt: skip


def _hello(cookie=None):
    asked = [
        tls.server_name("bmsc.home1.net"),
        tls.alpn("h2"),
        tls.versions(0x0304),
        tls.psks("a;b@bsf"),
        tls.extension(35, b""),
        tls.connection_id(b"id"),
    ]
    return tls.client_hello(bytes(range(32)), [0x1301, 0x00A8], asked, session=b"session", cookie=cookie)


def _chunks(octets, size=5):
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    return b"".join(b"%x;x=y\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: x\r\n\r\n"


# ------------------------------------------------------------------------------------------------ grown messages

WORDS = (
    b"", b" ", b"a", b"b=c", b'"quo\\"ted, x"', b"<sip:b@x;lr>;tag=1", b",", b";;", b"\xff\xfe", "é\u2028".encode(), b"0",
    b"99999999999", b"-1", b"=", b":", b"[::1]:5060", b"\r\n ", b"\n\t", b"\0", b"Digest a=b", b"SIP/2.0/UDP h;branch=z",
    b"INVITE", b"10.0.0.1", b"urn:a", b"<", b'"', b"gzip", b"chunked", b"base64", b"multipart/mixed;boundary=b", b"text/xml",
    b"application/sdp", b"application/mikey", b"multipart/mixed;boundary=\"b,\"", b"sip:a@b;c=d?e=f", b"x" * 70,
)  # fmt: skip
NAMES = (
    b"Via", b"v", b"From", b"f", b"To", b"Call-ID", b"i", b"CSeq", b"Contact", b"m", b"P-Asserted-Identity", b"Route",
    b"P-Preferred-Identity", b"WWW-Authenticate", b"Authorization", b"Content-Type", b"c", b"Content-Encoding", b"Host",
    b"Content-Length", b"l", b"Transfer-Encoding", b"Security-Client", b"Reason", b"Expires", b"", b" X", b"\xff", b"X\r",
    b"P-Charging-Vector", b"P-Access-Network-Info", b"Content-Transfer-Encoding", b"Trailer", b"no colon",
)  # fmt: skip
LINES = {
    "sip": (b"INVITE sip:b@x SIP/2.0", b"SIP/2.0 200 OK", b"SIP/2.0 2x0", b"NOTIFY a b SIP/2.0", b"SIP/2.0 100", b"\xff \xff SIP/2.0"),
    "http": (b"GET /a?b=%ff&c HTTP/1.1", b"HTTP/1.1 200 OK", b"HTTP/1.0 204 ", b"POST  x  HTTP/1.1", b"HTTP/1.1 304", b"HEAD /"),
}  # fmt: skip
TAGS = (
    "securityDescription",
    "keyManagement",
    "Envelope",
    "Body",
    "meKeyMaterial",
    "uss",
    "uid",
    "flag",
    "guss",
    "mbmsMSK",
    "MSK",
    "keyDomainID",
    "MSKID",
    "serviceID",
    "Response",
    "ResponseCode",
    "muk",
    "btid",
    "a",
    "é",
    "lifetime",
    "x:y",
)
LETTERS = b"vosiuepcbztrakm=\xff "


def _words(chance, most=4):
    return b"".join(chance.choice(WORDS) for _ in range(chance.randint(0, most)))


def _head(chance, protocol, body):
    """Start line, headers, and as often as not a length that fits."""
    headers = [
        chance.choice(NAMES) + chance.choice((b": ", b":", b" : ")) + _words(chance)
        for _ in range(chance.randint(0, 8))
    ]
    if chance.random() < 0.7:
        headers.append(b"Content-Length: %d" % (len(body) + chance.choice((0, 0, 0, 0, 1, -1, 900))))
    chance.shuffle(headers)
    end = chance.choice((b"\r\n", b"\r\n", b"\n"))
    return end.join([chance.choice(LINES[protocol]), *headers, b"", b""])


def _body(chance, depth=0):
    kind = chance.randrange(6 if depth < 3 else 5)
    if kind == 0:
        return b""
    if kind == 1:
        return grown_sdp(chance)
    if kind == 2:
        return grown_xml(chance)
    if kind == 3:
        return grown_mikey(chance)
    if kind == 4:
        return _words(chance, 9)
    return _multipart(chance, depth)


def _multipart(chance, depth=0):
    octets = b""
    for _ in range(chance.randint(0, 3)):
        head = b"".join(chance.choice(NAMES) + b": " + _words(chance) + b"\r\n" for _ in range(chance.randint(0, 2)))
        octets += (
            chance.choice((b"--b\r\n", b"--b,\r\n", b"--b \n", b"--b"))
            + head
            + b"\r\n"
            + _body(chance, depth + 1)
            + b"\r\n"
        )
    return octets + chance.choice((b"--b--\r\n", b"--b--", b"--b", b""))


def _typed(chance, protocol):
    """Return a message whose body is told by its type."""
    kinds = (
        (b"application/sdp", grown_sdp),
        (b"text/xml", grown_xml),
        (b"application/mikey", grown_mikey),
        (b"multipart/mixed; boundary=b", _multipart),
    )
    kind, grow = chance.choice(kinds)
    body = grow(chance)
    coding = b""
    if chance.random() < 0.2:
        body, coding = zlib.compress(body), b"Content-Encoding: deflate\r\n"
    line = chance.choice(LINES[protocol][:2])
    if protocol == "http" and chance.random() < 0.3:
        return (
            line
            + b"\r\nTransfer-Encoding: chunked\r\nContent-Type: "
            + kind
            + b"\r\n"
            + coding
            + b"\r\n"
            + _chunks(body, 40)
        )
    return line + b"\r\nContent-Type: " + kind + b"\r\n" + coding + b"Content-Length: %d\r\n\r\n" % len(body) + body


def grown_sip(chance):
    if chance.random() < 0.4:
        return _typed(chance, "sip")
    body = _body(chance)
    return _head(chance, "sip", body) + body


def grown_http(chance):
    if chance.random() < 0.4:
        return _typed(chance, "http")
    if chance.random() < 0.2:
        return _frames(chance)
    body = _body(chance)
    return _head(chance, "http", body) + body


def _frames(chance):
    """Frames of HTTP/2, as they are written for one message."""
    octets = b""
    for _ in range(chance.randint(1, 3)):
        kind, inside = chance.choice((0, 1, 1, 1, 4)), b""
        for _ in range(chance.randint(0, 4)):
            name, value = (
                chance.choice((b":path", b":status", b":method", b"host", b"", b":a", b"content-length")),
                _words(chance, 1),
            )
            inside += (
                chance.choice((b"\x00", b"\x10", b"\x10", b"\x82"))
                + bytes((len(name),))
                + name
                + bytes((len(value),))
                + value
            )
        octets += (
            (len(inside) + chance.choice((0, 0, 0, 1))).to_bytes(3, "big")
            + bytes((kind, 5))
            + bytes(3)
            + b"\x01"
            + inside
        )
    return octets


def grown_sdp(chance):
    lines = [b"v=0"]
    for _ in range(chance.randint(0, 8)):
        kind = chance.choice(LETTERS)
        value = _words(chance)
        if kind == ord("m") and chance.random() < 0.7:
            value = b"audio %d/2 RTP/SAVP 96 " % chance.choice((0, 5000, 65535, 65536)) + value
        elif kind == ord("a") and chance.random() < 0.4:
            value = b"key-mgmt:mikey " + text.base64_of(grown_mikey(chance)).encode()
        elif kind in b"co" and chance.random() < 0.5:
            value = b"IN IP4 239.1.1.1/127 " + value
        lines.append(bytes((kind,)) + b"=" + value)
    return chance.choice((b"\r\n", b"\n")).join([*lines, chance.choice((b"", b"a"))])


def grown_xml(chance):
    def element(depth):
        name = chance.choice(TAGS)
        inside = "".join(element(depth + 1) for _ in range(chance.randint(0, 3) if depth < 4 else 0))
        inside += chance.choice(
            ("", "", "Jn8Q", "26f210", "00010002", "200 OK", "&amp;", "&x;", "&#0;", "é", "<!--c-->", "<![CDATA[]]>")
        )
        attribute = chance.choice(("", "", ' xmlns="urn:a"', ' serviceID="x"', ' xmlns:x="urn:x"', " a"))
        return f"<{name}{attribute}/>" if not inside else f"<{name}{attribute}>{inside}</{name}>"

    start = chance.choice(
        ("", text.DECLARATION, "\r\n" + text.DECLARATION, '<?xml version="1.0" encoding="utf-16"?>', "<!DOCTYPE a>")
    )
    return (start + element(0) + chance.choice(("", "\r\n", "x", "<a/>"))).encode()


def _sized(chance, most=40):
    """Octets, and as often as not how many they say they are."""
    octets = chance.randbytes(chance.randint(0, most))
    return octets, max(0, len(octets) + chance.choice((0, 0, 0, 0, 0, 0, 1, -1, 200)))


def _payload(chance):
    kind = chance.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 22, 23, 24, 25, 26, 99))
    octets, size = _sized(chance)
    known = {
        1: lambda: bytes((chance.randrange(4),)) + size.to_bytes(2, "big") + octets + bytes((chance.randrange(3),)) + bytes(20),
        5: lambda: mikey.timestamp(chance.getrandbits(30), chance.randrange(5)),
        6: lambda: bytes((chance.randrange(4),)) + size.to_bytes(2, "big") + octets,
        9: lambda: b"\x01" + bytes(20),
        10: lambda: mikey.policy([(chance.randrange(22), chance.randbytes(chance.randrange(4))) for _ in range(5)]),
        11: lambda: bytes((min(size, 255),)) + octets,
        12: lambda: bytes((chance.randrange(14), 0, 0)),
        16: lambda: _ticket(chance),
        17: lambda: _ticket(chance) + bytes.fromhex(chance.choice(("0000 0000", "0003 000000 0001 00", "0002 aabb 0000"))),
        25: lambda: bytes((8, 3)) + bytes(33) + bytes((1, 0, 16, chance.randrange(2))),
        21: lambda: mikey.key_ids(*[(chance.randrange(4), chance.randbytes(chance.randrange(6))) for _ in range(3)], ext_type=chance.randrange(6)),
    }  # fmt: skip
    return kind, known[kind]() if kind in known else size.to_bytes(2, "big") + octets


def _ticket(chance):
    policy = chance.choice((b"", b"\x00", b"\x05\x00" + mikey.timestamp(1), b"\x10\x00"))
    return (
        b"\x00\x01\x01" + bytes((chance.randrange(3),)) + chance.randbytes(3) + len(policy).to_bytes(2, "big") + policy
    )


def grown_mikey(chance):
    payloads = [_payload(chance) for _ in range(chance.randint(0, 6))]
    first, octets = mikey.chained(payloads, mikey.LAST)
    count, map_type = chance.randrange(3), chance.randrange(4)
    info = (mikey.srtp_id(1) * count, b"", bytes.fromhex("01 00 01 07 0002 aabb 01 cc") * count, b"")[map_type]
    start = mikey.header(
        data_type=chance.randrange(28), first=first, v=chance.random() < 0.5, prf=chance.randrange(3), csb_id=chance.getrandbits(32),
        cs_count=count, map_type=map_type, map_info=info, version=1 if chance.random() < 0.95 else 2,
    )  # fmt: skip
    return start + octets


def grown_keydata(chance):
    octets = b""
    count = chance.randint(1, 4)
    for number in range(1, count + 1):
        key, size = _sized(chance)
        kind, kv = chance.randrange(7), chance.randrange(4)
        octets += bytes((20 if number < count else 0, kind << 4 | kv)) + size.to_bytes(2, "big") + key
        octets += b"\x00\x02ab" if kind in (1, 3, 5) else b""
        octets += (b"", b"\x01a", b"\x01a\x02bc", b"")[kv]
    return octets


def grown_diameter(chance):
    def avp(depth):
        vendor, code = (
            chance.choice(list(AVPS)) if chance.random() < 0.9 else (chance.randrange(3), chance.randrange(2000))
        )
        inside = (
            b"".join(avp(depth + 1) for _ in range(3)) if depth < 3 and chance.random() < 0.3 else _sized(chance, 12)[0]
        )
        octets = diameter.avp(code, inside, vendor=vendor)
        return octets if chance.random() < 0.97 else octets[:5] + chance.randbytes(3) + octets[8:]

    avps = b"".join(avp(0) for _ in range(chance.randint(0, 4)))
    size = 20 + len(avps) + chance.choice((0, 0, 0, 0, 4, -4, 1))
    return (
        b"\x01"
        + size.to_bytes(3, "big")
        + bytes((chance.choice((0x80, 0, 0xC0, 0xFF)),))
        + chance.randbytes(3)
        + chance.randbytes(12)
        + avps
    )


def grown_rtp(chance):
    first = 0x80 | chance.getrandbits(6) if chance.random() < 0.95 else chance.getrandbits(8)
    head = bytes((first,)) + chance.randbytes(11) + chance.randbytes(4 * (first & 15))
    if first & 0x10:
        words = chance.randrange(3)
        head += b"\xbe\xde" + words.to_bytes(2, "big") + chance.randbytes(4 * words)
    return head + chance.randbytes(chance.randrange(40)) + bytes((chance.choice((0, 1, 3, 255)),))


def grown_rtcp(chance):
    octets = b""
    for _ in range(chance.randint(1, 4)):
        kind, words = chance.randrange(198, 210), chance.randrange(12)
        inside = chance.randbytes(4 * words) if kind != 202 else bytes(4) + b"\x01\x02ab\x00\x00\x00\x00" * 2
        size = max(0, len(inside) // 4 + chance.choice((0, 0, 0, 0, 0, 1, -1)))
        octets += (
            bytes((0x80 | chance.choice((0, 0, 0, 0x20)) | chance.randrange(4), kind))
            + size.to_bytes(2, "big")
            + inside
        )
    return octets


def grown_tls(chance):
    return b"".join(tls.record(*_record(chance, tls.handshake)) for _ in range(chance.randint(1, 3)))


def grown_dtls(chance):
    sealed, known = chance.randbytes(chance.randint(16, 30)), chance.randbytes(chance.randrange(5))
    return b"".join(
        chance.choice((
            tls.datagram_record(*_record(chance, tls.datagram_handshake), epoch=chance.choice((0, 0, 0, 1))),
            tls.datagram_record(26, tls.sized(chance.randbytes(chance.choice((0, 16, 17))), 2)),
            tls.connection_record(sealed, known, number=chance.randrange(2)),
            tls.ciphertext(sealed, epoch=2, connection_id=known, with_length=chance.choice((True, True, False))),
        ))
        for _ in range(chance.randint(1, 3))
    )  # fmt: skip


def _record(chance, handshake):
    """Content type and content of a record, most often of a handshake."""
    extensions = [
        tls.extension(chance.choice((0, 16, 41, 43, 51, 54)), tls.sized(_sized(chance, 12)[0], chance.choice((1, 2))))
        for _ in range(chance.randrange(4))
    ]
    cookie = b"c" if handshake is tls.datagram_handshake else None
    messages = (
        (
            tls.CLIENT_HELLO,
            tls.client_hello(chance.randbytes(32), range(chance.randrange(5)), extensions, cookie=cookie),
        ),
        (tls.SERVER_HELLO, tls.server_hello(chance.randbytes(32), chance.randrange(0x10000), extensions)),
        (tls.CERTIFICATE, tls.sized(tls.sized(chance.randbytes(9), 3), 3)),
        (tls.CLIENT_KEYS, tls.sized(b"a@bsf", 2) + chance.randbytes(chance.randrange(9))),
        (chance.randrange(26), chance.randbytes(chance.randrange(20))),
    )
    inside = b"".join(handshake(*chance.choice(messages)) for _ in range(chance.randint(1, 3)))
    return chance.choice(((tls.HANDSHAKE, inside),) * 3 + ((tls.ALERT, b"\x01\x00"), (tls.CHANGE, b"\x01"), (24, b"x")))


GROW = {
    "mikey": grown_mikey, "mikey.keydata": grown_keydata, "diameter": grown_diameter, "rtp": grown_rtp, "rtcp": grown_rtcp,
    "sdp": grown_sdp, "mbms-xml": grown_xml, "http": grown_http, "sip": grown_sip,
    "tls": grown_tls, "dtls": grown_dtls,
}  # fmt: skip


def damaged(octets, chance):
    """Change some of the octets: replaced, left out, put in, said twice, moved, or at their limits."""
    changed = bytearray(octets)
    for _ in range(chance.choice((1, 1, 2, 6))):
        at, size = chance.randrange(len(changed) + 1), chance.randrange(1, 9)
        how = chance.randrange(6)
        if how == 0:
            changed[at : at + 1] = chance.randbytes(1)
        elif how == 1:
            del changed[at : at + size]
        elif how == 2:
            changed[at:at] = chance.randbytes(size)
        elif how == 3:
            changed[at:at] = changed[at : at + size]
        elif how == 4:
            changed[at : at + size] = changed[:size]
        else:
            changed[at : at + 2] = chance.choice((b"\x00\x00", b"\xff\xff", b"\x7f\xff", b"\r\n", b"--", b"\n\n"))
    return bytes(changed)


def grown(protocol, chunk):
    """One chunk of inputs: a third as grown, a third of those damaged, the rest forged ones damaged, and noise."""
    chance = random.Random(f"{protocol} {chunk}")
    good, grow = forged(protocol), GROW[protocol]
    for number in range(CHUNK):
        how = number % 20
        if how < 8:
            yield grow(chance)
        elif how < 14:
            yield damaged(grow(chance), chance)
        elif how < 19:
            yield damaged(chance.choice(good), chance)
        else:
            yield chance.randbytes(chance.randrange(80))


# ------------------------------------------------------------------------------------------------ tests


@cache
def forged_octets():
    """How many octets the forged messages have."""
    return sum(len(octets) for protocol in PROTOCOLS for octets in forged(protocol))


def test_there_are_enough_inputs_and_always_the_same():
    assert set(GROW) == set(GROWN) == set(SAME) == set(PROTOCOLS)
    assert 2 * forged_octets() + CHUNK * sum(GROWN.values()) >= INPUTS
    for protocol in PROTOCOLS:
        inputs = list(grown(protocol, 0))
        assert inputs == list(grown(protocol, 0))
        assert len(set(inputs)) > CHUNK * 0.7  # few come twice


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_forged_messages_are_good(protocol):
    for octets in forged(protocol):
        message = held(octets, protocol)
        assert [part.error for part in message.walk()] == [None] * sum(1 for _ in message.walk())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cut_at_each_octet_and_a_bit_flipped_in_each(protocol):
    for number, octets in enumerate(forged(protocol)):
        chance = random.Random(f"{protocol} {number}")
        for at in range(len(octets)):
            held(octets[:at], protocol)
            held(octets[:at] + bytes((octets[at] ^ 1 << chance.randrange(8),)) + octets[at + 1 :], protocol)


@pytest.mark.parametrize(("protocol", "chunk"), [(name, chunk) for name in PROTOCOLS for chunk in range(GROWN[name])])
def test_grown_and_damaged_messages(protocol, chunk):
    whole = wrong = 0
    for octets in grown(protocol, chunk):
        message = held(octets, protocol)
        whole += message.error is None
        wrong += message.error is not None
    assert whole > CHUNK // 50  # the grammar is not all noise
    assert wrong > CHUNK // 50


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400), seed=st.integers(0, 1 << 32))
def test_octets_of_any_kind(protocol, data, seed):
    chance = random.Random(seed)
    good = chance.choice(forged(protocol))
    at = chance.randrange(len(good))
    held(data, protocol)
    held(good[:at] + data + good[at:], protocol)


@pytest.mark.parametrize(
    ("parse", "name"), [(srtp_parser(6, 14), "srtp"), (srtcp_parser(6, 10), "srtcp")], ids=["srtp", "srtcp"]
)
def test_protected_media(parse, name):
    packet = (
        media.srtp(MEDIA_KEYS, seq=16, roc=1, ssrc=2, timestamp=3, mki=b"abcdef", payload=b"payload")
        if name == "srtp"
        else media.srtcp(MEDIA_KEYS, media.receiver_report(ssrc=1, about=2), index=1, mki=b"abcdef")
    )
    chance = random.Random(name)
    inputs = [packet, *(packet[:at] for at in range(len(packet)))]
    inputs += [damaged(packet, chance) for _ in range(CHUNK)]
    for octets in inputs:
        fields, body, told = _recorded(parse, octets)
        end = _follow(fields, 0, len(octets))
        assert (body is not None and end == len(octets)) or told
    assert _recorded(parse, packet)[2] == ""
