"""RTCP (RFC 3550, 4585, 3611), in the clear or as SRTCP (RFC 3711); reached by name only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dissectors.base import Dissector, Payload
from dissectors.cursor import Bits, Cursor, Malformed
from dissectors.rtp import VERSION, read_trailer

MAX_PACKETS = 256  # of one compound packet
MAX_ITEMS = 1024  # SDES items of one packet

SR, RR, SDES, BYE, APP, RTPFB, PSFB, XR = range(200, 208)
CLEAR, INDEX, WORD = 8, 4, 4  # octets: what SRTCP never encrypts, E flag with index, a length unit
_TYPES = {
    192: "Full INTRA-frame Request",
    193: "Negative Acknowledgement",
    SR: "Sender Report",
    RR: "Receiver Report",
    SDES: "Source description",
    BYE: "Goodbye",
    APP: "Application specific",
    RTPFB: "Generic RTP Feedback",
    PSFB: "Payload-specific",
    XR: "Extended report",
}
_ITEMS = {0: "END", 1: "CNAME", 2: "NAME", 3: "EMAIL", 4: "PHONE", 5: "LOC", 6: "TOOL", 7: "NOTE", 8: "PRIV"}
_COUNTS = {SDES: "rtcp.sc", BYE: "rtcp.sc", APP: "rtcp.app.subtype", RTPFB: "rtcp.rtpfb.fmt", PSFB: "rtcp.psfb.fmt"}
_BOOLEANS = {0: "not set", 1: "set"}
_NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """What a sender report tells of its sender; `ntp` is a 64-bit NTP timestamp."""

    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Report:
    """A report block: how a receiver hears one source."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest_seq: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True)
class SdesItem:
    """One item of a source description; `kind` 1 is CNAME."""

    ssrc: int
    kind: int
    text: str


@dataclass(frozen=True, slots=True)
class RtcpPacket:
    """One packet of a compound; `ssrcs` are the sender's, or those that say goodbye."""

    kind: int
    count: int
    ssrcs: tuple[int, ...] = ()
    sender: SenderInfo | None = None
    reports: tuple[Report, ...] = ()
    items: tuple[SdesItem, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rtcp:
    """A compound packet; of an encrypted one only the first 8 octets can be read.

    `index` is None in the clear.
    """

    packets: tuple[RtcpPacket, ...]
    encrypted: bytes = field(default=b"", repr=False)
    index: int | None = None
    mki: bytes = b""
    auth_tag: bytes = b""


def parse(cursor: Cursor) -> Rtcp:
    """Read a compound RTCP packet in the clear; raises Malformed with the packets before the error."""
    packets: list[RtcpPacket] = []
    try:
        _packets(cursor, packets)
    except Malformed as wrong:
        wrong.partial = Rtcp(tuple(packets)) if packets else None
        raise
    return Rtcp(tuple(packets))


def srtcp_parser(mki: int, tag: int) -> Callable[[Cursor], Rtcp]:
    """Return what reads an SRTCP packet with an MKI and an authentication tag of so many octets."""

    def read(cursor: Cursor) -> Rtcp:
        # RFC 3711 3.4
        end = cursor.end
        start = end - tag - mki - INDEX
        if start < cursor.pos + CLEAR:
            raise cursor.fail("rtcp", f"{cursor.left} octets, less than SRTCP has")
        packets: list[RtcpPacket] = []
        encrypted = b""
        cursor.end = start
        if cursor.data[start] & 0x80:
            packets.append(_clear(cursor))
            encrypted = cursor.octets("rtcp.encrypted", cursor.left)
        else:
            _packets(cursor, packets)
        cursor.end = end
        _, index = cursor.bits("", INDEX, (Bits("srtcp.e", 1 << 31, _BOOLEANS), Bits("srtcp.index", (1 << 31) - 1)))
        key, auth = read_trailer(cursor, "srtcp", mki, tag)
        return Rtcp(tuple(packets), encrypted, index, key, auth)

    return read


def _clear(cursor: Cursor) -> RtcpPacket:
    """Read what SRTCP leaves in the clear of its first packet."""
    kind, count, _, _ = _header(cursor)
    return RtcpPacket(kind, count, (cursor.u32("rtcp.senderssrc"),))


def _packets(cursor: Cursor, packets: list[RtcpPacket]) -> None:
    while cursor.left:
        if len(packets) == MAX_PACKETS:
            raise cursor.fail("rtcp", f"more than {MAX_PACKETS} packets")
        packets.append(_packet(cursor))
    if not packets:
        raise cursor.fail("rtcp.version", "nothing to read")


def _header(cursor: Cursor) -> tuple[int, int, bool, int]:
    first = cursor.pos
    kind = cursor.data[first + 1] if cursor.left > 1 else 0
    name = _COUNTS.get(kind, "rtcp.rc")
    parts = (Bits("rtcp.version", 0xC0), Bits("rtcp.padding", 0x20, _BOOLEANS), Bits(name, 0x1F))
    version, padded, count = cursor.bits("", 1, parts)
    if version != VERSION:
        raise cursor.fail("rtcp.version", f"version {version}, expected {VERSION}", first)
    cursor.u8("rtcp.pt", _TYPES)
    return kind, count, bool(padded), cursor.u16("rtcp.length")


def _packet(cursor: Cursor) -> RtcpPacket:
    first = cursor.pos
    kind, count, padded, words = _header(cursor)
    outer, size = cursor.end, WORD * (words + 1)
    whole = first + size <= outer
    cursor.end = min(first + size, outer)
    padding = cursor.data[cursor.end - 1] if whole and padded and cursor.left else 0
    if whole and padded and not 0 < padding <= cursor.left:
        raise cursor.fail("rtcp.padding.count", f"{padding} of {cursor.left} octets", cursor.end - 1)
    cursor.end -= padding
    packet = _READERS.get(kind, _other)(cursor, kind, count)
    if cursor.left:
        cursor.octets(_REST.get(kind, "rtcp.data"), cursor.left)
    if not whole:
        raise cursor.fail("rtcp.length", f"{size} octets announced, {outer - first} there", first + 2)
    cursor.end += padding
    if padding > 1:
        cursor.octets("rtcp.padding.data", padding - 1)
    if padding:
        cursor.u8("rtcp.padding.count")
    cursor.end = outer
    return packet


_REST = {SR: "rtcp.profile-specific-extension", RR: "rtcp.profile-specific-extension", APP: "rtcp.app.data"}


def _report(cursor: Cursor, kind: int, count: int) -> RtcpPacket:
    ssrc = cursor.u32("rtcp.senderssrc")
    sender = _sender(cursor) if kind == SR else None
    return RtcpPacket(kind, count, (ssrc,), sender, tuple(_block(cursor) for _ in range(count)))


def _sender(cursor: Cursor) -> SenderInfo:
    start = cursor.pos
    with cursor.group("rtcp.timestamp.ntp", _moment(cursor.data[start : start + 8])):
        seconds = cursor.u32("rtcp.timestamp.ntp.msw")
        fraction = cursor.u32("rtcp.timestamp.ntp.lsw")
    timestamp = cursor.u32("rtcp.timestamp.rtp")
    packets = cursor.u32("rtcp.sender.packetcount")
    return SenderInfo(seconds << 32 | fraction, timestamp, packets, cursor.u32("rtcp.sender.octetcount"))


def _moment(octets: bytes) -> str:
    micros = int.from_bytes(octets[4:8], "big") * 1_000_000 >> 32
    return (_NTP_EPOCH + timedelta(seconds=int.from_bytes(octets[:4], "big"), microseconds=micros)).isoformat()


def _block(cursor: Cursor) -> Report:
    with cursor.group("rtcp.report"):
        ssrc = cursor.u32("rtcp.ssrc.identifier")
        fraction = cursor.u8("rtcp.ssrc.fraction")
        lost = _signed24(cursor)
        with cursor.group("rtcp.ssrc.ext_high"):
            cycles = cursor.u16("rtcp.ssrc.high_cycles")
            highest = cycles << 16 | cursor.u16("rtcp.ssrc.high_seq")
        jitter = cursor.u32("rtcp.ssrc.jitter")
        last_sr = cursor.u32("rtcp.ssrc.lsr")
        return Report(ssrc, fraction, lost, highest, jitter, last_sr, cursor.u32("rtcp.ssrc.dlsr"))


def _signed24(cursor: Cursor) -> int:
    # RFC 3550 6.4.1: the count of lost packets may be negative
    start, end = cursor.pos, cursor.pos + 3
    if end > cursor.end:
        raise cursor.fail("rtcp.ssrc.cum_nr", f"needs 3 octets, {cursor.left} left")
    value = int.from_bytes(cursor.data[start:end], "big", signed=True)
    cursor.note("rtcp.ssrc.cum_nr", value, start, end)
    cursor.pos = end
    return value


def _sdes(cursor: Cursor, kind: int, count: int) -> RtcpPacket:
    items: list[SdesItem] = []
    for _ in range(count):
        with cursor.group("rtcp.sdes.chunk"):
            start = cursor.pos
            ssrc = cursor.u32("rtcp.ssrc.identifier")
            while (item := cursor.u8("rtcp.sdes.type", _ITEMS)) != 0:
                if len(items) == MAX_ITEMS:
                    raise cursor.fail("rtcp.sdes.type", f"more than {MAX_ITEMS} items", cursor.pos - 1)
                items.append(SdesItem(ssrc, item, cursor.string("rtcp.sdes.text", cursor.u8("rtcp.sdes.length"))))
            # RFC 3550 6.5: zeros up to the next 32-bit boundary end a chunk
            fill = -(cursor.pos - start) % WORD
            if fill:
                cursor.octets("rtcp.sdes.padding", fill)
    return RtcpPacket(kind, count, items=tuple(items))


def _bye(cursor: Cursor, kind: int, count: int) -> RtcpPacket:
    ssrcs = tuple(cursor.u32("rtcp.ssrc.identifier") for _ in range(count))
    reason = cursor.string("rtcp.sdes.text", cursor.u8("rtcp.sdes.length")) if cursor.left else ""
    return RtcpPacket(kind, count, ssrcs, reason=reason)


def _app(cursor: Cursor, kind: int, count: int) -> RtcpPacket:
    ssrc = cursor.u32("rtcp.ssrc.identifier")
    cursor.string("rtcp.app.name", 4)
    return RtcpPacket(kind, count, (ssrc,))


def _feedback(cursor: Cursor, kind: int, count: int) -> RtcpPacket:
    ssrc = cursor.u32("rtcp.senderssrc")
    cursor.u32("rtcp.mediassrc")
    if cursor.left:
        cursor.octets("rtcp.fci", cursor.left)
    return RtcpPacket(kind, count, (ssrc,))


def _extended(cursor: Cursor, kind: int, count: int) -> RtcpPacket:
    # RFC 3611 3
    ssrc = cursor.u32("rtcp.senderssrc")
    while cursor.left:
        with cursor.group("rtcp.xr"):
            cursor.u8("rtcp.xr.bt")
            cursor.u8("rtcp.xr.bs")
            cursor.octets("rtcp.xr.data", WORD * cursor.u16("rtcp.xr.bl"))
    return RtcpPacket(kind, count, (ssrc,))


def _other(cursor: Cursor, kind: int, count: int) -> RtcpPacket:
    return RtcpPacket(kind, count)


_READERS: dict[int, Callable[[Cursor, int, int], RtcpPacket]] = {
    SR: _report,
    RR: _report,
    SDES: _sdes,
    BYE: _bye,
    APP: _app,
    RTPFB: _feedback,
    PSFB: _feedback,
    XR: _extended,
}


def _never(payload: Payload) -> bool:
    return False  # media is told by its stream, not by one datagram


RTCP = Dissector("rtcp", _never, parse)
