"""DCF (OMA DRM 2.0): the boxes that MBMS protects downloads with, and the names of the keys (TS 33.246 6.6.3.2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field

from dissectors.base import Dissector, Part, Payload
from dissectors.cursor import Bits, Cursor, Malformed

MAX_BOXES = 512  # that are read of one file
MAX_LEVELS = 8  # boxes within boxes

BRAND = b"odcf"
HEADER, LARGE = 8, 16  # octets of a box header, and of one with a size of 64 bits
MBMS_KEY = 2  # type of a KeyID that names an MTK (TS 33.246 6.6.3.2)
KEY_ID = 9  # octets of Key Domain ID, MSK ID and MTK ID
METHODS = {0: "NULL", 1: "AES-128-CBC", 2: "AES-128-CTR"}
PADDINGS = {0: "none", 1: "RFC 2630"}
SIGNATURES = {0: "NULL", 1: "HMAC-SHA1"}
_KEY_FLAGS = (
    Bits("dcf.obki.key_issuer_present", 0x80),
    Bits("dcf.obki.stkm_present", 0x40),
    Bits("dcf.obki.tbk_present", 0x20),
    Bits("dcf.obki.tbk_issuer_present", 0x10),
    Bits("dcf.obki.reserved", 0x0F),
)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What names the key of a content; the three ids are empty where `key_id` is no name of an MTK."""

    kind: int
    key_id: bytes
    key_issuer: str = ""
    key_domain: bytes = b""
    msk_id: bytes = b""
    mtk_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature box: 0 is no method, 1 HMAC-SHA1.

    Its box is at `start` to `end` in the payload, the outermost one around it, the mutable one, `outer` to `outer_end`.
    """

    method: int
    value: bytes = field(repr=False)
    start: int = 0
    end: int = 0
    outer: int = 0
    outer_end: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """One protected content: its headers, the names of its keys, and where its octets stand in the payload.

    `method` is where the octet of its encryption stands, with that of its padding behind it.
    """

    content_type: str = ""
    encryption: int = 0
    padding: int = 0
    plaintext_length: int = 0
    content_id: str = ""
    rights_issuer: str = ""
    keys: tuple[KeyInfo, ...] = ()
    data: bytes = field(default=b"", repr=False)
    start: int = -1
    method: int = -1


@dataclass(frozen=True, slots=True)
class Dcf:
    """A DCF: its brand and minor version, its contents, its signature if it has one."""

    brand: str
    version: int
    brands: tuple[str, ...] = ()
    contents: tuple[Content, ...] = ()
    signature: Signature | None = None
    notes: tuple[str, ...] = ()


def parse(cursor: Cursor) -> Dcf:
    """Read a DCF box by box; raises Malformed with what was read before."""
    reader = _Reader(cursor)
    try:
        while cursor.left:
            reader.box(0)
        if not reader.brands:
            raise cursor.fail("mp4.box.type_str", "no file type box", 0)
    except Malformed as wrong:
        wrong.partial = reader.made() if reader.brands else None
        raise
    return reader.made()


def begins(data: bytes) -> bool:
    """Say whether octets begin as a DCF does: with a file type box of its brand."""
    return data[4:12] == b"ftyp" + BRAND


class _Reader:
    """Walks through boxes and gathers what they say."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.count = 0
        self.outer = (0, 0)  # the box that nothing is around
        self.version = 0
        self.brands: list[str] = []
        self.contents: list[Content] = []
        self.signature: Signature | None = None
        self.notes: list[str] = []
        self._clear()

    def made(self) -> Dcf:
        return Dcf(
            self.brands[0], self.version, tuple(self.brands[1:]), tuple(self.contents), self.signature,
            tuple(dict.fromkeys(self.notes)),
        )  # fmt: skip

    def box(self, depth: int) -> None:
        """Read the box that begins here."""
        cursor = self.cursor
        start, there = cursor.pos, cursor.left
        size, kind = self._size(), cursor.data[start + 4 : start + 8]
        self.count += 1
        if self.count > MAX_BOXES:
            raise cursor.fail("mp4.box.size", f"more than {MAX_BOXES} boxes")
        if depth == MAX_LEVELS:
            raise cursor.fail("mp4.box.size", f"boxes nested deeper than {MAX_LEVELS}")
        if not depth:
            self.outer = start, start + min(size, there)
        with cursor.window("dcf.box", min(size, there), kind.decode("ascii", "backslashreplace")):
            large = cursor.u32("mp4.box.size") == 1
            cursor.string("mp4.box.type_str", 4)
            if large:
                cursor.u64("mp4.box.largesize")
            read = _BOXES.get(kind)
            if read is not None:
                read(self, depth, start)
            if size > there:
                raise cursor.fail("mp4.box.size", f"a box of {size} octets, {there} left", start)

    def _size(self) -> int:
        """Return the octets of the box that begins here, header and all, as it says itself."""
        cursor, start, left = self.cursor, self.cursor.pos, self.cursor.left
        size, least = int.from_bytes(cursor.data[start : start + 4], "big"), HEADER
        if size == 1:
            size, least = int.from_bytes(cursor.data[start + HEADER : start + LARGE], "big"), LARGE
        if size == 0 or left < least:  # ISO 14496-12 4.2: 0 is up to the end
            return left
        if size < least:
            raise cursor.fail("mp4.box.size", f"a box of {size} octets")
        return size

    def _clear(self) -> None:
        self.content_type = self.content_id = self.rights_issuer = ""
        self.encryption = self.padding = self.length = 0
        self.keys: list[KeyInfo] = []
        self.data, self.start, self.method = b"", -1, -1

    def _full(self) -> int:
        """Read version and flags of a box that has them."""
        self.cursor.u8("mp4.full_box.version")
        return self.cursor.u24("mp4.full_box.flags")

    def _boxes(self, depth: int) -> None:
        while self.cursor.left:
            self.box(depth + 1)

    # --------------------------------------------------------------------------------------------- boxes

    def _ftyp(self, depth: int, start: int) -> None:
        cursor = self.cursor
        brands = [cursor.string("mp4.ftyp.brand", 4)]
        version = cursor.u32("mp4.ftyp.version")
        while cursor.left >= 4:
            brands.append(cursor.string("mp4.ftyp.additional_brand", 4))
        if self.brands:
            self.notes.append("a second file type box")
        else:
            self.brands, self.version = brands, version

    def _plain(self, depth: int, start: int) -> None:
        self._boxes(depth)

    def _full_of_boxes(self, depth: int, start: int) -> None:
        self._full()
        self._boxes(depth)

    def _odrm(self, depth: int, start: int) -> None:
        self._full()
        self._clear()
        try:
            self._boxes(depth)
        finally:  # what was read of a content that is cut stays
            self.contents.append(
                Content(
                    self.content_type, self.encryption, self.padding, self.length, self.content_id,
                    self.rights_issuer, tuple(self.keys), self.data, self.start, self.method,
                )
            )  # fmt: skip
            self._clear()

    def _odhe(self, depth: int, start: int) -> None:
        self._full()
        self.content_type = self.cursor.string("dcf.content_type", self.cursor.u8("dcf.content_type_length"))
        self._boxes(depth)

    def _ohdr(self, depth: int, start: int) -> None:
        cursor = self.cursor
        self._full()
        self.method = cursor.pos
        self.encryption = cursor.u8("dcf.encryption_method", METHODS)
        self.padding = cursor.u8("dcf.padding_scheme", PADDINGS)
        self.length = cursor.u64("dcf.plaintext_length")
        content_id = cursor.u16("dcf.content_id_length")
        issuer = cursor.u16("dcf.rights_issuer_url_length")
        textual = cursor.u16("dcf.textual_headers_length")
        self.content_id = cursor.string("dcf.content_id", content_id)
        self.rights_issuer = cursor.string("dcf.rights_issuer_url", issuer)
        if textual:
            cursor.string("dcf.textual_headers", textual)
        self._boxes(depth)

    def _odda(self, depth: int, start: int) -> None:
        cursor = self.cursor
        self._full()
        at, size = cursor.pos, cursor.u64("dcf.data_length")
        if size > cursor.left:
            raise cursor.fail("dcf.data_length", f"{size} octets announced, {cursor.left} there", at)
        at, end = cursor.pos, cursor.pos + size
        cursor.note("dcf.data", size, at, end, f"{size} octets")  # only the size, since contents carry keys
        self.data, self.start, cursor.pos = cursor.data[at:end], at, end

    def _obki(self, depth: int, start: int) -> None:
        self._full()
        count = 1
        announced = start + int.from_bytes(self.cursor.data[start : start + 4], "big") - self.cursor.pos
        # How many names follow stands first, and some leave it out: flags, whose last four bits are reserved, are none
        if announced == 1 or (self.cursor.left and self.cursor.data[self.cursor.pos] & 0x0F):
            count = self.cursor.u8("dcf.obki.count")
        for _ in range(count):
            self.keys.append(self._key())

    def _key(self) -> KeyInfo:
        cursor = self.cursor
        has_issuer, has_stkm, has_tbk, has_tbk_issuer, _ = cursor.bits("dcf.obki.flags", 1, _KEY_FLAGS)
        kind = cursor.u8("dcf.obki.key_id_type")
        size = cursor.u8("dcf.obki.key_id_length")
        sent = cursor.octets("dcf.obki.key_id", size)
        at = cursor.pos - size
        issuer = ""
        if has_issuer:
            issuer = cursor.string("dcf.obki.key_issuer_url", cursor.u16("dcf.obki.key_issuer_url_length"))
        if has_stkm:
            cursor.octets("dcf.obki.stkm", cursor.u16("dcf.obki.stkm_length"))
        if has_tbk:
            cursor.u32("dcf.obki.tbk_id")
        if has_tbk_issuer:
            cursor.string("dcf.obki.tbk_issuer_url", cursor.u16("dcf.obki.tbk_issuer_url_length"))
        if kind != MBMS_KEY:
            return KeyInfo(kind, sent, issuer)
        key_id = _decoded(sent)
        if len(key_id) != KEY_ID:
            self.notes.append(f"a KeyID at offset {at} is not {KEY_ID} octets in base64")
            return KeyInfo(kind, sent, issuer)
        return KeyInfo(kind, sent, issuer, key_id[:3], key_id[3:7], key_id[7:])

    def _odfs(self, depth: int, start: int) -> None:
        self._full()
        method = self.cursor.u8("dcf.signature_method", SIGNATURES)
        value = self.cursor.octets("dcf.signature", self.cursor.left)
        self.signature = Signature(method, value, start, self.cursor.pos, *self.outer)


def _decoded(sent: bytes) -> bytes:
    try:
        return base64.b64decode(sent, validate=True)
    except binascii.Error:
        return b""


_BOXES: dict[bytes, Callable[[_Reader, int, int], None]] = {
    b"ftyp": _Reader._ftyp,
    b"odrm": _Reader._odrm,
    b"odhe": _Reader._odhe,
    b"ohdr": _Reader._ohdr,
    b"odda": _Reader._odda,
    b"mdri": _Reader._plain,
    b"odkm": _Reader._full_of_boxes,
    b"obki": _Reader._obki,
    b"odfs": _Reader._odfs,
}


_INNER = {"application/mikey": "mikey", "application/fdt+xml": "fdt", "application/sdp": "sdp"}


def _inner(body: object) -> tuple[Part, ...]:
    """Return the contents that are in the clear and messages of their own, as an FDT is (TS 33.246 6.6.3.2)."""
    if not isinstance(body, Dcf):
        return ()
    return tuple(
        Part(name, content.data, content.start)
        for content in body.contents
        if content.encryption == 0 and content.data and (name := _INNER.get(content.content_type.lower()))
    )


def _notes(body: object) -> tuple[str, ...]:
    return body.notes if isinstance(body, Dcf) else ()


def _never(payload: Payload) -> bool:
    return False  # reached by its content type, or inside of FLUTE


DCF = Dissector("dcf", _never, parse, _inner, notes=_notes)
