"""The outer layers octet by octet: link layers, tunnels, SCTP, and pcap files of any link type.

What is wrapped is an IP packet of `forge`, or a frame where a layer carries Ethernet.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import ip_address

from sample_pcaps.forge import SECOND, checksum, ethernet, ip_packet, mac_of, udp

ROUTERS = ("192.0.2.1", "192.0.2.2")
ROUTERS_6 = ("2001:db8:ff::1", "2001:db8:ff::2")
IPV4, IPV6, BRIDGED = 0x0800, 0x86DD, 0x6558
PPP_IPV4, PPP_IPV6 = 0x0021, 0x0057
LLC_SNAP = b"\xaa\xaa\x03\x00\x00\x00"


def ethertype_of(packet: bytes) -> bytes:
    return struct.pack("!H", IPV4 if packet[0] >> 4 == 4 else IPV6)


def frame(packet: bytes, ends: tuple[str, str] = ROUTERS) -> bytes:
    """Return an Ethernet frame between two routers."""
    return ethernet(*ends, packet)


def typed(kind: int, rest: bytes) -> bytes:
    """Return an Ethernet frame of a type."""
    return mac_of(ROUTERS[1]) + mac_of(ROUTERS[0]) + struct.pack("!H", kind) + rest


# ------------------------------------------------------------------------------------------------ link layers


def vlan(packet: bytes, *tags: tuple[int, int]) -> bytes:
    """Return an Ethernet frame with VLAN tags: Ethernet type and VLAN of each."""
    head = b"".join(struct.pack("!HH", kind, number) for kind, number in tags)
    return mac_of(ROUTERS[1]) + mac_of(ROUTERS[0]) + head + ethertype_of(packet) + packet


def ethernet_snap(packet: bytes) -> bytes:
    """Return a frame of IEEE 802.3 with LLC and SNAP."""
    rest = LLC_SNAP + ethertype_of(packet) + packet
    return typed(len(rest), rest)


def ethernet_llc(packet: bytes) -> bytes:
    """Return a frame of IEEE 802.3 with LLC for IP alone (RFC 948)."""
    return typed(3 + len(packet), b"\x06\x06\x03" + packet)


def backbone(frame: bytes) -> bytes:
    """Return a provider backbone's frame (IEEE 802.1ah) with a backbone tag, around a customer's."""
    return typed(0x88A8, struct.pack("!HHI", 5, 0x88E7, 0x000ABC) + frame)


def labels(*numbers: int) -> bytes:
    """Return an MPLS label stack (RFC 3032 2.1)."""
    last = len(numbers) - 1
    return b"".join(struct.pack("!I", n << 12 | (0x100 if i == last else 0) | 64) for i, n in enumerate(numbers))


def mpls(rest: bytes, *numbers: int) -> bytes:
    return typed(0x8847, labels(*numbers) + rest)


def ppp(packet: bytes, *, address: bool = True, short: bool = False) -> bytes:
    """Return PPP (RFC 1661, 1662): with address and control or without, the protocol in one octet or two."""
    protocol = PPP_IPV4 if packet[0] >> 4 == 4 else PPP_IPV6
    return (b"\xff\x03" if address else b"") + protocol.to_bytes(1 if short else 2, "big") + packet


def pppoe(packet: bytes) -> bytes:
    """Return the header of a PPPoE session (RFC 2516 4) and PPP."""
    inner = ppp(packet, address=False)
    return struct.pack("!BBHH", 0x11, 0, 1, len(inner)) + inner


def sll(packet: bytes) -> bytes:
    return struct.pack("!HHH8s", 0, 1, 6, mac_of(ROUTERS[0])) + ethertype_of(packet) + packet


def sll2(packet: bytes) -> bytes:
    return ethertype_of(packet) + struct.pack("!HIHBB8s", 0, 2, 1, 0, 6, mac_of(ROUTERS[0])) + packet


def null(packet: bytes, *, order: str = "<") -> bytes:
    """Return the loopback of BSD: address family in the order of the machine."""
    return struct.pack(f"{order}I", 2 if packet[0] >> 4 == 4 else 30) + packet


def hdlc(packet: bytes) -> bytes:
    """Return Cisco's HDLC."""
    return b"\x0f\x00" + ethertype_of(packet) + packet


def frame_relay(packet: bytes, *, cisco: bool = False, snap: bool = False) -> bytes:
    """Return frame relay with the headers of RFC 2427, or with Cisco's."""
    if cisco:
        return b"\x18\x41" + ethertype_of(packet) + packet
    if snap:
        return b"\x18\x41\x03\x00\x80" + bytes(3) + ethertype_of(packet) + packet
    return b"\x18\x41\x03" + (b"\xcc" if packet[0] >> 4 == 4 else b"\x8e") + packet


def nflog(packet: bytes, *, order: str = "<") -> bytes:
    """Return a record of Linux's NFLOG, its attributes in the order of the machine."""
    attributes = ((1, bytes(4)), (10, b"probe\0"), (9, packet))
    told = [struct.pack(f"{order}HH", 4 + len(value), kind) + value for kind, value in attributes]
    head = struct.pack("!BBH", 2 if packet[0] >> 4 == 4 else 10, 0, 5)
    return head + b"".join(one + b"\0" * (-len(one) % 4) for one in told)


def ppi(link_type: int, frame: bytes) -> bytes:
    """Return CACE's per-packet information with a field of its own, and a frame of the link type."""
    return struct.pack("<BBHIHH4x", 0, 0, 16, link_type, 6, 4) + frame


def wlan(packet: bytes, *, qos: bool = True, both: bool = False, order: bool = False) -> bytes:
    """Return an 802.11 data frame from a station, or between two stations of the distribution system."""
    one, other = (mac_of(end) for end in ROUTERS)
    flags = (0x03 if both else 0x01) | (0x80 if order else 0)
    head = struct.pack("<BBH", 0x88 if qos else 0x08, flags, 0) + other + one + other + b"\x10\x00"
    head += one if both else b""
    if qos:
        head += bytes(2) + (bytes(4) if order else b"")
    return head + LLC_SNAP + ethertype_of(packet) + packet


def wlan_aggregate(*packets: bytes) -> bytes:
    """Return an 802.11 frame with several packets (A-MSDU), each but the last filled up to 4 octets."""
    one, other = (mac_of(end) for end in ROUTERS)
    frame = struct.pack("<BBH", 0x88, 0x01, 0) + other + one + other + b"\x10\x00" + b"\x80\x00"
    body = b""
    for packet in packets:
        body += bytes(-len(body) % 4) + other + one + struct.pack("!H", 8 + len(packet))
        body += LLC_SNAP + ethertype_of(packet) + packet
    return frame + body


def radiotap(frame: bytes, *, padded: bool = False, tsft: bool = False, damaged: bool = False) -> bytes:
    """Return a radiotap header with flags, and the frame."""
    flags = (0x20 if padded else 0) | (0x40 if damaged else 0)
    values = (bytes(8) if tsft else b"") + bytes((flags,))
    return struct.pack("<BBHI", 0, 0, 8 + len(values), 3 if tsft else 2) + values + frame


def pktap(link_type: int, frame: bytes) -> bytes:
    """Return a header of macOS's pktap, and a frame of the link type."""
    head = struct.pack("<III24sIIII", 108, 1, link_type, b"en0", 0, 2, 0, 0)
    return head.ljust(108, b"\0") + frame


def exported(protocol: str, ends: tuple[str, int, str, int] | None, transport: int, data: bytes) -> bytes:
    """Return an exported PDU with its tags; `transport` is 1 SCTP, 2 TCP, 3 UDP."""
    tags = _tag(12, protocol.encode())
    if ends is not None:
        src, sport, dst, dport = ends
        one, other = ip_address(src), ip_address(dst)
        kinds = (20, 21) if one.version == 4 else (22, 23)
        tags += _tag(kinds[0], one.packed) + _tag(kinds[1], other.packed)
        tags += _tag(24, struct.pack("!I", transport))
        tags += _tag(25, struct.pack("!I", sport)) + _tag(26, struct.pack("!I", dport))
    return tags + bytes(4) + data


def _tag(kind: int, value: bytes) -> bytes:
    padded = value + b"\0" * (-len(value) % 4)
    return struct.pack("!HH", kind, len(padded)) + padded


# ------------------------------------------------------------------------------------------------ network layer


def v4_options(packet: bytes) -> bytes:
    """Return an IPv4 packet with a router alert and an end of options (RFC 2113)."""
    head = bytearray(packet[:20]) + b"\x94\x04\x00\x00" + bytes(4)
    head[0] = 0x47
    head[2:4] = struct.pack("!H", len(packet) + 8)
    head[10:12] = bytes(2)
    head[10:12] = struct.pack("!H", checksum(bytes(head)))
    return bytes(head) + packet[20:]


def v6_extensions(packet: bytes) -> bytes:
    """Return an IPv6 packet with hop-by-hop, destination and routing headers (RFC 8200 4)."""
    options = b"\x01\x04" + bytes(4)  # PadN
    segments = bytes((packet[6], 2, 4, 0)) + bytes(4) + packet[24:40]  # one, and it is done (RFC 8754 2)
    headers = bytes((60, 0)) + options + bytes((43, 0)) + options + segments
    length = struct.pack("!H", len(packet) - 40 + len(headers))
    return packet[:4] + length + b"\x00" + packet[7:40] + headers + packet[40:]


def ip_in_ip(packet: bytes, ends: tuple[str, str] = ROUTERS) -> bytes:
    return ip_packet(*ends, 4 if packet[0] >> 4 == 4 else 41, packet)


def gre(kind: int, rest: bytes, *, key: int | None = None, sequence: int | None = None, summed: bool = False) -> bytes:
    """Return GRE (RFC 2784, 2890) in IP."""
    flags = (0x8000 if summed else 0) | (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    optional = b"".join(struct.pack("!I", value) for value in (key, sequence) if value is not None)
    head = struct.pack("!HH", flags, kind)
    if summed:
        head += struct.pack("!HH", checksum(head + bytes(4) + optional + rest), 0)
    return ip_packet(*ROUTERS, 47, head + optional + rest)


def pptp(packet: bytes) -> bytes:
    """Return the GRE of PPTP (RFC 2637 4.1) in IP."""
    inner = ppp(packet)
    return ip_packet(*ROUTERS, 47, struct.pack("!HHHHII", 0x3081, 0x880B, len(inner), 1, 1, 1) + inner)


def erspan(version: int, frame: bytes, *, platform: bool = False) -> bytes:
    """Return a mirrored frame in ERSPAN I, II or III in GRE."""
    if version == 1:
        return gre(0x88BE, frame)
    if version == 2:
        return gre(0x88BE, struct.pack("!HHI", 0x1000, 1, 0) + frame, sequence=1)
    head = struct.pack("!HHIHH", 0x2000, 1, 0, 0, 1 if platform else 0)
    return gre(0x22EB, head + (bytes(8) if platform else b"") + frame, sequence=1)


def ether_ip(frame: bytes) -> bytes:
    return ip_packet(*ROUTERS, 97, b"\x30\x00" + frame)


def mpls_in_ip(packet: bytes) -> bytes:
    return ip_packet(*ROUTERS, 137, labels(16) + packet)


def fragments(packet: bytes, size: int, ident: int) -> list[bytes]:
    """Return an IP packet without options in fragments of so many octets, a multiple of 8."""
    v4 = packet[0] >> 4 == 4
    header, body = (packet[:20], packet[20:]) if v4 else (packet[:40], packet[40:])
    parts = []
    for at in range(0, len(body), size):
        part, more = body[at : at + size], at + size < len(body)
        if v4:
            head = header[:2] + struct.pack("!HHH", 20 + len(part), ident & 0xFFFF, more << 13 | at // 8) + header[8:10]
            parts.append(head + struct.pack("!H", checksum(head + bytes(2) + header[12:])) + header[12:] + part)
        else:  # RFC 8200 4.5
            head = header[:4] + struct.pack("!HB", 8 + len(part), 44) + header[7:]
            parts.append(head + struct.pack("!BxHI", header[6], at | more, ident) + part)
    return parts


# ------------------------------------------------------------------------------------------------ in UDP


def in_udp(port: int, octets: bytes, ends: tuple[str, str] = ROUTERS) -> bytes:
    return udp(ends[0], 49152, ends[1], port, octets)


def vxlan(frame: bytes, *, policy: bool = False) -> bytes:
    """Return VXLAN (RFC 7348 5), with a group policy or without."""
    return struct.pack("!BBHI", 0x88 if policy else 0x08, 0, 7 if policy else 0, 5 << 8) + frame


def vxlan_gpe(rest: bytes, kind: int = 0) -> bytes:
    """Return VXLAN-GPE: 1 IPv4, 2 IPv6, 3 Ethernet, 5 MPLS; 0 names no protocol."""
    return struct.pack("!BxxBI", 0x0C if kind else 0x08, kind, 5 << 8) + rest


def geneve(kind: int, rest: bytes, options: bytes = b"") -> bytes:
    """Return Geneve (RFC 8926 3.4); `options` in multiples of 4 octets."""
    return struct.pack("!BBHI", len(options) // 4, 0, kind, 5 << 8) + options + rest


def gtp(packet: bytes, *, sequence: int | None = None, extensions: bytes = b"") -> bytes:
    """Return a G-PDU (TS 29.281 5.1); `extensions` as on the wire, their first type 0x85."""
    first = 0x30 | (4 if extensions else 0) | (2 if sequence is not None else 0)
    optional = b""
    if first & 7:
        optional = struct.pack("!HBB", sequence or 0, 0, 0x85 if extensions else 0) + extensions
    return struct.pack("!BBHI", first, 255, len(optional) + len(packet), 1) + optional + packet


def l2tp2(packet: bytes, *, long: bool = False) -> bytes:
    """Return an L2TPv2 data message (RFC 2661 3.1) with PPP, bare or with every optional field."""
    inner = ppp(packet)
    if not long:
        return struct.pack("!HHH", 0x0002, 1, 2) + inner
    return struct.pack("!HHHHHHH", 0x4A02, 16 + len(inner), 1, 2, 1, 1, 2) + bytes(2) + inner


def l2tp3(rest: bytes, *, cookie: bytes = b"") -> bytes:
    """Return an L2TPv3 data message in UDP (RFC 3931 4.1.2)."""
    return struct.pack("!HHI", 0x0003, 0, 1) + cookie + rest


def icmp_error(src: str, dst: str, kind: int, code: int, quoted: bytes) -> bytes:
    """Return an ICMP or ICMPv6 error that quotes a packet; the checksum is that of ICMP for IPv4, 0 for IPv6."""
    head = struct.pack("!BBHI", kind, code, 0, 0)
    v4 = ":" not in src
    if v4:
        head = struct.pack("!BBHI", kind, code, checksum(head + quoted), 0)
    return ip_packet(src, dst, 1 if v4 else 58, head + quoted)


# ------------------------------------------------------------------------------------------------ SCTP


def data_chunk(
    tsn: int, data: bytes, *, flags: int = 3, stream: int = 0, sequence: int = 0, ppid: int = 46
) -> bytes:  # fmt: skip
    """Return a DATA chunk (RFC 9260 3.3.1); `flags` are U 4, B 2, E 1."""
    head = struct.pack("!BBHIHHI", 0, flags, 16 + len(data), tsn & 0xFFFFFFFF, stream, sequence, ppid)
    return head + data + b"\0" * (-len(data) % 4)


def chunk(kind: int, value: bytes, flags: int = 0) -> bytes:
    return struct.pack("!BBH", kind, flags, 4 + len(value)) + value + b"\0" * (-len(value) % 4)


def sctp(
    src: str, sport: int, dst: str, dport: int, *chunks: bytes, tag: int = 0x01020304, udp_port: int | None = None
) -> bytes:  # fmt: skip
    """Return an SCTP packet in IP, with its CRC32c; or in UDP (RFC 6951)."""
    head = struct.pack("!HHI", sport, dport, tag)
    whole = b"".join(chunks)
    packet = head + struct.pack("<I", crc32c(head + bytes(4) + whole)) + whole
    return ip_packet(src, dst, 132, packet) if udp_port is None else udp(src, udp_port, dst, udp_port, packet)


def crc32c(octets: bytes) -> int:
    """Return the CRC32c (RFC 9260 Appendix A)."""
    value = 0xFFFFFFFF
    for octet in octets:
        value = value >> 8 ^ _CRC32C[(value ^ octet) & 0xFF]
    return value ^ 0xFFFFFFFF


def _remainder(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


_CRC32C = tuple(map(_remainder, range(256)))


# ------------------------------------------------------------------------------------------------ files


def pcap_of(link_type: int, frames: Iterable[bytes], first: int = 1_700_000_000 * SECOND) -> bytes:
    """Return a pcap file of frames of a link type, a millisecond apart."""
    file = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type))
    for number, octets in enumerate(frames):
        time = first + number * SECOND // 1000
        file += struct.pack("<IIII", time // SECOND, time % SECOND // 1000, len(octets), len(octets)) + octets
    return bytes(file)


def pcapng_of(frames: Iterable[tuple[int, bytes]], first: int = 1_700_000_000 * SECOND) -> bytes:
    """Return a pcapng file of frames, each with its link type, a millisecond apart; an interface for each link type."""
    file = bytearray(_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
    interfaces: dict[int, int] = {}
    for number, (link_type, octets) in enumerate(frames):
        if link_type not in interfaces:
            interfaces[link_type] = len(interfaces)
            file += _block(1, struct.pack("<HHIHHB3xHH", link_type, 0, 262144, 9, 1, 9, 0, 0))
        time = first + number * SECOND // 1000
        start = struct.pack("<IIIII", interfaces[link_type], time >> 32, time & 0xFFFFFFFF, len(octets), len(octets))
        file += _block(6, start + octets)
    return bytes(file)


def _block(kind: int, body: bytes) -> bytes:
    padded = body + b"\0" * (-len(body) % 4)
    size = struct.pack("<I", 12 + len(padded))
    return struct.pack("<I", kind) + size + padded + size
