"""FLUTE (RFC 6726) over ALC (RFC 5775): the LCT header (RFC 5651), what it says of an object, and a piece of it.

Objects are put together from pieces elsewhere, and are messages of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dissectors.base import Dissector, Payload
from dissectors.cursor import Bits, Cursor, Malformed

VERSION = 1
WORD = 4
FDT_TOI = 0  # RFC 6726 3.3: the object that describes the others
FIXED = 128  # extensions from here on have no length: they are one word (RFC 5651 5.2)
EXT_FTI, EXT_FDT, EXT_CENC = 64, 192, 193
EXTENSIONS = {0: "EXT_NOP", 1: "EXT_AUTH", 2: "EXT_TIME", EXT_FTI: "EXT_FTI", EXT_FDT: "EXT_FDT", EXT_CENC: "EXT_CENC"}
ENCODINGS = {0: "null", 1: "ZLIB", 2: "DEFLATE", 3: "GZIP"}
FEC = {
    0: "Compact No-Code", 1: "Raptor", 5: "Reed-Solomon GF(2^8)", 6: "RaptorQ",
    128: "Small Block, Large Block and Expandable", 129: "Small Block Systematic", 130: "Compact",
}  # fmt: skip
# Octets of source block number, source block length and encoding symbol ID in the FEC payload ID (RFC 5445 …)
_PAYLOAD_IDS = {
    0: (2, 0, 2), 1: (2, 0, 2), 5: (3, 0, 1), 6: (1, 0, 3), 128: (4, 0, 4), 129: (4, 2, 2), 130: (2, 0, 2),
}  # fmt: skip
_PLAIN_INFO = (0, 128, 130)  # schemes whose EXT_FTI ends with symbol length and block length (RFC 5445)

_SIZES = (Bits("flute.fsize.cci", 0x0C00), Bits("flute.fsize.tsi", 0x0080), Bits("flute.fsize.toi", 0x0060))
_FIRST = (
    Bits("rmt-lct.version", 0xF000),
    *_SIZES,
    Bits("flute.half_word", 0x0010),
    Bits("rmt-lct.flags.sct_present", 0x0008),
    Bits("rmt-lct.flags.ert_present", 0x0004),
    Bits("rmt-lct.flags.close_session", 0x0002),
    Bits("rmt-lct.flags.close_object", 0x0001),
)
_INSTANCE = (Bits("rmt-lct.flute_version", 0xF00000), Bits("rmt-lct.fdt_instance_id", 0x0FFFFF))


@dataclass(frozen=True, slots=True)
class Transmission:
    """What EXT_FTI says of an object: its octets on the way, and how it is cut; 0 what it does not say."""

    transfer_length: int
    symbol_length: int = 0
    block_length: int = 0


@dataclass(frozen=True, slots=True)
class Flute:
    """One FLUTE packet; `fdt` is version and instance of EXT_FDT, `encoding` is of EXT_CENC, None what is not there.

    `block` and `symbol` say which piece of the object `payload` is, -1 where the FEC scheme is not known; `start` is
    where it begins.
    """

    tsi: int
    toi: int
    codepoint: int
    close_session: bool
    close_object: bool
    fdt: tuple[int, int] | None = None
    encoding: int | None = None
    transmission: Transmission | None = None
    block: int = -1
    symbol: int = -1
    payload: bytes = field(default=b"", repr=False)
    start: int = -1

    @property
    def is_whole(self) -> bool:
        """Whether this packet alone holds its object, as far as it says itself."""
        if self.block or self.symbol or not self.payload:
            return False
        return self.transmission is None or self.transmission.transfer_length == len(self.payload)


def matches(payload: Payload) -> bool:
    """Say whether a datagram is of a session that was named for FLUTE: its few fixed bits are no proof."""
    return payload.transport == "udp" and payload.named == "flute"


def parse(cursor: Cursor) -> Flute:
    """Read a FLUTE packet; raises Malformed with what was read of it."""
    first = cursor.pos
    version, cci, tsi_words, toi_words, half, sct, ert, close_session, close_object = cursor.bits("", 2, _FIRST)
    if version != VERSION:
        raise cursor.fail("rmt-lct.version", f"version {version}, expected {VERSION}", first)
    at = cursor.pos
    length = WORD * cursor.u8("flute.hlen")
    codepoint = cursor.u8("rmt-lct.codepoint", FEC)
    if length < cursor.pos - first:
        raise cursor.fail("flute.hlen", f"a header of {length} octets", at)
    cursor.octets("rmt-lct.cci", WORD * (cci + 1))
    tsi = _number(cursor, "rmt-lct.tsi", WORD * tsi_words + 2 * half)
    toi = _number(cursor, "rmt-lct.toi", WORD * toi_words + 2 * half)
    if sct:  # RFC 3451 5.1, as in FLUTE version 1; EXT_TIME has them in RFC 5651
        cursor.u32("flute.sct")
    if ert:
        cursor.u32("flute.ert")
    said = _Said()
    left = first + length - cursor.pos
    if left < 0:
        raise cursor.fail("flute.hlen", f"a header of {length} octets ends within its fields", at)
    broken: Malformed | None = None
    block = symbol = start = -1
    payload = b""
    try:
        end = cursor.pos + left
        while cursor.pos < end:
            said.read(cursor, end - cursor.pos, codepoint)
        block, symbol = _payload_id(cursor, codepoint)
        start = cursor.pos
        payload = cursor.octets("alc.payload", cursor.left)
    except Malformed as wrong:
        broken = wrong
    body = Flute(
        tsi, toi, codepoint, bool(close_session), bool(close_object), said.fdt, said.encoding, said.transmission,
        block, symbol, payload, start,
    )  # fmt: skip
    if broken is not None:
        raise Malformed(broken.field, broken.offset, broken.reason, body)
    return body


def _number(cursor: Cursor, name: str, size: int) -> int:
    if size > 8:
        # Only the last 64 bits go by the name that others know
        high = cursor.uint(f"{name}_extended", size - 8)
        return high << 64 | cursor.u64(f"{name}64")
    if size > WORD:
        return cursor.uint(f"{name}64", size)
    return cursor.uint(name, size) if size else 0


class _Said:
    """Gathers what header extensions say."""

    def __init__(self) -> None:
        self.fdt: tuple[int, int] | None = None
        self.encoding: int | None = None
        self.transmission: Transmission | None = None

    def read(self, cursor: Cursor, left: int, codepoint: int) -> None:
        """Read one extension of a header of which so many octets are left."""
        if not cursor.left:
            raise cursor.fail("rmt-lct.hec.type", f"needs {left} octets, 0 left")
        start, there = cursor.pos, cursor.left
        kind, size = cursor.data[start], WORD
        if kind < FIXED and there > 1:
            size = WORD * cursor.data[start + 1]
            if not 0 < size <= left:
                raise cursor.fail("rmt-lct.hec.len", f"an extension of {size} octets, {left} left", start + 1)
        with cursor.window("flute.extension", min(size, there), EXTENSIONS.get(kind, "")):
            cursor.u8("rmt-lct.hec.type", EXTENSIONS)
            if kind < FIXED:
                cursor.u8("rmt-lct.hec.len")
            if kind == EXT_FDT:
                version, instance = cursor.bits("", 3, _INSTANCE)
                self.fdt = version, instance
            elif kind == EXT_CENC:
                self.encoding = cursor.u8("rmt-lct.cenc", ENCODINGS)
            elif kind == EXT_FTI:
                self.transmission = _transmission(cursor, codepoint)
            elif cursor.left:
                cursor.octets("rmt-lct.hec.data", cursor.left)
            if size > there:
                raise cursor.fail("rmt-lct.hec.len", f"an extension of {size} octets, {there} left", start)


def _transmission(cursor: Cursor, codepoint: int) -> Transmission:
    if codepoint == 6:  # RFC 6330 3.3.2
        octets = cursor.uint("rmt-fec.fti.transfer_length", 5)
        cursor.u8("flute.fti.reserved")
        return Transmission(octets, cursor.u16("rmt-fec.fti.encoding_symbol_length"))
    octets = cursor.uint("rmt-fec.fti.transfer_length", 6)
    if codepoint == 5:  # RFC 5510 5.2.4
        symbol = cursor.u16("rmt-fec.fti.encoding_symbol_length")
        return Transmission(octets, symbol, cursor.u8("rmt-fec.fti.max_source_block_length"))
    if codepoint not in _PAYLOAD_IDS:
        return Transmission(octets)
    cursor.u16("rmt-fec.instance_id")
    symbol = cursor.u16("rmt-fec.fti.encoding_symbol_length")
    if codepoint in _PLAIN_INFO:
        return Transmission(octets, symbol, cursor.u32("rmt-fec.fti.max_source_block_length"))
    if codepoint == 129:
        block = cursor.u16("rmt-fec.fti.max_source_block_length")
        cursor.u16("rmt-fec.fti.max_number_encoding_symbols")
        return Transmission(octets, symbol, block)
    cursor.u16("rmt-fec.fti.num_blocks")  # RFC 5053 3.2.3
    cursor.u8("rmt-fec.fti.num_subblocks")
    cursor.u8("rmt-fec.fti.alignment")
    return Transmission(octets, symbol)


def _payload_id(cursor: Cursor, codepoint: int) -> tuple[int, int]:
    """Read which piece follows; a packet that only closes a session may have none."""
    sizes = _PAYLOAD_IDS.get(codepoint)
    if sizes is None or not cursor.left:
        return -1, -1
    block = cursor.uint("rmt-fec.sbn", sizes[0])
    if sizes[1]:
        cursor.uint("rmt-fec.sbl", sizes[1])
    return block, cursor.uint("rmt-fec.esi", sizes[2])


FLUTE = Dissector("flute", matches, parse)
