"""Connections of HTTP/2 with other messages in them: frames and header fields stay where they are, as long as before.

A header field refers to those sent before (HPACK, RFC 7541), so only literals are written anew: what refers to them
follows. In Huffman code pseudonyms are as long as names, but digests and keys are not. What gets shorter leaves octets
that become padding of its frame; what gets longer loses spaces between parameters, and where there are too few it is
blanked. A value never has more letters than before, so that the table never loses an entry that is referred to.
"""

from __future__ import annotations

import re
from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.anonymous import huffman
from analyzer.decode.http2 import CONTINUATION, PADDED, PREFACE, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, goes_on
from dissectors.cursor import Field
from dissectors.http2 import DATA, END_HEADERS, FRAME_HEADER, HEADERS

KEPT = frozenset({2, RST_STREAM, SETTINGS, 8})  # PRIORITY and WINDOW_UPDATE are the others: they say nothing of anybody
INDEXED, INCREMENTAL, TABLE_SIZE = 0x80, 0x40, 0x20  # the first bits of a header field (RFC 7541 6)
HUFFMAN = 0x80  # the first bit of a string
MAX_SHIFT = 28  # of a number: no length is larger
MAX_PADDING = 255
BLANKED = "octets of header fields of HTTP/2 blanked"
# Spaces behind a comma or a semicolon that no quotes are around
_SPACE = re.compile(rb"(?<=[,;]) +(?=[^\"]*(?:\"[^\"]*\"[^\"]*)*$)")


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


@dataclass(slots=True)
class _Block:
    """A header block: where its first frame begins, and where its fragments are."""

    frame: int
    places: list[tuple[int, int]]


def filled(octets: bytes, told: Mapping[int, Told], counts: Counter[str]) -> bytes:
    """Return what stands for one direction of a connection, as far as it could be followed; count what is blanked."""
    made, at = bytearray(), len(PREFACE) if octets.startswith(PREFACE) else 0
    made += octets[:at]
    sent: dict[int, int] = {}  # octets of a body, by stream
    block: _Block | None = None
    others = ChainMap(*(each.values for each in told.values()))  # a table is one for all streams
    while size := goes_on(octets[at : at + len(PREFACE)], False):
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
        frame[end:] = bytes(size - end)
        if kind == DATA:
            begin = sent.get(stream, 0)
            sent[stream] = begin + end - start
            frame[start:end] = own.body[begin : sent[stream]].ljust(end - start, b"\0")
        elif kind in (HEADERS, PUSH_PROMISE) or (kind == CONTINUATION and block is None):
            block = _Block(at, [(at + start, at + end)])
        elif kind == CONTINUATION and block is not None:
            block.places.append((at + start, at + end))
        elif kind not in KEPT:
            frame[FRAME_HEADER:] = bytes(size - FRAME_HEADER)
        made += frame
        at += size
        if block is not None and flags & END_HEADERS:
            try:
                _rewrite(made, block, ChainMap(own.values, others), counts)
            except _UnfitError:
                return bytes(made[: block.frame])
            block = None
    return bytes(made if block is None else made[: block.frame])


def _rewrite(made: bytearray, block: _Block, values: Mapping[bytes, bytes], counts: Counter[str]) -> None:
    octets = b"".join(made[start:end] for start, end in block.places)
    after, blanked = _written(octets, values, exactly=False)
    if not _pad(made, block, len(octets) - len(after)):
        after, blanked = _written(octets, values, exactly=True)
    if blanked:
        counts[BLANKED] += blanked
    at = 0
    for start, end in block.places:
        made[start:end] = after[at : at + end - start]
        at += end - start


def _pad(made: bytearray, block: _Block, size: int) -> bool:
    """Make room for fewer octets by padding of the first frame (RFC 9113 6.2); say whether it has so much."""
    (start, end), *others = block.places
    kind, flags, begin = made[block.frame + 3], made[block.frame + 4], block.frame + FRAME_HEADER
    if not size:
        return True
    before = made[begin] if flags & PADDED else 0
    if kind == CONTINUATION or size > end - start or before + size > MAX_PADDING:
        return False
    if flags & PADDED:
        made[begin] = before + size
    else:
        made[block.frame + 4] |= PADDED
        made[begin + 1 : start + 1] = made[begin:start]
        made[begin], start, size = size - 1, start + 1, size - 1
    made[end - size : end] = bytes(size)
    block.places = [(start, end - size), *others]
    return True


def _written(block: bytes, values: Mapping[bytes, bytes], *, exactly: bool) -> tuple[bytes, int]:
    """Return a block with what stands for the values that it has as literals, and how many octets are blanked."""
    made, begin, blanked = bytearray(), 0, 0
    for start, end in _values(block):
        string = _string(block[start:end], values, exactly=exactly)
        if string is None:
            string = _blank(block[start:end])
            blanked += end - start
        made += block[begin:start] + string
        begin = end
    return bytes(made + block[begin:]), blanked


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


def _string(coded: bytes, values: Mapping[bytes, bytes], *, exactly: bool) -> bytes | None:
    """Return what stands for a string in no more octets, None where no message tells of it or it does not fit."""
    _, at = _number(coded, 0, 7)
    room = len(coded) - at
    before = huffman.decoded(coded[at:]) if coded[0] & HUFFMAN else coded[at:]
    if before is None:
        raise _UnfitError
    after = values.get(before)
    if after is None or after == before:
        return None if after is None else coded
    if not coded[0] & HUFFMAN:
        return coded[:at] + after if len(after) == room else None
    code = _fitting(after, room)
    if code is None or len(code) == room:
        return None if code is None else coded[:at] + code
    return None if exactly else _length(len(code)) + code


def _blank(coded: bytes) -> bytes:
    """Return a string that says nothing, of as many octets."""
    _, at = _number(coded, 0, 7)
    letters = huffman.FILLER * (len(coded) - at)
    if not coded[0] & HUFFMAN:
        return coded[:at] + letters
    if len(letters) > len(huffman.decoded(coded[at:]) or b""):  # it had signs of more than eight bits
        raise _UnfitError
    return coded[:at] + huffman.encoded(letters)


def _fitting(text: bytes, room: int) -> bytes | None:
    """Return the code of a text in so many octets or fewer, None where leaving out spaces is not enough."""
    while len(code := huffman.encoded(text)) > room:
        shorter = _SPACE.sub(b"", text, count=1)
        if shorter == text:
            return None
        text = shorter
    return code


def _length(number: int) -> bytes:
    """Return the length of a string in Huffman code (RFC 7541 5.1, 5.2)."""
    most = (1 << 7) - 1
    if number < most:
        return bytes((HUFFMAN | number,))
    octets, number = bytearray((HUFFMAN | most,)), number - most
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*octets, number))
