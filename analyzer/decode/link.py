"""Link layers: where in a frame its IP packet begins; in 802.11 there may be several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from analyzer.capture import linktypes
from analyzer.decode.ethertype import by_type, ethernet, llc, ppp, pppoe, u16
from analyzer.decode.ip import begins_ip, begins_tcp
from analyzer.decode.packets import Broken
from analyzer.decode.wlan import radiotap, wlan

# AF_INET everywhere; AF_INET6 of NetBSD, FreeBSD, macOS and Linux
IP_FAMILIES = frozenset({2, 24, 28, 30, 10})
SLL_HEADER, SLL2_HEADER = 16, 20
LLC_OF_LINUX = 0x0004  # the protocol that Linux gives to frames with a length in place of a type
PKTAP_HEADER = 108  # at least
PPI_HEADER = 8  # at least
NFLOG_HEADER, NFLOG_ATTRIBUTE, NFLOG_PAYLOAD = 4, 4, 9
MAX_ATTRIBUTES = 64  # of one NFLOG record
NO_PACKET = "pktap records without a packet"
NO_PAYLOAD = "NFLOG records without a packet"
MAX_ADDRESS = 4  # octets, of frame relay
UI = 3  # the control field of frame relay's frames
FRAME_RELAY = {0xCC: 4, 0x8E: 6}  # network layer protocol → version of IP (RFC 2427 3)
FRAME_RELAY_SNAP, ROUTED, BRIDGES = 0x80, b"\x00\x00\x00", b"\x00\x80\xc2"
BRIDGED_ETHERNET = frozenset({1, 7})  # with a frame check sequence and without

Reader = Callable[[bytes, int], int | str]
SeveralReader = Callable[[bytes, int], Iterator[int | str]]


def ip_offsets(link_type: int, data: bytes) -> Iterable[int | str]:
    """Return the offset of each IP header in a frame, or why there is none; raises Broken where octets run out."""
    around = AROUND.get(link_type)
    return _read(link_type, data, 0) if around is None else around(data)


def carries_tcp(link_type: int, data: bytes) -> bool:
    """Say whether all that a frame carries are whole IP packets with TCP right in them."""
    try:
        offsets = list(ip_offsets(link_type, data))
    except Broken:
        return False
    return bool(offsets) and all(isinstance(at, int) and begins_tcp(data[at : at + 10]) for at in offsets)


def _read(link_type: int, data: bytes, at: int) -> Iterable[int | str]:
    reader = READERS.get(link_type)
    if reader is not None:
        return (reader(data, at),)
    several = SEVERAL.get(link_type)
    if several is not None:
        return several(data, at)
    return (f"link type {linktypes.name(link_type)}, which `--engine tshark` may read",)


def _pktap(data: bytes) -> Iterable[int | str]:
    """What follows has a link type of its own (https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html)."""
    if len(data) < PKTAP_HEADER:
        raise Broken("pktap", "pktap.hdrlen", 0, f"needs {PKTAP_HEADER} octets, {len(data)} left")
    size, following, inner = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4, 8))
    if not PKTAP_HEADER <= size <= len(data):
        raise Broken("pktap", "pktap.hdrlen", 0, f"a header of {size} octets, {len(data)} left")
    return _read(inner, data, size) if following else (NO_PACKET,)


def _ppi(data: bytes) -> Iterable[int | str]:
    """CACE's per-packet information: what follows has a link type of its own."""
    if len(data) < PPI_HEADER:
        raise Broken("ppi", "ppi.length", 0, f"needs {PPI_HEADER} octets, {len(data)} left")
    size, inner = int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little")
    if not PPI_HEADER <= size <= len(data):
        raise Broken("ppi", "ppi.length", 2, f"a header of {size} octets, {len(data)} left")
    return _read(inner, data, size)


def _nflog(data: bytes, at: int) -> int | str:
    """What Linux's packet filter logged: attributes in the byte order of the machine, one of which is the packet."""
    at += NFLOG_HEADER
    for _ in range(MAX_ATTRIBUTES):
        if at == len(data):
            return NO_PAYLOAD
        size, kind = u16("nflog", "nflog.tlv_length", data, at), u16("nflog", "nflog.tlv_type", data, at + 2)
        if kind & 0xFF00:  # there are no 256 kinds: little endian
            size, kind = size >> 8 | (size & 0xFF) << 8, kind >> 8
        if not NFLOG_ATTRIBUTE <= size <= len(data) - at:
            raise Broken("nflog", "nflog.tlv_length", at, f"an attribute of {size} octets, {len(data) - at} left")
        if kind == NFLOG_PAYLOAD:
            family = data[0]  # that of the chain; a bridge logs IP packets too
            return at + NFLOG_ATTRIBUTE if begins_ip(data, at + NFLOG_ATTRIBUTE) else f"address family {family}"
        at = min(at + size + -size % 4, len(data))
    return NO_PAYLOAD


def _frame_relay(data: bytes, at: int) -> int | str:
    """Frame relay as RFC 2427 has it, or as Cisco: an address, and an Ethernet type."""
    size = 2
    while size < MAX_ADDRESS and not u16("fr", "fr.dlci", data, at + size - 2) & 1:  # the address goes on
        size += 1
    at += size
    if data[at : at + 1] != bytes((UI,)):
        return by_type(u16("fr", "fr.chdlctype", data, at), data, at + 2)
    at += 2 if data[at + 1 : at + 2] == b"\x00" else 1  # what fills up
    protocol = u16("fr", "fr.nlpid", data, at) >> 8
    if protocol in FRAME_RELAY:
        return at + 1
    if protocol != FRAME_RELAY_SNAP:
        return f"frame relay protocol 0x{protocol:02x}"
    organisation, kind = data[at + 1 : at + 4], u16("fr", "fr.snap.pid", data, at + 4)
    if organisation == BRIDGES:
        return ethernet(data, at + 6) if kind in BRIDGED_ETHERNET else f"frame relay bridged, of kind {kind}"
    return by_type(kind, data, at + 6) if organisation == ROUTED else "frame relay of an organisation's own"


def _raw(data: bytes, at: int) -> int | str:
    return at


def _sll(data: bytes, at: int) -> int | str:
    kind = u16("sll", "sll.etype", data, at + 14)
    return llc(data, at + SLL_HEADER) if kind == LLC_OF_LINUX else by_type(kind, data, at + SLL_HEADER)


def _sll2(data: bytes, at: int) -> int | str:
    kind = u16("sll", "sll.etype", data, at)
    return llc(data, at + SLL2_HEADER) if kind == LLC_OF_LINUX else by_type(kind, data, at + SLL2_HEADER)


def _family(data: bytes, at: int) -> int | str:
    """NULL has the address family in the byte order of whoever captured, LOOP in that of the network."""
    octets = data[at : at + 4]
    if len(octets) < 4:
        raise Broken("null", "null.family", at, f"needs 4 octets, {len(octets)} left")
    family = min(int.from_bytes(octets, "big"), int.from_bytes(octets, "little"))
    return at + 4 if family in IP_FAMILIES else f"address family {family}"


def _hdlc(data: bytes, at: int) -> int | str:
    """Cisco's HDLC: address, control, Ethernet type."""
    return by_type(u16("chdlc", "chdlc.protocol", data, at + 2), data, at + 4)


def _serial(data: bytes, at: int) -> int | str:
    """PPP in HDLC, or Cisco's HDLC, by the address (https://www.tcpdump.org/linktypes.html, 50)."""
    return _hdlc(data, at) if data[at : at + 1] in (b"\x0f", b"\x8f") else ppp(data, at)


READERS: dict[int, Reader] = {
    linktypes.EN10MB: ethernet,
    linktypes.LINUX_SLL: _sll,
    linktypes.LINUX_SLL2: _sll2,
    **dict.fromkeys((linktypes.RAW, linktypes.IPV4, linktypes.IPV6, *linktypes.RAW_ALSO), _raw),
    linktypes.NULL: _family,
    linktypes.LOOP: _family,
    linktypes.PPP: ppp,
    linktypes.PPP_SERIAL: _serial,
    linktypes.PPP_ETHER: pppoe,
    linktypes.C_HDLC: _hdlc,
    linktypes.FRELAY: _frame_relay,
    linktypes.NFLOG: _nflog,
}
SEVERAL: dict[int, SeveralReader] = {
    linktypes.IEEE802_11: wlan,
    linktypes.IEEE802_11_RADIO: radiotap,
}
# Headers of a probe, before a frame that has a link type of its own
AROUND: dict[int, Callable[[bytes], Iterable[int | str]]] = {linktypes.PKTAP: _pktap, linktypes.PPI: _ppi}
