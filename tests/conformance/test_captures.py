"""Every link layer and tunnel of docs/captures.md: the inner message is found, where it was sent, as tshark finds it."""

import itertools
import re
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path

import pytest

from analyzer.analysis import analyse
from analyzer.capture import linktypes
from analyzer.capture.case import find_cases
from analyzer.capture.reader import open_capture
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import MediaPacket
from dissectors import tree
from sample_pcaps import forge_esp
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import Connection, Tape, udp

ROOT = Path(__file__).parents[2]
CAPTURES = ROOT.parent / "shared" / "captures"
TSHARK = shutil.which("tshark")
needs_tshark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures are not beside the project")

# What tshark does not do by itself: some of what is forged cannot be told without its control channel
PREFERENCES = (
    "-o", "ip.defragment:TRUE",
    "-o", "esp.enable_null_encryption_decode_heuristic:TRUE",
    "-o", "l2tp.cookie_size:None",
    "-o", "l2tp.l2_specific:None",
    "-o", "tcp.reassemble_out_of_order:TRUE",
    "-d", "l2tp.pw_type==0,eth",
    "-d", "mpls.label==18,pwethnocw",
    "-d", "udp.port==8472,vxlan",
)  # fmt: skip
ENDS = {4: ("10.45.0.2", "10.0.0.2"), 6: ("2001:db8::2", "2001:db8::5")}
FIELDS = (
    "frame.number", "sip.Call-ID", "mikey.csb_id", "diameter.hopbyhopid",
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport",
    "sctp.srcport", "sctp.dstport", "exported_pdu.ipv4_src", "exported_pdu.ipv4_dst", "exported_pdu.ipv6_src",
    "exported_pdu.ipv6_dst", "exported_pdu.src_port", "exported_pdu.dst_port",
)  # fmt: skip
NAMES = {"sip": "sip.Call-ID", "mikey": "mikey.csb_id", "diameter": "diameter.hopbyhopid"}
E = linktypes.EN10MB
WITHOUT_CONTROL_WORD = 18

serial = itertools.count(1)


def sip_message(number):
    return (
        "OPTIONS sip:bm-sc.example.com SIP/2.0\r\nVia: SIP/2.0/UDP ue.example.com;branch=z9hG4bK1\r\n"
        "From: <sip:ue@example.com>;tag=1\r\nTo: <sip:bm-sc@example.com>\r\n"
        f"Call-ID: call{number}@example.com\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def sip(version=4):
    """A SIP request like no other, in a datagram."""
    src, dst = ENDS[version]
    return udp(src, 5062, dst, 5060, sip_message(next(serial)))


def mikey(version=4):
    """A MIKEY message like no other (RFC 3830 6.1, 6.6), in a datagram."""
    src, dst = ENDS[version]
    return udp(src, 50000, dst, 2269, bytes.fromhex("01000500") + struct.pack("!IHHI", next(serial), 0, 2, 1))


def inners(*versions):
    for version in versions or (4, 6):
        yield sip(version)
        yield mikey(version)


def wrapped(link_type, wrap, *versions):
    """Frames of a link type, one for each inner packet."""
    return [(link_type, wrap(packet)) for packet in inners(*versions)]


def in_udp(port, wrap, *versions):
    """Frames of Ethernet with a tunnel in UDP, its outer packet of both versions."""
    return [
        (E, forge.frame(forge.in_udp(port, wrap(packet), ends), ends))
        for ends in (forge.ROUTERS, forge.ROUTERS_6)
        for packet in inners(*versions)
    ]


def in_ip(wrap, *versions):
    return [(E, forge.frame(wrap(packet))) for packet in inners(*versions)]


def type_of(packet):
    return int.from_bytes(forge.ethertype_of(packet), "big")


def esp():
    """Without encryption, as IMS AKA has it (TS 33.203), each SPI for the packets of one direction."""
    frames = []
    for spi, (version, ends) in enumerate(ENDS.items(), 257):
        sa = forge_esp.Sa(spi, mac="sha1", mac_key=bytes(20))
        sent = enumerate(inners(version), 1)
        frames += [forge.frame(forge_esp.transport(sa, number, packet, *ends), ends) for number, packet in sent]
    nat, gateways = forge_esp.Sa(512, mac="md5", mac_key=bytes(16)), forge_esp.Sa(513, mac="sha1", mac_key=bytes(20))
    for number, packet in enumerate(inners(4), 1):
        frames.append(forge.frame(forge_esp.traversal(nat, number, packet, *ENDS[4])))
    for number, packet in enumerate(inners(4, 6), 1):
        frames.append(forge.frame(forge_esp.tunnel(gateways, number, packet, *forge.ROUTERS)))
    return [(E, frame) for frame in frames]


def exported():
    ends = [(src, 5062, dst, 5060) for src, dst in ENDS.values()]
    frames = [forge.exported("sip", four, 3, sip_message(next(serial))) for four in ends]
    message = sip_message(next(serial))
    frames += [forge.exported("sip", ends[0], 2, message)]
    frames += [forge.exported("mikey", ends[0], 3, mikey()[28:]), forge.exported("ip", None, 3, sip())]
    return [(linktypes.WIRESHARK_UPPER_PDU, frame) for frame in frames]


def fragments(packet, ordered):
    return [(linktypes.RAW, part) for part in ordered(forge.fragments(packet, 64, next(serial)))]


def mixed(parts):
    """In another order, the first one twice."""
    return parts[1::2] + parts[:1] + parts[::2]


def tcp_segments():
    tape, (src, dst) = Tape(), ENDS[4]
    connection = Connection(tape, src, 5062, dst, 5060)
    time = connection.open(0)
    messages = sip_message(next(serial)) + sip_message(next(serial))
    for at in range(0, len(messages), 100):
        time = connection.send(time + 1000, messages[at : at + 100], by_client=True) + 1000
    frames = [frame for _, frame in tape.sorted()]
    frames[5], frames[6] = frames[6], frames[5]
    return [(E, frame) for frame in [*frames[:4], frames[3], *frames[4:]]]


def diameter(number):
    """A Device-Watchdog-Request (RFC 6733 5.5.1)."""
    avps = struct.pack("!II", 264, 0x4000000C) + b"host" + struct.pack("!II", 296, 0x4000000D) + b"realm\0\0\0"
    return struct.pack("!IIIII", 0x01000000 | 20 + len(avps), 0x80000118, 0, number, number) + avps


def tagged(frame, at):
    """A frame with a VLAN tag in the place of its Ethernet type."""
    return frame[:at] + b"\x81\x00\x00\x05" + frame[at:]


def sctp_chunks(tag=0x01020304, udp_port=None):
    (src, dst), tsn = ENDS[4], itertools.count(100)
    sent = [diameter(next(serial)) for _ in range(4)]
    one, other = forge.data_chunk(next(tsn), sent[0], stream=1), forge.data_chunk(next(tsn), sent[1], flags=7)
    parts = [sent[2][at : at + 16] for at in range(0, len(sent[2]), 16)]
    flags = [2, *[0] * (len(parts) - 2), 1]
    chunks = [forge.data_chunk(next(tsn), part, flags=flag, stream=2) for part, flag in zip(parts, flags, strict=True)]
    last = forge.data_chunk(next(tsn), sent[3], stream=1, sequence=1, ppid=0)
    sack = forge.chunk(3, struct.pack("!IIHH", 1, 65535, 0, 0))
    packets = [(one, other), (chunks[1],), (chunks[0], sack), (one,), *((chunk,) for chunk in chunks[2:]), (last,)]
    return [
        (E, forge.frame(forge.sctp(src, 3868, dst, 3868, *bundle, tag=tag, udp_port=udp_port), (src, dst)))
        for bundle in packets
    ]


@cache
def rows():
    """The frames of each row of docs/captures.md, by its name: link type and octets."""
    raw = ((linktypes.RAW, ()), (12, ()), (14, ()), (linktypes.IPV4, (4,)), (linktypes.IPV6, (6,)))
    return {
        "Ethernet II": wrapped(E, forge.frame),
        "IEEE 802.3 with LLC and SNAP": wrapped(E, forge.ethernet_snap),
        "LLC of IP": wrapped(E, forge.ethernet_llc, 4),
        "VLAN": wrapped(E, lambda packet: forge.vlan(packet, (0x8100, 5))),
        "QinQ": wrapped(E, lambda packet: forge.vlan(packet, (0x88A8, 5), (0x8100, 6))),
        "802.1ah": wrapped(E, lambda packet: forge.backbone(forge.frame(packet))),
        "MPLS": wrapped(E, lambda packet: forge.mpls(packet, 16, 17)),
        "MPLS pseudowire": [
            *wrapped(E, lambda packet: forge.mpls(bytes(4) + forge.frame(packet), 16)),
            *wrapped(E, lambda packet: forge.mpls(forge.frame(packet), WITHOUT_CONTROL_WORD)),
        ],
        "PPPoE": wrapped(E, lambda packet: forge.typed(0x8864, forge.pppoe(packet))),
        "SLL": [
            *wrapped(linktypes.LINUX_SLL, forge.sll),
            *wrapped(linktypes.LINUX_SLL, lambda packet: tagged(forge.sll(packet), 14)),
        ],
        "SLL2": wrapped(linktypes.LINUX_SLL2, forge.sll2),
        "NULL": [
            *wrapped(linktypes.NULL, forge.null),
            *wrapped(linktypes.NULL, lambda packet: forge.null(packet, order=">")),
        ],
        "LOOP": wrapped(linktypes.LOOP, lambda packet: forge.null(packet, order=">")),
        "RAW": [frame for number, versions in raw for frame in wrapped(number, bytes, *versions)],
        "PPP": wrapped(linktypes.PPP, forge.ppp),
        "PPP in HDLC": wrapped(linktypes.PPP_SERIAL, forge.ppp),
        "PPPoE without Ethernet": wrapped(linktypes.PPP_ETHER, forge.pppoe),
        "Cisco HDLC": wrapped(linktypes.C_HDLC, forge.hdlc),
        "Frame relay": [
            *wrapped(linktypes.FRELAY, forge.frame_relay),
            *wrapped(linktypes.FRELAY, lambda packet: forge.frame_relay(packet, snap=True)),
            *wrapped(linktypes.FRELAY, lambda packet: forge.frame_relay(packet, cisco=True)),
        ],
        "802.11": [
            *wrapped(linktypes.IEEE802_11, forge.wlan),
            *wrapped(linktypes.IEEE802_11, lambda packet: forge.wlan(packet, qos=False, both=True)),
            *wrapped(linktypes.IEEE802_11, forge.wlan_aggregate),
            (linktypes.IEEE802_11, forge.wlan_aggregate(sip(4), sip(4), sip(4))),
        ],
        "802.11 with radiotap": wrapped(linktypes.IEEE802_11_RADIO, lambda p: forge.radiotap(forge.wlan(p), tsft=True)),
        "pktap": wrapped(linktypes.PKTAP, lambda packet: forge.pktap(E, forge.frame(packet))),
        "PPI": [
            *wrapped(linktypes.PPI, lambda packet: forge.ppi(E, forge.frame(packet))),
            *wrapped(linktypes.PPI, lambda packet: forge.ppi(linktypes.IEEE802_11, forge.wlan(packet))),
        ],
        "NFLOG": wrapped(linktypes.NFLOG, forge.nflog),
        "exported PDUs": exported(),
        "IPv4 options": wrapped(linktypes.RAW, forge.v4_options, 4),
        "IPv6 extension headers": wrapped(linktypes.RAW, forge.v6_extensions, 6),
        "fragments": [
            *fragments(sip(4), list), *fragments(sip(4), mixed), *fragments(sip(6), reversed),
            *fragments(forge.in_udp(2152, forge.gtp(sip(4))), mixed),
        ],
        "IP in IP, 6in4": [
            (E, forge.frame(forge.ip_in_ip(packet, ends), ends))
            for ends in (forge.ROUTERS, forge.ROUTERS_6) for packet in inners()
        ],
        "GRE": [
            *in_ip(lambda packet: forge.gre(type_of(packet), packet)),
            *in_ip(lambda packet: forge.gre(type_of(packet), packet, key=5, sequence=6, summed=True)),
            *in_ip(lambda packet: forge.gre(0x6558, forge.frame(packet), key=5)),
            *in_ip(lambda packet: forge.gre(0x8847, forge.labels(16) + packet)),
        ],
        "PPTP": in_ip(forge.pptp),
        "ERSPAN I": in_ip(lambda packet: forge.erspan(1, forge.frame(packet))),
        "ERSPAN II": in_ip(lambda packet: forge.erspan(2, forge.frame(packet))),
        "ERSPAN III": [
            *in_ip(lambda packet: forge.erspan(3, forge.frame(packet))),
            *in_ip(lambda packet: forge.erspan(3, forge.frame(packet), platform=True)),
        ],
        "EtherIP": in_ip(lambda packet: forge.ether_ip(forge.frame(packet))),
        "MPLS in IP": in_ip(forge.mpls_in_ip),
        "GTP-U": [
            *in_udp(2152, forge.gtp),
            *in_udp(2152, lambda packet: forge.gtp(packet, sequence=7, extensions=b"\x01\x10\x09\x00")),
            *in_udp(2152, lambda packet: forge.gtp(forge.in_udp(2152, forge.gtp(packet)))),
        ],
        "VXLAN": [
            *in_udp(4789, lambda packet: forge.vxlan(forge.frame(packet))),
            *in_udp(8472, lambda packet: forge.vxlan(forge.vlan(packet, (0x8100, 5)), policy=True)),
        ],
        "VXLAN-GPE": [
            *in_udp(4790, lambda packet: forge.vxlan_gpe(packet, 1 if packet[0] >> 4 == 4 else 2)),
            *in_udp(4790, lambda packet: forge.vxlan_gpe(forge.frame(packet), 3)),
            *in_udp(4790, lambda packet: forge.vxlan_gpe(forge.labels(16) + packet, 5)),
        ],
        "Geneve": [
            *in_udp(6081, lambda packet: forge.geneve(0x6558, forge.frame(packet))),
            *in_udp(6081, lambda packet: forge.geneve(type_of(packet), packet, b"\x01\x02\x03\x01abcd")),
        ],
        "L2TPv2": [*in_udp(1701, forge.l2tp2), *in_udp(1701, lambda packet: forge.l2tp2(packet, long=True))],
        "L2TPv3": in_udp(1701, lambda packet: forge.l2tp3(forge.frame(packet))),
        "IPsec ESP": esp(),
        "TCP": tcp_segments(),
        "SCTP": sctp_chunks(),
        "SCTP in UDP": sctp_chunks(tag=5, udp_port=9899),
    }  # fmt: skip


TABLES = ("Link layers", "Network layer and tunnels", "Transport")
COUNTS = {
    "802.11": 15,
    "fragments": 4,
    "TCP": 2,
    "SCTP": 4,
    "SCTP in UDP": 4,
}  # messages, where they are not one a frame


def documented():
    """The names of the rows in those tables of docs/captures.md that are proven here."""
    text = (ROOT / "docs" / "captures.md").read_text()
    for part in re.split(r"^## ", text, flags=re.M):
        if part.partition("\n")[0] in TABLES:
            yield from re.findall(r"^\| ([^|]+?) +\|", part, flags=re.M)[1:]


def found_in(path):
    """What we find: frame, protocol, the field that tells messages apart, where from, where to."""
    (case,) = find_cases([str(path)])
    analysis = analyse(case)
    assert analysis.report.malformed == ()
    assert analysis.decoded.counts == {}
    for message in analysis.messages:
        payload, name = message.payload, NAMES[message.protocol]
        value = next(f.value for top in tree(message) for f in top.walk() if f.name == name)
        text = value if isinstance(value, str) else f"{value:#010x}"
        yield (payload.frame, message.protocol, text, payload.src, payload.sport, payload.dst, payload.dport)


@cache
def theirs():
    """What tshark finds in all rows, from one capture of them all: by row, as we do."""
    frames = [frame for row in rows().values() for frame in row]
    command = [str(TSHARK), "-n", *PREFERENCES, "-r", "-", "-T", "fields", "-E", "occurrence=a"]
    asked = [option for field in FIELDS for option in ("-e", field)]
    done = subprocess.run(
        [*command, *asked], input=forge.pcapng_of(frames), capture_output=True, check=True, timeout=60
    )
    lines = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.stdout.decode().splitlines()]
    assert len(lines) == len(frames)
    found, at = {}, 0
    for name, row in rows().items():
        found[name] = [told for line in lines[at : at + len(row)] for told in shown(line, at)]
        at += len(row)
    return found


def shown(line, before):
    """The messages in a line of tshark, with the innermost addresses and ports."""
    last = {field: values.split(",")[-1] for field, values in line.items()}
    for protocol, field in NAMES.items():
        ends = []
        for side in ("src", "dst"):
            inner = "ip" if ENDS[4][side == "dst"] == last[f"ip.{side}"] else "ipv6"
            address = last[f"{inner}.{side}"] or last[f"exported_pdu.ipv4_{side}"] or last[f"exported_pdu.ipv6_{side}"]
            ports = (last[f"{transport}.{side}port"] for transport in ("sctp", "tcp", "udp"))
            ends += [address, int(next(filter(None, ports), "") or last[f"exported_pdu.{side}_port"] or 0)]
        for value in filter(None, line[field].split(",")):
            yield (int(line["frame.number"]) - before, protocol, value, *ends)


def test_every_row_of_the_documentation_is_proven_here():
    assert list(documented()) == list(rows())


@pytest.mark.parametrize("name", rows())
def test_the_inner_messages_are_found_where_they_were_sent(name, tmp_path):
    frames = rows()[name]
    path = tmp_path / "capture.pcapng"
    path.write_bytes(forge.pcapng_of(frames))
    found = list(found_in(path))
    assert len(found) == COUNTS.get(name, len(frames))
    assert len({text for _, _, text, *_ in found}) == len(found)
    for _, _, _, src, _, dst, dport in found:
        assert (src, dst) in ENDS.values()
        assert dport in (5060, 2269, 3868)


@pytest.mark.parametrize("name", rows())
@needs_tshark
def test_tshark_finds_the_same(name, tmp_path):
    path = tmp_path / "capture.pcapng"
    path.write_bytes(forge.pcapng_of(rows()[name]))
    assert sorted(found_in(path)) == sorted(theirs()[name])


@needs_captures
@needs_tshark
def test_a_real_datagram_in_gtp_u_over_ipv6():
    path = CAPTURES / "gtpu_ipv6_vlan_ns.pcap"
    fields = ("ipv6.src", "udp.srcport", "ipv6.dst", "udp.dstport", "udp.payload")
    asked = [option for field in fields for option in ("-e", field)]
    command = [str(TSHARK), "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=l", *asked]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    (found,) = (item for frame in open_capture(str(path)) for item in Decoder().feed(frame))
    assert not isinstance(found, MediaPacket)
    assert [found.src, str(found.sport), found.dst, str(found.dport), found.data.hex()] == told
