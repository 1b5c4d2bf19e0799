"""A corpus of damaged captures, of every format, link layer, tunnel and transport: cut, flipped, and with lengths that lie.

Each goes through reader, sifter, decoder and dissectors, a share of them through the whole analysis. What it must come
to is told here in one place: it ends in time, nothing is raised but what says that a file is no capture, damage has a
place, and no length that a file claims makes keyshark hold as much.
"""

import gzip
import lzma
import os
import random
import re
import struct
import sys
import time
import tracemalloc
from functools import cache
from itertools import islice

import lz4.frame
import pytest

from analyzer.analysis import analyse
from analyzer.capture import linktypes
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import CaptureError, open_capture
from analyzer.capture.source import WINDOW
from analyzer.decode.decoder import Decoder
from analyzer.report import Verdict
from dissectors import Payload, dissect
from sample_pcaps import forge_esp
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import Connection, Tape, udp

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

INPUTS = 20_000  # that the corpus has at least
CHUNKS = 48  # of it, a test each
WITHIN = 2.0  # CPU seconds for one input
WHOLE = 40  # one input in so many goes through the whole analysis
HELD = 5 * WINDOW  # octets that may be held at a time, whatever a length claims
ABSURD = {2: (0, 1, 7, 0x7FFF, 0x8000, 0xFFFF), 4: (0, 1, 15, 0x0003_FFFF, 0x00FF_FFFC, 0x7FFF_FFFF, 0xFFFF_FFFF)}
PLACE = re.compile(r"offset \d+|file header: \d+")
UE, SERVER, UE_6, SERVER_6 = "10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2"
E = linktypes.EN10MB
MIKEY = bytes.fromhex("010005000000000100000002 00000001")
SIP = (
    b"OPTIONS sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\n"
    b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
AVPS = struct.pack("!II", 264, 0x4000000C) + b"host" + struct.pack("!II", 296, 0x4000000D) + b"realm\0\0\0"
DIAMETER = struct.pack("!IIIII", 0x01000000 | 20 + len(AVPS), 0x80000118, 0, 1, 1) + AVPS
DATAGRAM, DATAGRAM_6 = udp(UE, 1000, SERVER, 2269, MIKEY), udp(UE_6, 1000, SERVER_6, 2269, MIKEY)
CALL = udp(UE, 5060, SERVER, 5060, SIP)
MEDIA = udp(UE, 49152, "239.1.1.1", 5000, b"\x80\x21" + bytes(range(42)))


def over_tcp(octets, port):
    tape = Tape()
    connection = Connection(tape, UE, 1024, SERVER, port)
    at = connection.send(connection.open(0), octets[:50], by_client=True)
    connection.close(connection.send(at + 1, octets[50:], by_client=True) + 1)
    return [(E, frame) for _, frame in tape.sorted()]


def over_sctp(**ends):
    half = len(DIAMETER) // 2 & ~3
    first, last = forge.data_chunk(2, DIAMETER[:half], flags=2), forge.data_chunk(3, DIAMETER[half:], flags=1)
    bundles = ((forge.data_chunk(1, DIAMETER), last), (first,))
    return [(linktypes.RAW, forge.sctp(UE, 3868, SERVER, 3868, *bundle, **ends)) for bundle in bundles]


def over_esp():
    sa = forge_esp.Sa(257, mac="sha1", mac_key=bytes(20))
    nat = forge_esp.Sa(512, mac="md5", mac_key=bytes(16))
    return [
        (E, forge.frame(forge_esp.transport(sa, 1, CALL, UE, SERVER))),
        (E, forge.frame(forge_esp.tunnel(sa, 2, DATAGRAM, *forge.ROUTERS))),
        (E, forge.frame(forge_esp.traversal(nat, 1, DATAGRAM, UE, SERVER))),
    ]


def frames():
    """Frames with their link type, by what they are a sample of."""
    ip4, frame = 0x0800, forge.frame(DATAGRAM)
    ends = (UE, 1000, SERVER, 2269)

    def in_udp(port, octets):
        return [(E, forge.frame(forge.in_udp(port, octets))), (E, forge.frame(DATAGRAM))]

    def in_ip(packet):
        return [(E, forge.frame(packet)), (E, forge.frame(DATAGRAM))]

    return {
        "Ethernet": [(E, frame), (E, forge.frame(CALL)), *[(E, forge.frame(MEDIA))] * 4, (E, forge.frame(DATAGRAM_6))],
        "VLAN": [(E, forge.vlan(DATAGRAM, (0x88A8, 1), (0x8100, 2)))],
        "MPLS": [(E, forge.mpls(DATAGRAM, 16, 17)), (E, forge.mpls(bytes(4) + frame, 16))],
        "PPPoE": [(E, forge.typed(0x8864, forge.pppoe(DATAGRAM)))],
        "SNAP": [(E, forge.ethernet_snap(DATAGRAM)), (E, forge.ethernet_llc(DATAGRAM))],
        "backbone": [(E, forge.backbone(frame))],
        "SLL": [(linktypes.LINUX_SLL, forge.sll(DATAGRAM))],
        "SLL2": [(linktypes.LINUX_SLL2, forge.sll2(DATAGRAM_6))],
        "NULL": [(linktypes.NULL, forge.null(DATAGRAM))],
        "RAW": [(linktypes.RAW, DATAGRAM), (linktypes.RAW, DATAGRAM_6)],
        "PPP": [(linktypes.PPP, forge.ppp(DATAGRAM)), (linktypes.PPP, forge.ppp(DATAGRAM_6, short=True))],
        "HDLC": [(linktypes.C_HDLC, forge.hdlc(DATAGRAM))],
        "frame relay": [(linktypes.FRELAY, forge.frame_relay(DATAGRAM, snap=True))],
        "802.11": [
            (linktypes.IEEE802_11, forge.wlan(DATAGRAM)),
            (linktypes.IEEE802_11, forge.wlan_aggregate(DATAGRAM, DATAGRAM_6)),
        ],
        "radiotap": [(linktypes.IEEE802_11_RADIO, forge.radiotap(forge.wlan(DATAGRAM), tsft=True))],
        "pktap": [(linktypes.PKTAP, forge.pktap(E, frame))],
        "PPI": [(linktypes.PPI, forge.ppi(E, frame))],
        "NFLOG": [(linktypes.NFLOG, forge.nflog(DATAGRAM))],
        "exported PDUs": [
            (linktypes.WIRESHARK_UPPER_PDU, forge.exported("mikey", ends, 3, MIKEY)),
            (linktypes.WIRESHARK_UPPER_PDU, forge.exported("sip", ends, 2, SIP)),
        ],
        "IPv4 options": [(linktypes.RAW, forge.v4_options(DATAGRAM))],
        "IPv6 extensions": [(linktypes.RAW, forge.v6_extensions(DATAGRAM_6))],
        "fragments": [(linktypes.RAW, part) for part in forge.fragments(CALL, 64, 1)],
        "IP in IP": in_ip(forge.ip_in_ip(DATAGRAM_6)),
        "GRE": in_ip(forge.gre(ip4, DATAGRAM, key=1, sequence=2, summed=True)),
        "PPTP": in_ip(forge.pptp(DATAGRAM)),
        "ERSPAN": [*in_ip(forge.erspan(2, frame)), *in_ip(forge.erspan(3, frame, platform=True))],
        "EtherIP": in_ip(forge.ether_ip(frame)),
        "GTP-U": in_udp(2152, forge.gtp(DATAGRAM, sequence=1, extensions=b"\x01\x10\x09\x00")),
        "VXLAN": [*in_udp(4789, forge.vxlan(frame)), *in_udp(4790, forge.vxlan_gpe(DATAGRAM, 1))],
        "Geneve": in_udp(6081, forge.geneve(ip4, DATAGRAM, b"\x01\x02\x03\x01abcd")),
        "L2TP": [*in_udp(1701, forge.l2tp2(DATAGRAM, long=True)), *in_udp(1701, forge.l2tp3(frame))],
        "ICMP": in_ip(forge.icmp_error(UE, SERVER, 3, 3, DATAGRAM)),
        "ESP": over_esp(),
        "SIP over TCP": over_tcp(SIP, 5060),
        "Diameter over TCP": over_tcp(DIAMETER, 3868),
        "SCTP": over_sctp(),
        "SCTP in UDP": over_sctp(udp_port=9899),
    }


@cache
def samples():
    """Small captures by name, none of them damaged."""
    made = {name: forge.pcapng_of(row) for name, row in frames().items()}
    plain = [octets for _, octets in frames()["Ethernet"]]
    little = forge.pcap_of(E, plain)
    made["pcap"] = little
    made["pcap, ns"] = b"\x4d\x3c\xb2\xa1" + little[4:]
    made["pcap, big endian"] = b"".join(
        struct.pack(">IHHiIII", *struct.unpack("<IHHiIII", little[:24])) if at < 0 else part
        for at, part in enumerate(_swapped(little), -1)
    )
    whole = made["Ethernet"]
    made["obsolete and simple blocks"] = (
        whole
        + _block(2, struct.pack("<HHIIII", 0, 0, 0, 0, 60, 60) + plain[0][:60])
        + (_block(3, struct.pack("<I", 60) + plain[0][:60]))
    )
    made["two sections"] = whole + made["SLL"]
    made["gzip"] = gzip.compress(whole, mtime=0) + gzip.compress(made["SLL"], mtime=0)
    made["xz"] = lzma.compress(whole)
    made["zstd"] = zstd.compress(whole)
    made["lz4"] = lz4.frame.compress(whole)
    return made


def _swapped(little):
    """The file header of a pcap file, then its records with the numbers in the other order."""
    yield little[:24]
    at = 24
    while at < len(little):
        head = struct.unpack_from("<IIII", little, at)
        yield struct.pack(">IIII", *head) + little[at + 16 : at + 16 + head[2]]
        at += 16 + head[2]


def _block(kind, body):
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


def cuts(octets, chance):
    """At every offset."""
    return (octets[:end] for end in range(1, len(octets)))


def flips(octets, chance):
    """One octet of each three, and several at once."""
    for at in range(chance.randrange(3), len(octets), 3):
        yield octets[:at] + bytes((octets[at] ^ chance.randrange(1, 256),)) + octets[at + 1 :]
    for _ in range(len(octets) // 8):
        changed = bytearray(octets)
        for _ in range(chance.choice((2, 4, 16))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        yield bytes(changed)


def absurd(octets, chance):
    """Wherever a length may stand: of a record, block, option, header, chunk, extension, attribute."""
    for at in range(0, len(octets) - 4, 2):
        size = chance.choice((2, 4))
        value = chance.choice(ABSURD[size])
        yield octets[:at] + value.to_bytes(size, chance.choice(("little", "big"))) + octets[at + size :]


DAMAGES = {"cut": cuts, "flipped": flips, "absurd": absurd}


def corpus():
    """All inputs with their names, the same in every run."""
    for name, octets in samples().items():
        for how, damage in DAMAGES.items():
            for number, damaged in enumerate(damage(octets, random.Random(f"{name} {how}"))):
                yield f"{name}, {how} {number}", damaged


def read(octets):
    """Take octets in a pipe through reader, sifter, decoder and dissectors: facts, and the size of what was found."""
    reader, writer = os.pipe()
    try:
        assert os.write(writer, octets) == len(octets)
        os.close(writer)
        capture = open_capture(f"/dev/fd/{reader}")
    finally:
        os.close(reader)
    decoder, taken = Decoder(), []

    def take(found):
        taken.extend(len(item.data) for item in found)

    def opened(found):
        for item in found:
            if isinstance(item, Payload):
                message = dissect(item)
                assert message is None or list(message.walk())
            yield item

    for block in capture.blocks():
        odd, media, datagrams = decoder.sift(block)
        for columns in media:
            assert (columns.begins + columns.sizes <= len(block.octets)).all()
        for item in datagrams.among(block.frames(odd)):
            take(opened((item,) if isinstance(item, Payload) else decoder.feed(item)))
    take(opened(decoder.finish()))
    return capture.facts, sum(taken)


def checked(name, octets, path=None):
    """Read one input and hold the outcome against what every one must come to; from a file, analyse it too."""
    begun = time.process_time()
    try:
        facts, taken = read(octets)
        if path is not None:
            path.write_bytes(octets)
            report = analyse(CaseFiles(name, (str(path),), (), None)).report
            assert not [j for j in report.judgements if j.verdict is Verdict.ERROR], name
    except CaptureError as refused:
        return (str(refused),)
    finally:
        assert time.process_time() - begun < WITHIN, name
    packed = facts.format == "" or octets[:1] in (b"\x1f", b"\xfd", b"\x28", b"\x04")
    if not packed:
        assert taken <= 4 * len(octets), f"{name}: more octets were found than there are"
        assert not [problem for problem in facts.problems if not PLACE.search(problem)], name
    return facts.problems


def test_there_are_enough_of_them_and_always_the_same():
    names = [name for name, _ in corpus()]
    assert len(names) == len(set(names)) >= INPUTS
    assert list(islice(corpus(), 3000, 3010)) == list(islice(corpus(), 3000, 3010))


@pytest.mark.parametrize("name", list(frames()))
def test_without_damage_all_is_well(name, tmp_path):
    assert checked(name, samples()[name], tmp_path / "sample.pcap") == []
    assert read(samples()[name])[1] > 0 or name == "ICMP"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_captures_end_well(chunk, tmp_path):
    path, told = tmp_path / "damaged.pcap", 0
    for number, (name, octets) in enumerate(islice(corpus(), chunk, None, CHUNKS)):
        told += bool(checked(name, octets, None if number % WHOLE else path))
    assert told


@pytest.mark.parametrize("name", ["pcap", "pcap, big endian", "Ethernet", "obsolete and simple blocks"])
def test_where_a_file_is_cut_is_told(name):
    """Unless it is cut between two records, which no reader can tell."""
    quiet = 0
    for end in range(4, len(samples()[name])):
        problems = checked(f"{name}, cut at {end}", samples()[name][:end])
        quiet += not problems
        assert len(problems) <= 1
    assert quiet <= len(frames()["Ethernet"]) + 6


@pytest.mark.parametrize(
    "name", ["pcap", "pcap, ns", "pcap, big endian", "Ethernet", "SCTP", "GTP-U", "zstd", "lz4", "xz"]
)
def test_no_length_makes_memory_grow(name):
    octets = samples()[name]
    for at in range(0, min(len(octets) - 4, 220), 4):
        damaged = octets[:at] + b"\xff\xff\xff\x7f" + octets[at + 4 :]
        tracemalloc.start()
        try:
            checked(f"{name}, {at}", damaged)
            assert tracemalloc.get_traced_memory()[1] < HELD, at
        finally:
            tracemalloc.stop()
