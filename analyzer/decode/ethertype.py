"""From an Ethernet, LLC or PPP header, or an Ethernet type, to the IP packet: VLAN, MPLS, PPPoE and what is alike.

Read here and not by dpkt: its Ethernet, SLL and IP classes parse everything below them at once, without a limit on
nesting (a frame of IP in IP in IP … ends in RecursionError), and give up on octets that run out without saying where.

Each function takes a frame and the offset where its header begins, and returns the offset of the IP header or why
there is none; it raises Broken where octets run out. `layers` are the headers of this kind around it.
"""

from __future__ import annotations

from dpkt import ethernet as dpkt_ethernet

from analyzer.decode.ip import begins_ip
from analyzer.decode.packets import Broken

MAX_LAYERS = 8  # VLAN tags, label stacks, pseudowires and sessions one in the other
MAX_LABELS = 16  # of one MPLS label stack

ARP, BRIDGED, PPP, BACKBONE = dpkt_ethernet.ETH_TYPE_ARP, 0x6558, 0x880B, 0x88E7
PPPOE_DISCOVERY, PPPOE_SESSION = 0x8863, 0x8864
VLAN_TAGS = frozenset({
    dpkt_ethernet.ETH_TYPE_8021Q, dpkt_ethernet.ETH_TYPE_8021AD,
    dpkt_ethernet.ETH_TYPE_QINQ1, dpkt_ethernet.ETH_TYPE_QINQ2,
})  # fmt: skip
IP_TYPES = frozenset({dpkt_ethernet.ETH_TYPE_IP, dpkt_ethernet.ETH_TYPE_IP6})
MPLS = frozenset({0x8847, 0x8848})
ETHERNET_TYPES = IP_TYPES | VLAN_TAGS | MPLS | {PPPOE_SESSION, BACKBONE, ARP}  # as nothing else speaks for Ethernet
# Why frames of these are not looked at
UNREAD = {
    ARP: "arp",
    0x88CC: "LLDP",
    0x88E5: "MACsec, which is not opened",
    0x888E: "EAPOL",
    0x8809: "slow protocols (LACP and others)",
    PPPOE_DISCOVERY: "PPPoE discovery",
}
LENGTH_FIELD = 1500  # an Ethernet type up to here is a length (IEEE 802.3)
SNAP = frozenset({b"\xaa\xaa\x03\x00\x00\x00", b"\xaa\xaa\x03\x00\x00\xf8"})  # RFC 1042, and bridges' own
LLC_IP = b"\x06\x06\x03"  # RFC 948
ETHERNET_HEADER, PPPOE_HEADER, VLAN_TAG, LABEL, SERVICE_TAG = 14, 6, 4, 4, 4
PPP_IP, PPP_MPLS = frozenset({0x0021, 0x0057}), frozenset({0x0281, 0x0283})
CONTROL_WORD = 4
TOO_MANY = f"more than {MAX_LAYERS} headers before the IP packet"
TOO_MANY_LABELS = f"more than {MAX_LABELS} MPLS labels"
NOT_IP = "MPLS that carries neither IP nor Ethernet"


def ethernet(data: bytes, at: int = 0, layers: int = 0) -> int | str:
    """Read an Ethernet frame, or one of IEEE 802.3 with LLC and SNAP."""
    kind = u16("eth", "eth.type", data, at + 12)
    if kind <= LENGTH_FIELD:
        return llc(data, at + ETHERNET_HEADER, layers)
    return by_type(kind, data, at + ETHERNET_HEADER, layers)


def llc(data: bytes, at: int, layers: int = 0) -> int | str:
    """Read an LLC header (IEEE 802.2) with SNAP, or that of IP alone; others carry no IP."""
    if data[at : at + 3] == LLC_IP:
        return at + 3
    if data[at : at + 6] not in SNAP:
        return "llc"
    return by_type(u16("llc", "llc.type", data, at + 6), data, at + 8, layers)


def by_type(kind: int, data: bytes, at: int, layers: int = 0) -> int | str:
    """Read what follows an Ethernet type."""
    if kind in IP_TYPES:
        return at
    if layers >= MAX_LAYERS:
        return TOO_MANY
    if kind in VLAN_TAGS:
        return by_type(u16("vlan", "vlan.etype", data, at + 2), data, at + VLAN_TAG, layers + 1)
    if kind in MPLS:
        return mpls(data, at, layers + 1)
    if kind == PPPOE_SESSION:
        return pppoe(data, at, layers + 1)
    if kind == BRIDGED:
        return ethernet(data, at, layers + 1)
    if kind == BACKBONE:  # IEEE 802.1ah: the tag of a service, and the customer's frame
        return ethernet(data, at + SERVICE_TAG, layers + 1)
    if kind == PPP:
        return ppp(data, at, layers + 1)
    return UNREAD.get(kind, f"ethertype 0x{kind:04x}")


def mpls(data: bytes, at: int, layers: int = 0) -> int | str:
    """Step over a label stack (RFC 3032); what it carries is not named there, so it is guessed as routers do."""
    for _ in range(MAX_LABELS):
        if len(data) < at + LABEL:
            raise Broken("mpls", "mpls.label", at, f"needs {LABEL} octets, {max(len(data) - at, 0)} left")
        bottom, at = data[at + 2] & 1, at + LABEL
        if bottom:
            break
    else:
        return TOO_MANY_LABELS
    if begins_ip(data, at):
        return at
    # RFC 4385 3: the control word of a pseudowire begins with 0, the associated channel with 1
    for begin in (at + CONTROL_WORD, at) if data[at : at + 1] < b"\x10" else (at,):
        if is_ethernet(data, begin):
            return ethernet(data, begin, layers)
    return at if data[at : at + 1] and data[at] >> 4 in (4, 6) else NOT_IP


def pppoe(data: bytes, at: int, layers: int = 0) -> int | str:
    """Read the header of a PPPoE session (RFC 2516 4)."""
    if len(data) < at + PPPOE_HEADER:
        raise Broken("pppoes", "pppoe.type", at, f"needs {PPPOE_HEADER} octets, {max(len(data) - at, 0)} left")
    return UNREAD[PPPOE_DISCOVERY] if data[at + 1] else ppp(data, at + PPPOE_HEADER, layers)


def ppp(data: bytes, at: int = 0, layers: int = 0) -> int | str:
    """Read PPP, with address and control or without, its protocol in two octets or in one (RFC 1661 6.5)."""
    if data[at : at + 2] == b"\xff\x03":
        at += 2
    protocol = data[at] if at < len(data) and data[at] & 1 else u16("ppp", "ppp.protocol", data, at)
    at += 1 if protocol & 0xFF00 == 0 and data[at] & 1 else 2
    if protocol in PPP_IP:
        return at
    if protocol in PPP_MPLS:
        return mpls(data, at, layers + 1) if layers < MAX_LAYERS else TOO_MANY
    return f"ppp protocol 0x{protocol:04x}"


def is_ethernet(data: bytes, at: int) -> bool:
    """Say whether an Ethernet frame that leads to IP can begin at an offset that nothing speaks for."""
    header = data[at : at + ETHERNET_HEADER + 1]
    if len(header) <= ETHERNET_HEADER:
        return False
    kind = header[12] << 8 | header[13]
    if kind in IP_TYPES:
        return header[14] >> 4 == (4 if kind == dpkt_ethernet.ETH_TYPE_IP else 6)
    return kind in ETHERNET_TYPES


def u16(protocol: str, field: str, data: bytes, at: int) -> int:
    """Read two octets; raises Broken, which names protocol and field, where they are not there."""
    if len(data) < at + 2:
        raise Broken(protocol, field, at, f"needs 2 octets, {max(len(data) - at, 0)} left")
    return data[at] << 8 | data[at + 1]
