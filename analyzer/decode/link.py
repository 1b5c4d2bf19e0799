"""Link layers: where in a frame its IP packet begins.

Read here and not by dpkt: its Ethernet, SLL and IP classes parse everything below them at once, without a limit on
nesting (a frame of IP in IP in IP … ends in RecursionError), and give up on octets that run out without saying where.
"""

from __future__ import annotations

from dpkt import ethernet

from analyzer.capture import linktypes
from analyzer.decode.packets import Broken

MAX_TAGS = 8  # VLAN tags of one frame

VLAN_TAGS = frozenset(
    {ethernet.ETH_TYPE_8021Q, ethernet.ETH_TYPE_8021AD, ethernet.ETH_TYPE_QINQ1, ethernet.ETH_TYPE_QINQ2}
)
IP_TYPES = frozenset({ethernet.ETH_TYPE_IP, ethernet.ETH_TYPE_IP6})
# AF_INET everywhere; AF_INET6 of NetBSD, FreeBSD, macOS and Linux
IP_FAMILIES = frozenset({2, 24, 28, 30, 10})
PPP_IP = frozenset({0x0021, 0x0057})
LENGTH_FIELD = 1500  # an Ethernet type up to here is a length (IEEE 802.3)
SNAP = b"\xaa\xaa\x03\x00\x00\x00"


def ip_offset(link_type: int, data: bytes) -> int | str:
    """Return the offset of the IP header in a frame, or why there is none; raises Broken where octets run out."""
    if link_type == linktypes.EN10MB:
        return _ethertype("eth", data, 12)
    if link_type == linktypes.LINUX_SLL:
        return _ethertype("sll", data, 14)
    if link_type == linktypes.LINUX_SLL2:
        return _ethertype("sll", data, 0, 20)
    if link_type in {linktypes.RAW, linktypes.IPV4, linktypes.IPV6, *linktypes.RAW_ALSO}:
        return 0
    if link_type in {linktypes.NULL, linktypes.LOOP}:
        return _family(data)
    if link_type == linktypes.PPP:
        return _ppp(data)
    return f"link type {linktypes.name(link_type)}"


def _ethertype(protocol: str, data: bytes, at: int, header: int = 0) -> int | str:
    """Follow the type at offset `at` through VLAN tags; the packet begins after it, or after `header` octets."""
    field = f"{protocol}.type"
    kind, pos = _u16(protocol, field, data, at), header or at + 2
    if protocol == "eth" and kind <= LENGTH_FIELD:
        if data[pos : pos + 6] != SNAP:
            return "llc"
        kind, pos = _u16(protocol, field, data, pos + 6), pos + 8
    for _ in range(MAX_TAGS):
        if kind in IP_TYPES:
            return pos
        if kind not in VLAN_TAGS:
            return "arp" if kind == ethernet.ETH_TYPE_ARP else f"ethertype 0x{kind:04x}"
        kind, pos = _u16("vlan", "vlan.etype", data, pos + 2), pos + 4
    return f"more than {MAX_TAGS} VLAN tags"


def _family(data: bytes) -> int | str:
    """NULL has the address family in the byte order of whoever captured, LOOP in that of the network."""
    if len(data) < 4:
        raise Broken("null", "null.family", 0, f"needs 4 octets, {len(data)} left")
    family = min(int.from_bytes(data[:4], "big"), int.from_bytes(data[:4], "little"))
    return 4 if family in IP_FAMILIES else f"address family {family}"


def _ppp(data: bytes) -> int | str:
    start = 2 if data[:2] == b"\xff\x03" else 0
    protocol = _u16("ppp", "ppp.protocol", data, start)
    return start + 2 if protocol in PPP_IP else f"ppp protocol 0x{protocol:04x}"


def _u16(protocol: str, field: str, data: bytes, at: int) -> int:
    if len(data) < at + 2:
        raise Broken(protocol, field, at, f"needs 2 octets, {max(len(data) - at, 0)} left")
    return data[at] << 8 | data[at + 1]
