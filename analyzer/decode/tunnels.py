"""Tunnels that carry packets in the clear: the inner IP packet.

Each function takes what an IP packet or a UDP datagram carries and returns the IP packet in it, or why there is none;
of a datagram that is none of the tunnel, whatever its port, None. Raises Broken where octets run out.
"""

from __future__ import annotations

from collections.abc import Callable

from dpkt import ip as dpkt_ip

from analyzer.decode import ethertype
from analyzer.decode.ip import begins_ip
from analyzer.decode.packets import Broken

GTP_PORT = 2152
GTP_HEADER = 8
G_PDU = 255
GTP_SIGNALS = frozenset({1, 2, 26, 31, 253, 254})  # TS 29.281 6.1
MAX_EXTENSIONS = 16  # extension headers of one G-PDU
ERSPAN_1_2, ERSPAN_3 = 0x88BE, 0x22EB
ERSPAN_HEADER, ERSPAN_3_HEADER, ERSPAN_PLATFORM = 8, 12, 8
ERSPAN_IP = 2  # frame type of ERSPAN III
VXLAN_HEADER, GENEVE_HEADER = 8, 8
GPE_FLAGS, GPE_NAMED = 0x0C, 0x04  # VXLAN-GPE: there is an instance, and the protocol is named
GPE_IP, GPE_ETHERNET, GPE_MPLS = frozenset({1, 2}), 3, 5
GENEVE_TYPES = ethertype.IP_TYPES | ethertype.MPLS | {ethertype.BRIDGED}
L2TP_CONTROL, L2TP_LENGTH, L2TP_SEQUENCE, L2TP_OFFSET, L2TP_RESERVED = 0x8000, 0x4000, 0x0800, 0x0200, 0x34F0
COOKIES = (0, 4, 8, 12)  # octets between session and packet in L2TPv3: cookie and sublayer, which only the ends know

SIGNALLING = "GTP-U messages without a user packet"
NOT_IP = "GTP-U packets that carry neither IP nor Ethernet"
CONTROL = "L2TP control messages"
UNGUESSED = "L2TPv3 packets whose content cannot be told"
ROUTED = "GRE with source routes"
KEEPALIVE = "GRE keep-alives"

Inner = bytes | str


def gre(data: bytes) -> Inner:
    """Read GRE (RFC 2784, 2890), that of PPTP (RFC 2637) and of ERSPAN."""
    _need("gre", "gre.flags_and_version", data, 0, 4)
    flags, kind = data[0] << 8 | data[1], data[2] << 8 | data[3]
    if flags & 0x4000:
        return ROUTED
    version = flags & 7
    if version > 1:
        return f"GRE of version {version}"
    sequenced = bool(flags & 0x1000)
    size = 4 + 4 * bool(flags & 0x8000) + 4 * bool(flags & 0x2000) + 4 * sequenced
    size += 4 * (version == 1 and bool(flags & 0x0080))
    _need("gre", "gre.flags_and_version", data, 0, size)
    if len(data) == size or kind == 0:
        return KEEPALIVE
    if kind in (ERSPAN_1_2, ERSPAN_3):
        return _erspan(data, size, kind, sequenced)
    return _from(data, ethertype.by_type(kind, data, size))


def ether_ip(data: bytes) -> Inner:
    """Read EtherIP (RFC 3378): two octets and an Ethernet frame."""
    return _from(data, ethertype.ethernet(data, 2))


def mpls(data: bytes) -> Inner:
    """Read MPLS in IP (RFC 4023)."""
    return _from(data, ethertype.mpls(data, 0))


def l2tp_in_ip(data: bytes) -> Inner:
    """Read L2TPv3 right in IP (RFC 3931 4.1.1)."""
    _need("l2tp", "l2tp.sid", data, 0, 4)
    return _pseudowire(data, 4) if any(data[:4]) else CONTROL


def gtp(data: bytes) -> Inner | None:
    """Read a G-PDU (TS 29.281 5.1)."""
    if len(data) < GTP_HEADER or data[0] >> 4 != 3:
        return None
    if data[1] != G_PDU:
        return SIGNALLING if data[1] in GTP_SIGNALS else None
    # A length that is off costs nothing: the inner packet has one of its own
    pos = GTP_HEADER
    if data[0] & 7:
        pos += 4
        following = data[pos - 1 : pos] if data[0] & 4 else b"\x00"
        for _ in range(MAX_EXTENSIONS):
            if following in (b"", b"\x00"):
                break
            size = data[pos] * 4 if pos < len(data) else 0
            if not size:
                return None
            pos += size
            following = data[pos - 1 : pos]
    inner = data[pos:]
    if ethertype.is_ethernet(inner, 0) and not begins_ip(inner, 0):  # a PDU session of type Ethernet
        return _from(inner, ethertype.ethernet(inner))
    return inner if inner and inner[0] >> 4 in (4, 6) else NOT_IP


def vxlan(data: bytes) -> Inner | None:
    """Read VXLAN (RFC 7348 5), with the group policy extension or without."""
    if len(data) < VXLAN_HEADER or data[0] & 0x7F != 0x08 or data[7]:
        return None
    return _from(data, ethertype.ethernet(data, VXLAN_HEADER))


def vxlan_gpe(data: bytes) -> Inner | None:
    """Read VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe 3), which names the protocol of what it carries."""
    if len(data) < VXLAN_HEADER or data[0] & 0xFC & ~GPE_FLAGS or data[1] or data[2] or data[7]:
        return None
    kind = data[3] if data[0] & GPE_NAMED else GPE_ETHERNET
    if kind in GPE_IP:
        return data[VXLAN_HEADER:]
    if kind == GPE_ETHERNET:
        return _from(data, ethertype.ethernet(data, VXLAN_HEADER))
    if kind == GPE_MPLS:
        return _from(data, ethertype.mpls(data, VXLAN_HEADER))
    return f"VXLAN-GPE of protocol {kind}" if data[0] & 0x08 else None


def geneve(data: bytes) -> Inner | None:
    """Read Geneve of version 0 (RFC 8926 3.4)."""
    if len(data) < GENEVE_HEADER or data[0] >> 6 or data[1] & 0x3F or data[7]:
        return None
    kind, size = data[2] << 8 | data[3], GENEVE_HEADER + (data[0] & 0x3F) * 4
    if kind not in GENEVE_TYPES:
        return None
    _need("geneve", "geneve.option_length", data, 0, size)
    return _from(data, ethertype.by_type(kind, data, size))


def l2tp(data: bytes) -> Inner | None:
    """Read L2TP in UDP, of version 2 (RFC 2661 3.1) or 3 (RFC 3931 4.1.2)."""
    if len(data) < 6:
        return None
    flags, version = data[0] << 8 | data[1], data[1] & 0x0F
    if version not in (2, 3) or flags & L2TP_RESERVED:
        return None
    if flags & L2TP_CONTROL:
        return CONTROL
    if version == 3:
        return None if flags != version or any(data[2:4]) else _pseudowire(data, 8)
    size = 6 + 2 * bool(flags & L2TP_LENGTH) + 4 * bool(flags & L2TP_SEQUENCE)
    if flags & L2TP_OFFSET:
        size += 2 + ethertype.u16("l2tp", "l2tp.offset", data, size)
    _need("l2tp", "l2tp.type", data, 0, size)
    return _from(data, ethertype.ppp(data, size))


def _erspan(data: bytes, at: int, kind: int, sequenced: bool) -> Inner:
    """Read ERSPAN I, II or III (draft-foschiano-erspan 4): a mirrored frame behind its header."""
    if kind == ERSPAN_1_2:
        # Type I has no header of its own, and its GRE no sequence number
        return _from(data, ethertype.ethernet(data, at + (ERSPAN_HEADER if sequenced else 0)))
    _need("erspan", "erspan.version", data, at, ERSPAN_3_HEADER)
    version, last = data[at] >> 4, data[at + 10] << 8 | data[at + 11]
    if version != 2:
        return f"ERSPAN of version {version}"
    begin = at + ERSPAN_3_HEADER + (ERSPAN_PLATFORM if last & 1 else 0)
    if last >> 10 & 0x1F == ERSPAN_IP:
        return data[begin:]
    return _from(data, ethertype.ethernet(data, begin))


def _pseudowire(data: bytes, session_end: int) -> Inner:
    """Find what an L2TPv3 session carries: the first place where IP, Ethernet or PPP can begin."""
    for cookie in COOKIES:
        at = session_end + cookie
        if begins_ip(data, at):
            return data[at:]
        if ethertype.is_ethernet(data, at):
            return _from(data, ethertype.ethernet(data, at))
        if data[at : at + 4] in (b"\xff\x03\x00\x21", b"\xff\x03\x00\x57"):
            return data[at + 4 :]
    return UNGUESSED


def _from(data: bytes, found: int | str) -> Inner:
    return found if isinstance(found, str) else data[found:]


def _need(protocol: str, field: str, data: bytes, at: int, size: int) -> None:
    if len(data) < at + size:
        raise Broken(protocol, field, at, f"needs {size} octets, {max(len(data) - at, 0)} left")


IN_IP: dict[int, Callable[[bytes], Inner]] = {
    dpkt_ip.IP_PROTO_GRE: gre,
    97: ether_ip,
    115: l2tp_in_ip,
    137: mpls,
}
IN_UDP: dict[int, Callable[[bytes], Inner | None]] = {
    GTP_PORT: gtp,
    4789: vxlan,
    4790: vxlan_gpe,
    8472: vxlan,
    6081: geneve,
    1701: l2tp,
}
# What a leg calls them
NAMES_IN_IP = {dpkt_ip.IP_PROTO_GRE: "GRE", 97: "EtherIP", 115: "L2TPv3", 137: "MPLS in IP"}
NAMES_IN_UDP = {GTP_PORT: "GTP-U", 4789: "VXLAN", 8472: "VXLAN", 4790: "VXLAN-GPE", 6081: "Geneve", 1701: "L2TP"}
