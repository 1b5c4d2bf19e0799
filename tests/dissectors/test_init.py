"""What holds for every dissector in the register: nothing raises, every octet has one field, what was read is kept."""

import base64
import struct
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dissectors
from dissectors import DISSECTORS, MAX_DEPTH, Dissector, Malformed, Part, Payload, by_name, dissect, told, tree
from dissectors.cursor import Cursor

MIKEY = bytes.fromhex(
    "01000500c0ffee010001 0b 02 00000007 06 04 01020304 01 00 0003 6e6166 00 01 0002 aabb 01"
) + bytes(20)
DIAMETER = bytes.fromhex(
    "01000030c0000136010000040a0b0c0d01020304 0000010740000009 61000000 00000191c000000e000028af 61620000"
)
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 96\r\n"
    b"a=key-mgmt:mikey " + base64.b64encode(MIKEY) + b"\r\n"
)
XML = b'<?xml version="1.0"?>\n<a><btid>x@y</btid><lifetime>2030-01-01T00:00:00Z</lifetime></a>'
SIP = (
    b"INVITE sip:b@home1.net SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa\r\nFrom: <sip:a@home1.net>;tag=1\r\n"
    b"To: <sip:b@home1.net>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(SDP), SDP)
)
HTTP = (
    b"HTTP/1.1 200 OK\r\nServer: bsf\r\nContent-Type: application/vnd.3gpp.bsf+xml\r\nContent-Length: %d\r\n\r\n%b"
    % (len(XML), XML)
)
RTP = struct.pack("!BBHIII", 0x91, 96, 1, 2, 3, 4) + bytes.fromhex("abcd000100000000") + b"payload"
RTCP = struct.pack("!BBHIQIII", 0x80, 200, 6, 7, 8, 9, 10, 11) + struct.pack("!BBHI", 0x81, 203, 1, 7)


def _box(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack("!I4s", 8 + len(inside), kind) + inside


_KEY_INFO = _box(b"obki", bytes(4), b"\0\2\x0c", base64.b64encode(bytes.fromhex("112233010203040005")))
DCF = b"".join((
    _box(b"ftyp", b"odcf", struct.pack("!I", 2), b"odcf"),
    _box(
        b"odrm", bytes(4),
        _box(
            b"odhe", bytes(4), b"\x09video/mp4",
            _box(b"ohdr", bytes(4), struct.pack("!BBQHHH", 2, 0, 5, 5, 0, 0), b"cid:1", _KEY_INFO),
        ),
        _box(b"odda", bytes(4), struct.pack("!Q", 5), b"12345"),
    ),
    _box(b"mdri", _box(b"odfs", bytes(4), b"\1", bytes(20))),
))  # fmt: skip
FDT = (
    b'<?xml version="1.0"?>\n<FDT-Instance Expires="3900000000">'
    b'<File TOI="1" Content-Location="a.3gp" Content-Type="video/3gpp"/></FDT-Instance>'
)
FLUTE = (
    bytes.fromhex("10a0 09 00 00000000 0000002a 00000000 c0100001 4004")
    + struct.pack("!HIHHI", 0, len(FDT), 0, 1400, 64)
    + bytes(4)
    + FDT
)
_HELLO = struct.pack("!H32sB4s", 0x0303, bytes(32), 4, b"sess") + bytes.fromhex(
    "0004 1301c02b 0100 000a 0000 0006 0004 00 0001 61"
)
TLS = b"\x16\x03\x01" + struct.pack("!HI", 4 + len(_HELLO), 1 << 24 | len(_HELLO)) + _HELLO
_RETRY = bytes.fromhex("fefd 04 61626364")
DTLS = (
    b"\x16\xfe\xfd"
    + bytes(8)
    + struct.pack("!HI", 12 + len(_RETRY), 3 << 24 | len(_RETRY))
    + bytes(7)
    + b"\x07"
    + _RETRY
)
# One whole message of each protocol
SAMPLES = {
    "sip": SIP,
    "tls": TLS,
    "dtls": DTLS,
    "http": HTTP,
    "diameter": DIAMETER,
    "mikey": MIKEY,
    "sdp": SDP,
    "mbms-xml": XML,
    "mikey.keydata": bytes.fromhex("14 32 0002 aaaa 0001 bb 01 01 02 0009 00 20 0001 cc"),
    "dcf": DCF,
    "fdt": FDT,
    "flute": FLUTE,
    "rtp": RTP,
    "rtcp": RTCP,
}
OF_OCTETS = ("diameter", "mikey", "mikey.keydata", "dcf", "tls", "dtls", "flute", "rtp", "rtcp")  # the rest is text
PROTOCOLS = tuple(dissector.protocol for dissector in DISSECTORS)
PORTS = {"sip": 5060, "http": 80, "diameter": 3868, "mikey": 2269, "tls": 443, "dtls": 4433}
INNER = {
    "sip": ["sdp"],
    "http": ["mbms-xml"],
    "sdp": ["mikey"],
}

relaxed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def covered(message):
    """Check that the fields of a message, and those of each field, follow each other and leave nothing out."""
    fields = tree(message)
    assert _follow(fields, 0, len(message.payload.data)) == len(message.payload.data)
    for part in message.inner:
        covered(part)


def _follow(fields, start, end):
    before = (start, start)
    for field in fields:
        span = (field.start, field.end)
        assert field.start == before[1] or span == before, (field.name, span, before)
        assert span[0] <= span[1] <= end
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


def sound(message):
    """Check that a message is either read or says what is wrong, and that this is not the program's own fault."""
    for part in message.walk():
        if part.error is not None:
            assert not part.error.reason.startswith("dissector failed"), part.error
            assert 0 <= part.error.offset <= len(part.payload.data)
            assert part.error.reason
        assert part.error is not None or part.body is not None
    covered(message)


def test_every_dissector_has_a_sample_and_a_name_of_its_own():
    assert set(SAMPLES) == set(PROTOCOLS)
    assert len(set(PROTOCOLS)) == len(PROTOCOLS)
    assert all(by_name(protocol).protocol == protocol for protocol in PROTOCOLS)
    assert by_name("nothing") is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sample_is_read_whole(payload, protocol):
    message = dissect(payload(SAMPLES[protocol]), protocol)
    assert (message.protocol, message.error, message.offset) == (protocol, None, -1)
    assert message.body is not None
    assert message.notes == ()
    assert [part.protocol for part in message.inner] == INNER.get(protocol, [])
    assert all(part.error is None for part in message.walk())
    sound(message)


@pytest.mark.parametrize("protocol", OF_OCTETS)
def test_leaves_of_binary_protocols_cover_every_octet(payload, leaves, protocol):
    assert leaves(dissect(payload(SAMPLES[protocol]), protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_its_own_sample_is_claimed(payload, protocol):
    transport = "tcp" if protocol in ("http", "diameter", "tls") else "udp"
    for port in (PORTS.get(protocol, 9999), 9999):
        message = dissect(payload(SAMPLES[protocol], transport, dport=port))
        assert (message.protocol if message is not None else None) == (protocol if protocol in PORTS else None)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_truncation_gives_an_error_or_a_shorter_message(payload, protocol):
    data = SAMPLES[protocol]
    whole = dissect(payload(data), protocol)
    for cut in range(len(data)):
        message = dissect(payload(data[:cut]), protocol)
        sound(message)
        assert message.error is not None or message.body != whole.body, cut


@pytest.mark.parametrize("protocol", OF_OCTETS)
def test_truncation_keeps_the_fields_that_are_whole(payload, leaves, protocol):
    data = SAMPLES[protocol]
    whole = leaves(dissect(payload(data), protocol))
    for cut in range(len(data)):
        kept = [leaf for leaf in leaves(dissect(payload(data[:cut]), protocol)) if leaf.name != f"{protocol}.unread"]
        assert all(one == other for one, other in zip(kept, whole, strict=False) if one.end < cut)
        begun = next((leaf for leaf in whole if leaf.end > cut), whole[-1])
        assert len(kept) >= sum(leaf.end <= begun.start for leaf in whole) - 2  # values that wait for the next one


@pytest.mark.parametrize("protocol", PROTOCOLS)
@relaxed
@given(data=st.binary(max_size=300))
def test_random_octets(payload, protocol, data):
    sound(dissect(payload(data), protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@relaxed
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 255), st.sampled_from("rid")), min_size=1, max_size=6
    )
)
def test_mutated_samples(payload, protocol, changes):
    data = bytearray(SAMPLES[protocol])
    for place, octet, how in changes:
        at = place % (len(data) + 1)
        if how == "i" or at == len(data):
            data.insert(at, octet)
        elif how == "r":
            data[at] = octet
        else:
            del data[at]
    sound(dissect(payload(bytes(data)), protocol))


@relaxed
@given(st.binary(max_size=200), st.sampled_from(["udp", "tcp", "sctp"]), st.sampled_from([80, 2269, 3868, 5060, 40000]))
def test_random_payloads_by_trial(payload, data, transport, port):
    message = dissect(payload(data, transport, dport=port))
    if message is not None:
        sound(message)


@pytest.mark.parametrize("dissector", [d for d in DISSECTORS if d.length is not None], ids=lambda d: d.protocol)
def test_length_finds_the_end_of_a_message(dissector):
    data = SAMPLES[dissector.protocol]
    assert dissector.length(data + data, False) == len(data)
    for cut in range(1, len(data)):
        assert dissector.length(data[:cut], False) in (None, len(data)), cut
        assert dissector.length(data[:cut], True) in (None, cut), cut
    assert dissector.length(bytes(64), False) == 0


@pytest.mark.parametrize("dissector", [d for d in DISSECTORS if d.length is not None], ids=lambda d: d.protocol)
@relaxed
@given(data=st.binary(max_size=100), closed=st.booleans())
def test_length_of_random_octets(dissector, data, closed):
    size = dissector.length(data, closed)
    assert size is None or size >= 0
    assert not closed or size is None or size <= len(data)


def test_partial_bodies_are_kept_and_unpacked(payload):
    message = dissect(payload(MIKEY[:-1]))
    assert message.error.field == "mikey.kemac.mac"
    assert message.body.rand == bytes((1, 2, 3, 4))


# ------------------------------------------------------------------------------- the machinery around them


def _fake(protocol: str, **more) -> Dissector:
    return Dissector(protocol, lambda payload: False, lambda cursor: cursor.octets("x", cursor.left), **more)


def test_no_dissector_claims_anything(payload):
    assert dissect(payload(b"\0\0", dport=9999)) is None
    assert dissect(payload(b"\0\0"), "nothing") is None


def test_a_bug_in_a_dissector_becomes_an_error(payload, monkeypatch):
    def fails(cursor: Cursor) -> object:
        cursor.u8("broken.first")
        raise RuntimeError("oh")

    broken = replace(_fake("broken"), matches=lambda payload: payload.data[9], parse=fails)  # type: ignore[arg-type]
    claims = replace(_fake("claims"), matches=lambda payload: True, parse=fails)
    monkeypatch.setattr(dissectors, "DISSECTORS", (broken, claims))
    message = dissect(payload(b"abc"))
    assert message.protocol == "claims"
    assert message.body is None
    assert message.error.reason == "dissector failed: RuntimeError: oh"
    assert [(field.name, field.start, field.end) for field in tree(message)] == [
        ("broken.first", 0, 1),
        ("claims.unread", 1, 3),
    ]


def test_a_bug_in_parts_and_notes_becomes_an_error(payload, monkeypatch):
    def fails(body: object) -> tuple[Part, ...]:
        raise RuntimeError("oh")

    for more in ({"parts": fails}, {"notes": fails}):
        monkeypatch.setattr(dissectors, "DISSECTORS", (_fake("faulty", **more),))
        message = dissect(payload(b"abc"), "faulty")
        assert message.body == b"abc"
        assert message.error.reason.startswith("dissector failed")


def test_messages_within_messages_end_somewhere(payload, monkeypatch):
    endless = _fake("endless", parts=lambda body: (Part("endless", b"again", 3), Part("unknown", b"x")))
    monkeypatch.setattr(dissectors, "DISSECTORS", (endless,))
    message = dissect(payload(b"first"), "endless")
    assert sum(1 for _ in message.walk()) == MAX_DEPTH + 1
    assert message.inner[0].offset == 3
    assert message.inner[0].payload == message.payload._replace(data=b"again")


def test_partial_body_of_an_error_is_the_body(payload, monkeypatch):
    def fails(cursor: Cursor) -> object:
        raise Malformed("x", 1, "cut", "partial")

    noted = replace(_fake("noted", notes=lambda body: (f"of {body}",)), parse=fails)
    monkeypatch.setattr(dissectors, "DISSECTORS", (noted,))
    message = dissect(payload(b"abc"), "noted")
    assert (message.body, message.notes) == ("partial", ("of partial",))
    assert message.error.offset == 1


def test_tree_of_an_unknown_protocol_is_unread(payload):
    message = dissect(payload(RTP), "rtp")._replace(protocol="nothing")
    assert [(field.name, field.end) for field in tree(message)] == [("nothing.unread", len(RTP))]


def test_data_of_a_payload_is_in_no_repr():
    assert "secret" not in repr(Payload(b"secret", "udp", "a", 1, "b", 2, 0, 1, 0))
    assert "secret" not in repr(Part("x", b"secret"))


@pytest.mark.parametrize("data", [*SAMPLES.values(), b"nobody's", b""])
@pytest.mark.parametrize("transport", ["udp", "tcp", "sctp"])
def test_the_protocol_is_told_without_reading(data, transport):
    payload = Payload(data, transport, "10.0.0.1", 40000, "10.0.0.2", 2269, 0, 1, 0, (1,))
    message = dissect(payload)
    assert told(payload) == (None if message is None else message.protocol)
