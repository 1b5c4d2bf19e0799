"""Messages that are meant to break their reader: each is told or passed over, and never hides its neighbours."""

import gzip
import struct
import time

import pytest

from analyzer import cli
from analyzer.decode import fragments, tcp
from analyzer.decode.stream import DROPPED
from sample_pcaps import forge_diameter as diameter
from sample_pcaps import forge_mikey as mikey
from sample_pcaps.forge import ACK, Connection, ip_packet
from sample_pcaps.forge import tcp as segment

UE, SERVER = "10.0.0.1", "10.0.0.2"
SECOND = 10**9
QUICK = 60  # seconds that any of these may take on a slow machine
READ = {0, 1}  # the captures are whole

BEFORE = b"OPTIONS sip:before@home1.net SIP/2.0\r\nCall-ID: before\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
AFTER = BEFORE.replace(b"before", b"after")
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
BOMB = b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY l0 "lol">' + LAUGHS + b"]><z>&l11;</z>"
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]><mbmsMSK><muk>&x;</muk></mbmsMSK>'
)


def post(body, *headers, length=None):
    size = len(body) if length is None else length
    lines = (b"POST /keymanagement?requesttype=register HTTP/1.1", b"Host: bmsc.home1.net", *headers)
    return b"\r\n".join(lines) + b"\r\nContent-Length: %d\r\n\r\n" % size + body


def chunked(body):
    return b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body


def invite(body, kind=b"multipart/mixed;boundary=b0"):
    head = b"INVITE sip:a@home1.net SIP/2.0\r\nCall-ID: hostile\r\nCSeq: 1 INVITE\r\nContent-Type: " + kind
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def nested(depth):
    body = b"v=0\r\n"
    for level in range(depth, -1, -1):
        inner = b"application/sdp" if level == depth else b"multipart/mixed;boundary=b%d" % (level + 1)
        body = b"--b%d\r\nContent-Type: %s\r\n\r\n%s\r\n--b%d--\r\n" % (level, inner, body, level)
    return body


def mikey_message(*payloads):
    first, octets = mikey.chained(list(payloads), mikey.LAST)
    return mikey.header(data_type=0, first=first, csb_id=1, cs_count=0, map_type=1) + octets


def diameter_message(avps):
    start = b"\x01" + (20 + len(avps)).to_bytes(3, "big") + b"\x80" + diameter.BOOTSTRAPPING_INFO.to_bytes(3, "big")
    return start + struct.pack("!III", diameter.APP_ZN, 1, 1) + avps


def grouped(depth):
    avps = b""
    for _ in range(depth):
        avps = diameter.avp(diameter.VENDOR_APP, avps)
    return diameter_message(avps)


T = (mikey.T, mikey.timestamp(1))
DATAGRAMS = {  # what, over UDP → protocol of the malformed that is told, "" where it is tolerated
    "MIKEY id length past the end": (2269, mikey_message(T, (mikey.ID, b"\x00\xff\xffbmsc")), "mikey"),
    "MIKEY RAND length past the end": (2269, mikey_message(T, (mikey.RAND, b"\xff1234")), "mikey"),
    "MIKEY policy length past the end": (2269, mikey_message(T, (mikey.SP, b"\x01\x00\xff\xff\x00\x01\x01")), "mikey"),
    "MIKEY KEMAC length past the end": (2269, mikey_message(T, (mikey.KEMAC, b"\x01\xff\xff1234")), "mikey"),
    "MIKEY crypto sessions past the end": (
        2269,
        mikey.header(data_type=0, first=5, csb_id=1, cs_count=255, map_type=0),
        "mikey",
    ),
    "MIKEY of 5000 payloads": (2269, mikey_message(T, *[(mikey.RAND, b"\x00")] * 5000)[:1400], "mikey"),
    "SIP of multipart in multipart 100 deep": (5060, invite(nested(9)), ""),
    "SIP whose length is 10^12": (
        5060,
        BEFORE.replace(b"before", b"hostile").replace(b"Length: 0", b"Length: 1000000000000"),
        "sip",
    ),
    "SIP whose length is no number": (
        5060,
        BEFORE.replace(b"before", b"hostile").replace(b"Length: 0", b"Length: " + b"9" * 900),
        "sip",
    ),
}
STREAMS = {  # the same over TCP; the good ones before and after are datagrams
    "billion laughs": (80, post(BOMB, b"Content-Type: application/mbms-register+xml"), "mbms-xml"),
    "external entity": (80, post(OUTSIDE, b"Content-Type: application/mbms-register+xml"), "mbms-xml"),
    "10,000 headers": (80, post(b"", *[b"X-Header: value"] * 10_000), "tcp"),
    "10,000 SIP headers": (
        5060,
        BEFORE.replace(b"before", b"hostile").replace(b"CSeq", b"X-Header: value\r\n" * 10_000 + b"CSeq"),
        "tcp",
    ),
    "a header of a megabyte": (80, post(b"", b"X-Long: " + b"a" * 1_000_000), "tcp"),
    "a length of 10^12": (80, post(b"hello", length=10**12), ""),
    "chunks of one octet": (80, chunked(b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"), ""),
    "a chunk size past all": (80, chunked(b"FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"), ""),
    "a chunk size of 1000 digits": (80, chunked(b"0" * 1000 + b"5\r\nhello\r\n0\r\n\r\n"), ""),
    "chunks below zero": (80, chunked(b"-5\r\nhello\r\n0\r\n\r\n"), "tcp"),
    "gzip bomb": (
        80,
        post(gzip.compress(bytes(64 * 1024 * 1024), 9, mtime=0), b"Content-Encoding: gzip", b"Content-Type: text/xml"),
        "http",
    ),
    "gzip in gzip in gzip": (
        80,
        post(gzip.compress(b"x", mtime=0), b"Content-Encoding: " + b", ".join([b"gzip"] * 1000)),
        "http",
    ),
    "multipart 100 deep": (5060, invite(nested(100)), ""),
    "multipart of 10,000 parts": (5060, invite(b"--b0\r\n\r\nx\r\n" * 10_000 + b"--b0--\r\n"), ""),
    "a boundary of nothing": (5060, invite(b"--\r\n" * 1000, b'multipart/mixed;boundary=""'), ""),
    "XML 10,000 deep": (80, post(b"<a>" * 10_000 + b"</a>" * 10_000, b"Content-Type: application/xml"), "mbms-xml"),
    "AVP of length 0": (3868, diameter_message(struct.pack("!II", 263, 0x40000000)), "diameter"),
    "AVP past the end": (3868, diameter_message(struct.pack("!II", 263, 0x40FFFFFF)), "diameter"),
    "AVPs 1000 deep": (3868, grouped(1000), ""),
}


def told(case, protocol, frames):
    """The malformed of a protocol, all of which are of the frames given and say where and why."""
    found = [item for item in case["malformed"] if item["protocol"] == protocol]
    for item in found:
        assert item["frame"] in frames
        assert item["field"]
        assert item["offset"] >= 0
        assert item["reason"]
    return found


def seen(tell_packets, text):
    return sum(text in line for line in tell_packets)


@pytest.fixture
def lines(tmp_path, capsys):
    """The lines that a command, `keyshark packets` unless told, shows of the capture that was judged last."""

    def show(command="packets"):
        assert cli.run([command, str(tmp_path / "hostile.pcapng")]) == 0
        return capsys.readouterr().out.splitlines()

    return show


@pytest.mark.parametrize("what", DATAGRAMS)
def test_a_datagram_between_two_good_ones(what, sent, lines):
    port, octets, protocol = DATAGRAMS[what]

    def write(tape):
        tape.add_udp(1 * SECOND, UE, 5060, SERVER, 5060, BEFORE)
        tape.add_udp(2 * SECOND, UE, 40000, SERVER, port, octets)
        tape.add_udp(3 * SECOND, UE, 5060, SERVER, 5060, AFTER)

    code, case = sent(write)
    assert code in READ
    assert len(told(case, protocol, {2})) == (1 if protocol else 0)
    assert [item for item in case["malformed"] if item["frame"] != 2] == []
    shown = lines()
    assert seen(shown, "sip:before@home1.net") == seen(shown, "sip:after@home1.net") == 1


@pytest.mark.parametrize("what", STREAMS)
def test_a_message_of_a_stream_between_two_good_ones(what, sent, lines):
    port, octets, protocol = STREAMS[what]

    def write(tape):
        tape.add_udp(1 * SECOND, UE, 5060, SERVER, 5060, BEFORE)
        connection = Connection(tape, UE, 40000, SERVER, port)
        end = connection.send(connection.open(2 * SECOND), octets, by_client=True)
        connection.close(end + 1000)
        tape.add_udp(end + 2 * SECOND, UE, 5060, SERVER, 5060, AFTER)
        frames.update(range(2, len(tape.packets)))

    frames = set()
    begun = time.monotonic()
    code, case = sent(write)
    assert code in READ
    assert (told(case, protocol, frames) != []) is bool(protocol)
    assert "root:" not in str(case)
    shown = lines()
    assert seen(shown, "sip:before@home1.net") == seen(shown, "sip:after@home1.net") == 1
    assert time.monotonic() - begun < QUICK


@pytest.mark.parametrize("octets", [1, 1400])
def test_a_message_of_64_kib_over_tcp(octets, sent, lines):
    """In segments of one octet too: looking for its end must not begin anew with each of them."""
    message = invite(b"a=x\r\n" * (64 * 1024 // 5), b"application/sdp")

    def write(tape):
        connection = Connection(tape, UE, 40000, SERVER, 5060)
        now = connection.open(SECOND)
        for at in range(0, len(message), octets):
            now = connection.send(now + 1000, message[at : at + octets], by_client=True)
        connection.send(now + 1000, AFTER, by_client=True)

    code, _ = sent(write)
    assert code in READ
    shown = lines()
    assert seen(shown, "INVITE sip:a@home1.net") == seen(shown, "sip:after@home1.net") == 1


def in_fragments(tape, at, payload, size=1400, ident=7):
    """Put a datagram on the tape in IPv4 fragments; the checksum of its header is not what counts here."""
    datagram = struct.pack("!HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    for start in range(0, len(datagram), size):
        fragment(tape, at, start, datagram[start : start + size], start + size < len(datagram), ident)


def fragment(tape, at, start, octets, more, ident=7):
    packet = bytearray(ip_packet(UE, SERVER, 17, octets, ident=ident))
    packet[6:8] = struct.pack("!H", (0x2000 if more else 0) | start // 8)
    tape.add(at, bytes(packet), UE, SERVER)


def test_a_message_of_64_kib_over_fragments(sent, lines):
    message = invite(b"a=x\r\n" * (64_000 // 5), b"application/sdp")

    def write(tape):
        in_fragments(tape, SECOND, message)
        tape.add_udp(2 * SECOND, UE, 5060, SERVER, 5060, AFTER)

    assert sent(write)[0] in READ
    shown = lines()
    assert seen(shown, "INVITE sip:a@home1.net") == seen(shown, "sip:after@home1.net") == 1


def test_fragments_that_overlap_and_that_lie(sent, lines):
    """Teardrop, an overlap with other octets, an end past 65535, the same fragment 1000 times."""

    def write(tape):
        tape.add_udp(SECOND, UE, 5060, SERVER, 5060, BEFORE)
        fragment(tape, 2 * SECOND, 0, bytes(1000), True, 1)
        fragment(tape, 2 * SECOND, 24, bytes(8), False, 1)
        fragment(tape, 2 * SECOND, 65528, bytes(1000), False, 2)
        for _ in range(1000):
            fragment(tape, 2 * SECOND, 8, bytes(80), True, 3)
        fragment(tape, 2 * SECOND, 80, b"X" * 40, True, 9)
        in_fragments(tape, 3 * SECOND, AFTER, 80, 9)

    code, case = sent(write)
    assert code in READ
    assert [item["field"] for item in case["malformed"] if item["protocol"] == "ip"] == ["ip.fragment"]
    assert seen(lines(), "sip:before@home1.net") == 1


def test_thousands_of_fragments_that_never_become_whole(sent, lines):
    def write(tape):
        for ident in range(2 * fragments.MAX_FRAGMENT_GROUPS):
            fragment(tape, SECOND + ident, 0, bytes(1400), True, ident)
        tape.add_udp(2 * SECOND, UE, 5060, SERVER, 5060, AFTER)

    assert sent(write)[0] in READ
    assert seen(lines(), "sip:after@home1.net") == 1
    given_up = [line.split()[-1] for line in lines("info") if line.startswith(fragments.INCOMPLETE)]
    assert given_up == [str(2 * fragments.MAX_FRAGMENT_GROUPS)]


def test_thousands_of_streams_that_stay_open(sent, lines):
    """Each with the begin of a message; more than are told apart at a time."""

    def write(tape):
        for number in range(tcp.MAX_STREAMS + 100):
            source, sport = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 40000
            octets = b"INVITE sip:half@home1.net SIP/2.0\r\n"
            packet = segment(source, sport, SERVER, 5060, seq=2, ack=0, flags=ACK, payload=octets)
            tape.add(SECOND + number, packet, source, SERVER)
        tape.add_udp(2 * SECOND, UE, 5060, SERVER, 5060, AFTER)

    assert sent(write)[0] in READ
    assert seen(lines(), "sip:after@home1.net") == 1
    assert [line.split()[-1] for line in lines("info") if line.startswith(DROPPED)] == ["100"]


def test_a_stream_that_never_ends_a_message(sent, lines):
    """8 MiB of one header: what is held back is bounded, and the stream is given up, not its neighbours."""

    def write(tape):
        connection = Connection(tape, UE, 40000, SERVER, 5060)
        now = connection.open(SECOND)
        now = connection.send(now, BEFORE + b"INVITE sip:a@home1.net SIP/2.0\r\nX: ", by_client=True)
        now = connection.send(now + 1000, b"a" * (8 * 1024 * 1024), by_client=True)
        tape.add_udp(now + SECOND, UE, 5060, SERVER, 5060, AFTER)

    code, case = sent(write)
    assert code in READ
    assert told(case, "tcp", range(1, 10**6))
    shown = lines()
    assert seen(shown, "sip:before@home1.net") == seen(shown, "sip:after@home1.net") == 1
