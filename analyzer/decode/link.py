"""Link layers: where in a frame its IP packet begins; in 802.11 there may be several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from analyzer.capture import linktypes
from analyzer.decode.ethertype import by_type, ethernet, llc, ppp, pppoe, u16
from analyzer.decode.packets import Broken
from analyzer.decode.wlan import radiotap, wlan

# AF_INET everywhere; AF_INET6 of NetBSD, FreeBSD, macOS and Linux
IP_FAMILIES = frozenset({2, 24, 28, 30, 10})
SLL_HEADER, SLL2_HEADER = 16, 20
LLC_OF_LINUX = 0x0004  # the protocol that Linux gives to frames with a length in place of a type
PKTAP_HEADER = 108  # at least
NO_PACKET = "pktap records without a packet"

Reader = Callable[[bytes, int], int | str]
SeveralReader = Callable[[bytes, int], Iterator[int | str]]


def ip_offsets(link_type: int, data: bytes) -> Iterable[int | str]:
    """Return the offset of each IP header in a frame, or why there is none; raises Broken where octets run out."""
    return _pktap(data) if link_type == linktypes.PKTAP else _read(link_type, data, 0)


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
}
SEVERAL: dict[int, SeveralReader] = {
    linktypes.IEEE802_11: wlan,
    linktypes.IEEE802_11_RADIO: radiotap,
}
