"""What stands before an IP packet in a frame, without who sent it: hardware addresses, names of processes."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.capture import linktypes
from analyzer.decode import link
from analyzer.decode.ethertype import ETHERNET_HEADER
from analyzer.decode.packets import Broken

HARDWARE = 6  # octets of an address
COOKED = {linktypes.LINUX_SLL: (6, 14), linktypes.LINUX_SLL2: (12, 20)}  # where the address of the sender is
# Those of which it is known what names somebody
NAMELESS = frozenset({
    linktypes.EN10MB, *COOKED, linktypes.RAW, linktypes.IPV4, linktypes.IPV6, *linktypes.RAW_ALSO, linktypes.NULL,
    linktypes.LOOP, linktypes.PPP, linktypes.PPP_SERIAL, linktypes.PPP_ETHER, linktypes.C_HDLC, linktypes.FRELAY,
})  # fmt: skip


def ip_start(link_type: int, data: bytes) -> int | None:
    """Return where the only IP packet of a frame begins, None where there is none, or several."""
    try:
        starts = list(link.ip_offsets(link_type, data))
    except Broken:
        return None
    found = [start for start in starts if isinstance(start, int)]
    return found[0] if len(found) == 1 else None


def rewrite(names: Pseudonyms, link_type: int, data: bytearray, start: int) -> None:
    """Write the headers before the IP packet anew; of a header that has more than these need it keeps only that."""
    first = 0
    if link_type == linktypes.EN10MB:
        first = ETHERNET_HEADER
        ethernet(names, data)
    elif link_type in COOKED:
        begin, first = COOKED[link_type]
        data[begin : begin + HARDWARE] = names.hardware(bytes(data[begin : begin + HARDWARE]))
        data[begin + HARDWARE : first] = bytes(first - begin - HARDWARE)  # of longer addresses
    if link_type not in NAMELESS or start - first >= ETHERNET_HEADER:  # there may be a second Ethernet header
        strip(data, start, lambda octets: ip_start(link_type, octets), first)


def ethernet(names: Pseudonyms, data: bytearray, at: int = 0) -> None:
    """Write both addresses of an Ethernet header anew."""
    for begin in (at, at + HARDWARE):
        data[begin : begin + HARDWARE] = names.hardware(bytes(data[begin : begin + HARDWARE]))


def tunnelled(tunnel: Callable[[bytes], bytes | str | None], data: bytes) -> bytes | str | None:
    """Return the IP packet at the end of what a tunnel carries, why there is none, None where it is no such tunnel."""
    try:
        return tunnel(data)
    except Broken as broken:
        return broken.protocol


def strip(data: bytearray, start: int, find: Callable[[bytes], object], first: int = 0) -> None:
    """Blank each octet from the first to the IP packet that is not needed to find it."""
    wanted = find(bytes(data))
    for at in range(first, start):
        before = data[at]
        if before:
            data[at] = 0
            if find(bytes(data)) != wanted:
                data[at] = before
