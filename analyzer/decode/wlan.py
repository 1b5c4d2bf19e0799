"""802.11: where the IP packet of a data frame begins (IEEE 802.11 9.2 and 9.3, radiotap.org)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.decode.ethertype import llc, u16
from analyzer.decode.packets import Broken

RADIOTAP_HEADER = 8
MAX_PRESENT = 8  # words of a radiotap header that say what is present
TSFT, FLAGS, MORE = 0x1, 0x2, 0x8000_0000
PADDED, BAD_FCS = 0x20, 0x40  # of the radiotap flags

DATA = 2  # type
NO_DATA, QOS = 0x4, 0x8  # of the subtype
TO_DS, FROM_DS, MORE_FRAGMENTS, PROTECTED, ORDER = 0x01, 0x02, 0x04, 0x40, 0x80
HEADER, ADDRESS_4, QOS_CONTROL, HT_CONTROL = 24, 6, 2, 4
AGGREGATE = 0x80  # of the QoS control: an A-MSDU
AGGREGATE_HEADER = 14  # of each packet in one
MAX_PACKETS = 64  # of one

NOT_DATA = "802.11 frames without data"
ENCRYPTED = "802.11 frames that are encrypted"
FRAGMENT = "802.11 fragments"
TOO_MANY = f"802.11 frames with more than {MAX_PACKETS} packets"
DAMAGED = "802.11 frames received with errors"


def radiotap(data: bytes, at: int = 0) -> Iterator[int | str]:
    """Yield the offsets of IP headers in a frame behind a radiotap header, or why there are none; raises Broken."""
    if len(data) < at + RADIOTAP_HEADER:
        raise Broken("radiotap", "radiotap.length", at, f"needs {RADIOTAP_HEADER} octets, {len(data) - at} left")
    size = int.from_bytes(data[at + 2 : at + 4], "little")
    if size < RADIOTAP_HEADER or len(data) < at + size:
        raise Broken("radiotap", "radiotap.length", at + 2, f"a header of {size} octets, {len(data) - at} left")
    flags = _flags(data[at : at + size])
    if flags & BAD_FCS:
        yield DAMAGED
    else:
        yield from wlan(data, at + size, padded=bool(flags & PADDED))


def wlan(data: bytes, at: int = 0, *, padded: bool = False) -> Iterator[int | str]:
    """Yield the offsets of IP headers in an 802.11 frame, or why there are none; raises Broken.

    `padded` says that the header is filled up to a multiple of 4 octets.
    """
    if len(data) < at + 2:
        raise Broken("wlan", "wlan.fc", at, f"needs 2 octets, {len(data) - at} left")
    subtype, flags = data[at] >> 4, data[at + 1]
    reason = _unread(data[at] >> 2 & 3, subtype, flags)
    if reason:
        yield reason
        return
    size = HEADER + (ADDRESS_4 if flags & TO_DS and flags & FROM_DS else 0)
    qos = at + size
    if subtype & QOS:
        size += QOS_CONTROL + (HT_CONTROL if flags & ORDER else 0)
    if len(data) < at + size:
        raise Broken("wlan", "wlan.fc", at, f"a header of {size} octets, {len(data) - at} left")
    begin = at + size + (-size % 4 if padded else 0)
    if flags & MORE_FRAGMENTS or data[at + 22] & 0x0F:
        yield FRAGMENT
    elif subtype & QOS and data[qos] & AGGREGATE:
        yield from _aggregated(data, begin)
    else:
        yield llc(data, begin)


def _unread(kind: int, subtype: int, flags: int) -> str:
    """Say why a frame is not looked into, by its frame control."""
    if kind != DATA or subtype & NO_DATA:
        return NOT_DATA
    return ENCRYPTED if flags & PROTECTED else ""


def _aggregated(data: bytes, at: int) -> Iterator[int | str]:
    """Yield what each packet of an A-MSDU gives (IEEE 802.11 9.3.2.2): all but the last are filled up to 4 octets."""
    for _ in range(MAX_PACKETS):
        size = AGGREGATE_HEADER + u16("wlan", "wlan_aggregate.a_mdsu.length", data, at + 12)
        yield llc(data, at + AGGREGATE_HEADER)
        at += size + -size % 4
        if len(data) < at + AGGREGATE_HEADER:  # no room for another, but for a checksum
            return
    yield TOO_MANY


def _flags(header: bytes) -> int:
    """Return the flags of a radiotap header, 0 where it has none."""
    pos = 4
    first = int.from_bytes(header[4:8], "little")
    for _ in range(MAX_PRESENT):
        word, pos = int.from_bytes(header[pos : pos + 4], "little"), pos + 4
        if not word & MORE:
            break
    if not first & FLAGS:
        return 0
    if first & TSFT:
        pos += -pos % 8 + 8
    return header[pos] if pos < len(header) else 0
