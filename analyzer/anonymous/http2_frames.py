"""Connections of HTTP/2 with other messages in them: frames and header fields stay where they are, as long as before.

A header field refers to those sent before (HPACK, RFC 7541), so only literals are written anew: what refers to them
follows. Huffman code has another length for other letters: where it does not fit, the rest of a direction is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.decode.http2 import CONTINUATION, PADDED, PREFACE, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, goes_on
from dissectors.base import Field
from dissectors.http2 import DATA, END_HEADERS, FRAME_HEADER, HEADERS

KEPT = frozenset({2, RST_STREAM, SETTINGS, 8})  # PRIORITY and WINDOW_UPDATE are the others: they say nothing of anybody
INDEXED, INCREMENTAL, TABLE_SIZE = 0x80, 0x40, 0x20  # the first bits of a header field (RFC 7541 6)
MAX_SHIFT = 28  # of a number: no length is larger


@dataclass(slots=True)
class Told:
    """What is sent on one stream in one direction: values of header fields before and after, and its new body."""

    values: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def add(self, before: bytes, after: bytes, fields: Iterator[Field]) -> None:
        """Take a message as it was and as it is now; `fields` are those of its tree."""
        for each in fields:
            if each.name == "http2.header.value":
                self.values[before[each.start : each.end]] = after[each.start : each.end]
            elif each.name == "http2.data.data":
                self.body += after[each.start : each.end]


class _UnfitError(Exception):
    """Octets that are no header fields, or cannot be written in as many octets."""


def filled(octets: bytes, told: Mapping[int, Told]) -> bytes:
    """Return what stands for one direction of a connection, as far as it could be followed."""
    made, at = bytearray(), len(PREFACE) if octets.startswith(PREFACE) else 0
    made += octets[:at]
    sent: dict[int, int] = {}  # octets of a body, by stream
    block: list[tuple[int, int]] = []  # where the fragments of a header block are
    while size := goes_on(octets[at:], False):
        if at + size > len(octets):
            break
        kind, flags, stream = octets[at + 3], octets[at + 4], int.from_bytes(octets[at + 5 : at + 9], "big")
        own = told.get(stream, Told())
        frame = bytearray(octets[at : at + size])
        start, end = FRAME_HEADER, size
        if kind in (DATA, HEADERS, PUSH_PROMISE) and flags & PADDED and start < end:
            start, end = start + 1, end - frame[start]
        start += 4 if kind == PUSH_PROMISE else 5 if kind == HEADERS and flags & PRIORITY else 0
        if end < start:
            break
        if kind == DATA:
            begin = sent.get(stream, 0)
            sent[stream] = begin + end - start
            frame[start:end] = own.body[begin : sent[stream]].ljust(end - start, b"\0")
        elif kind in (HEADERS, PUSH_PROMISE, CONTINUATION):
            block.append((at + start, at + end))
        elif kind not in KEPT:
            frame[FRAME_HEADER:] = bytes(size - FRAME_HEADER)
        made += frame
        at += size
        if block and flags & END_HEADERS:
            try:
                _rewrite(made, block, own)
            except _UnfitError:
                return bytes(made[: block[0][0]])
            block = []
    return bytes(made[: block[0][0]] if block else made)


def _rewrite(made: bytearray, places: list[tuple[int, int]], own: Told) -> None:
    block = bytearray().join(made[start:end] for start, end in places)
    for start, end in _values(bytes(block)):
        block[start:end] = _string(bytes(block[start:end]), own)
    at = 0
    for start, end in places:
        made[start:end] = block[at : at + end - start]
        at += end - start


def _values(block: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the values of header fields are that a block has as literals, with what they begin with."""
    at = 0
    while at < len(block):
        first = block[at]
        if first & INDEXED:
            _, at = _number(block, at, 7)
        elif first & INCREMENTAL == 0 and first & TABLE_SIZE:
            _, at = _number(block, at, 5)
        else:
            named, at = _number(block, at, 6 if first & INCREMENTAL else 4)
            if not named:
                at = _end(block, at)
            start, at = at, _end(block, at)
            yield start, at


def _end(block: bytes, at: int) -> int:
    size, at = _number(block, at, 7)
    if at + size > len(block):
        raise _UnfitError
    return at + size


def _number(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """Return a number, and where what follows begins (RFC 7541 5.1)."""
    if at >= len(block):
        raise _UnfitError
    most = (1 << bits) - 1
    number, at = block[at] & most, at + 1
    shift = 0
    while number >= most:
        if at >= len(block) or shift > MAX_SHIFT:
            raise _UnfitError
        number, more, at, shift = number + ((block[at] & 0x7F) << shift), block[at] & 0x80, at + 1, shift + 7
        if not more:
            break
    return number, at


def _string(coded: bytes, own: Told) -> bytes:
    """Return a string of the same length with what stands for it; what no message tells of is none of ours."""
    _, at = _number(coded, 0, 7)
    is_huffman = coded[0] & 0x80
    before = _plain(coded[at:]) if is_huffman else coded[at:]
    after = own.values.get(before)
    if after is None:
        raise _UnfitError
    if is_huffman and after != before:
        after = _huffman(after)
    elif is_huffman:
        return coded
    if at + len(after) != len(coded):
        raise _UnfitError
    return coded[:at] + after


def _plain(coded: bytes) -> bytes:
    from hpack import HPACKError  # noqa: PLC0415  # where HTTP/2 is spoken only
    from hpack.huffman_table import decode_huffman  # noqa: PLC0415

    try:
        return bytes(decode_huffman(coded))
    except HPACKError:
        raise _UnfitError from None


def _huffman(text: bytes) -> bytes:
    from hpack.huffman import HuffmanEncoder  # noqa: PLC0415
    from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH  # noqa: PLC0415

    return bytes(HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(text))
