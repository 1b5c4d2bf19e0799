"""RTP (RFC 3550), in the clear or as SRTP (RFC 3711); reached by name only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dissectors.base import Dissector, Payload
from dissectors.cursor import Bits, Cursor, Malformed

VERSION = 2
_BOOLEANS = {0: "not set", 1: "set"}
_FIRST = (
    Bits("rtp.version", 0xC0),
    Bits("rtp.padding", 0x20, _BOOLEANS),
    Bits("rtp.ext", 0x10, _BOOLEANS),
    Bits("rtp.cc", 0x0F),
)
_SECOND = (Bits("rtp.marker", 0x80, _BOOLEANS), Bits("rtp.p_type", 0x7F))


@dataclass(frozen=True, slots=True)
class Extension:
    """The header extension (RFC 3550 5.3.1): what its profile defines, and its words."""

    profile: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Rtp:
    """One RTP packet; `header` counts its octets up to the payload, CSRCs and extension included.

    Of an SRTP packet `payload` is encrypted, with the padding in it.
    """

    marker: bool
    payload_type: int
    seq: int
    timestamp: int
    ssrc: int
    csrcs: tuple[int, ...] = ()
    extension: Extension | None = None
    header: int = 0
    payload: bytes = field(default=b"", repr=False)
    padding: int = 0
    mki: bytes = b""
    auth_tag: bytes = b""


def parse(cursor: Cursor) -> Rtp:
    """Read an RTP packet in the clear; raises Malformed with the header when only the rest is wrong."""
    found, padded = _header(cursor)
    padding = 0
    if padded:
        # RFC 3550 5.1: the last octet counts the padding, itself included
        padding = cursor.data[cursor.end - 1] if cursor.left else 0
        if not 0 < padding <= cursor.left:
            raise Malformed("rtp.padding.count", cursor.end - 1, f"{padding} of {cursor.left} octets", found)
    payload = cursor.octets("rtp.payload", cursor.left - padding)
    if padding > 1:
        cursor.octets("rtp.padding.data", padding - 1)
    if padding:
        cursor.u8("rtp.padding.count")
    return replace(found, payload=payload, padding=padding)


def srtp_parser(mki: int, tag: int) -> Callable[[Cursor], Rtp]:
    """Return what reads an SRTP packet with an MKI and an authentication tag of so many octets.

    The tag is all that stands after the MKI: with RFC 4771 it begins with the ROC.
    """

    def read(cursor: Cursor) -> Rtp:
        found, _ = _header(cursor)
        size = cursor.left - mki - tag
        if size < 0:
            raise Malformed("srtp.enc_payload", cursor.pos, f"{cursor.left} octets for MKI and tag", found)
        payload = cursor.octets("srtp.enc_payload", size)
        key, auth = read_trailer(cursor, "srtp", mki, tag)
        return replace(found, payload=payload, mki=key, auth_tag=auth)

    return read


def _header(cursor: Cursor) -> tuple[Rtp, bool]:
    first = cursor.pos
    version, padded, extended, count = cursor.bits("", 1, _FIRST)
    if version != VERSION:
        raise cursor.fail("rtp.version", f"version {version}, expected {VERSION}", first)
    marker, payload_type = cursor.bits("", 1, _SECOND)
    seq = cursor.u16("rtp.seq")
    timestamp = cursor.u32("rtp.timestamp")
    ssrc = cursor.u32("rtp.ssrc")
    csrcs: tuple[int, ...] = ()
    if count:
        with cursor.group("rtp.csrc.items"):
            csrcs = tuple(cursor.u32("rtp.csrc.item") for _ in range(count))
    extension = _extension(cursor) if extended else None
    packet = Rtp(bool(marker), payload_type, seq, timestamp, ssrc, csrcs, extension, cursor.pos - first)
    return packet, bool(padded)


def _extension(cursor: Cursor) -> Extension:
    profile = cursor.u16("rtp.ext.profile")
    words, start = cursor.u16("rtp.ext.len"), cursor.pos
    if words:
        with cursor.window("rtp.hdr_exts", 4 * words):
            for _ in range(words):
                cursor.u32("rtp.hdr_ext")
    return Extension(profile, cursor.data[start : cursor.pos])


def read_trailer(cursor: Cursor, protocol: str, mki: int, tag: int) -> tuple[bytes, bytes]:
    """Read MKI and authentication tag."""
    key = cursor.octets(f"{protocol}.mki", mki) if mki else b""
    return key, cursor.octets(f"{protocol}.auth_tag", tag) if tag else b""


def _never(payload: Payload) -> bool:
    return False  # media is told by its stream, not by one datagram


RTP = Dissector("rtp", _never, parse)
