"""Headers before IP packets: nobody's hardware address stays, and the packet is found where it was."""

import struct
from io import BytesIO

import pytest

from analyzer.anonymous import judged, leaks
from analyzer.anonymous.frames import Frames
from analyzer.anonymous.link_headers import ip_start, rewrite, strip
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.capture import linktypes
from analyzer.capture.case import find_cases
from analyzer.capture.frame import Frame
from analyzer.capture.reader import open_capture
from sample_pcaps import forge
from sample_pcaps import forge_tunnels as tunnels
from tests.analyzer.anonymous.conftest import SAMPLES

NAMES = Pseudonyms(b"secret")
MACS = [forge.mac_of(end) for end in tunnels.ROUTERS]
ETHERNET = linktypes.EN10MB


def kind(packet):
    return int.from_bytes(tunnels.ethertype_of(packet), "big")


def framed(wrap):
    return ETHERNET, lambda packet: tunnels.frame(wrap(packet))


def in_udp(port, wrap):
    return framed(lambda packet: tunnels.in_udp(port, wrap(packet)))


def authenticated(packet):
    """Put an authentication header (RFC 4302 2) before what an IPv4 packet carries."""
    head = bytes((packet[9], 4)) + bytes(2) + struct.pack("!II", 1, 1) + b"icv of 12 oc"
    return forge.ip_packet(*(".".join(map(str, packet[at : at + 4])) for at in (12, 16)), 51, head + packet[20:])


LINKS = {
    "VLAN": (ETHERNET, lambda packet: tunnels.vlan(packet, (0x88A8, 5), (0x8100, 6))),
    "SNAP": (ETHERNET, tunnels.ethernet_snap),
    "backbone": (ETHERNET, lambda packet: tunnels.backbone(tunnels.frame(packet))),
    "pseudowire": (ETHERNET, lambda packet: tunnels.mpls(bytes(4) + tunnels.frame(packet), 16)),
    "PPPoE": (ETHERNET, lambda packet: tunnels.typed(0x8864, tunnels.pppoe(packet))),
    "SLL": (linktypes.LINUX_SLL, tunnels.sll),
    "SLL2": (linktypes.LINUX_SLL2, tunnels.sll2),
    "NULL": (linktypes.NULL, tunnels.null),
    "frame relay": (linktypes.FRELAY, tunnels.frame_relay),
    "NFLOG": (linktypes.NFLOG, tunnels.nflog),
    "PPI": (linktypes.PPI, lambda packet: tunnels.ppi(ETHERNET, tunnels.frame(packet))),
    "pktap": (linktypes.PKTAP, lambda packet: tunnels.pktap(ETHERNET, tunnels.frame(packet))),
    "802.11": (linktypes.IEEE802_11, tunnels.wlan),
    "radiotap": (linktypes.IEEE802_11_RADIO, lambda packet: tunnels.radiotap(tunnels.wlan(packet), tsft=True)),
}
TUNNELS = {
    "IP in IP": framed(tunnels.ip_in_ip),
    "options": framed(tunnels.v4_options),
    "authenticated": framed(authenticated),
    "GRE": framed(lambda packet: tunnels.gre(kind(packet), packet, key=5, sequence=6)),
    "GRE with Ethernet": framed(lambda packet: tunnels.gre(0x6558, tunnels.frame(packet))),
    "PPTP": framed(tunnels.pptp),
    "ERSPAN": framed(lambda packet: tunnels.erspan(3, tunnels.frame(packet), platform=True)),
    "EtherIP": framed(lambda packet: tunnels.ether_ip(tunnels.frame(packet))),
    "MPLS in IP": framed(tunnels.mpls_in_ip),
    "VXLAN": in_udp(4789, lambda packet: tunnels.vxlan(tunnels.frame(packet))),
    "Geneve": in_udp(6081, lambda packet: tunnels.geneve(0x6558, tunnels.frame(packet), b"\x01\x02\x03\x01abcd")),
    "GTP-U": in_udp(2152, lambda packet: tunnels.gtp(packet, sequence=3, extensions=b"\x01\x10\x09\x00")),
    "GTP-U with Ethernet": in_udp(2152, lambda packet: tunnels.gtp(tunnels.frame(packet))),
    "L2TP": in_udp(1701, lambda packet: tunnels.l2tp2(packet, long=True)),
    "L2TPv3": in_udp(1701, lambda packet: tunnels.l2tp3(tunnels.frame(packet), cookie=b"\xa5" * 4)),
}


@pytest.mark.parametrize("name", LINKS)
def test_hardware_addresses_go_and_the_packet_is_where_it_was(name):
    link_type, wrap = LINKS[name]
    packet = forge.udp("10.0.0.1", 1, "10.0.0.2", 2, b"hello")
    before = wrap(packet)
    start = ip_start(link_type, before)
    made = bytearray(before)
    rewrite(NAMES, link_type, made, start)
    assert made[start:] == before[start:]
    assert ip_start(link_type, bytes(made)) == start
    assert not [mac for mac in MACS if mac in made]
    assert b"en0" not in made
    assert b"probe" not in made
    assert name in ("NULL", "frame relay", "NFLOG", "pktap") or any(mac in before for mac in MACS)


def test_one_address_has_one_pseudonym_in_all_headers():
    packet = forge.udp("10.0.0.1", 1, "10.0.0.2", 2, b"hello")
    made = [bytearray(LINKS[name][1](packet)) for name in ("VLAN", "SLL")]
    for name, data in zip(("VLAN", "SLL"), made, strict=True):
        rewrite(NAMES, LINKS[name][0], data, ip_start(LINKS[name][0], bytes(data)))
    assert made[0][6:12] == made[1][6:12] == NAMES.hardware(MACS[0])
    assert made[0][12:] == LINKS["VLAN"][1](packet)[12:]


def test_what_is_needed_stays():
    data = bytearray(b"xx\x03yy")
    strip(data, 4, lambda octets: octets[2])
    assert data == b"\0\0\x03\0y"


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (ETHERNET, tunnels.typed(0x0806, b"\0\1\x08\0\6\4\0\1" + MACS[0] + bytes(4) + MACS[1] + bytes(4))),  # ARP
        (ETHERNET, tunnels.typed(0x88CC, b"\x02\x07\x04" + MACS[0] + b"\x0a\x05probe")),  # LLDP
        (ETHERNET, MACS[0] + b"\x08"),  # cut
        (linktypes.LINUX_SLL, tunnels.sll(bytes(20))[:14] + b"\x08\x06" + MACS[0]),
        (linktypes.IEEE802_11, tunnels.wlan_aggregate(bytes(20), bytes(20))),
        (147, b"what is it " + MACS[0]),
    ],
)
def test_frames_without_an_ip_packet_keep_nothing(link_type, data):
    frames = Frames(NAMES, lambda octets: octets)
    frame = Frame(capture=0, number=1, time=1, interface=0, link_type=link_type, data=data, length=len(data))
    frames.look(frame)
    made = frames.made(frame)
    assert len(made) == len(data)
    assert not [mac for mac in MACS if mac in made]
    assert not any(made[14:])
    assert frames.counts["frames blanked"] == len(data) - (14 if link_type == ETHERNET and len(data) >= 14 else 0)


@pytest.mark.parametrize("name", [*LINKS, *TUNNELS])
def test_verdicts_stay_in_all_of_them(anonymise, tmp_path, name):
    link_type, wrap = {**LINKS, **TUNNELS}[name]
    story = SAMPLES / "http_good"
    frames = [(frame.time, wrap(frame.data[14:])) for frame in open_capture(str(story / "capture.pcapng"), 0)]
    head = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link_type)
    records = (struct.pack("<IIII", *divmod(time, 10**9), len(data), len(data)) + data for time, data in frames)
    (tmp_path / "capture.pcap").write_bytes(head + b"".join(records))
    (tmp_path / "keyring.toml").write_bytes((story / "keyring.toml").read_bytes())
    (tmp_path / "keyring.toml").chmod(0o600)
    (case,) = find_cases([str(tmp_path)])
    both = anonymise(case)
    assert judged(both.after.report) == judged(both.before.report)
    assert sum(judged(both.before.report).values()) > 200
    assert leaks(BytesIO(both.written), both.anonymiser.secrets()) == 0
    assert not [mac for mac in MACS if mac in both.written]
