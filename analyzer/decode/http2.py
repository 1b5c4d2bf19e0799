"""HTTP/2 in the clear (RFC 9113): the frames of one direction, and the messages of its streams.

Header fields refer to those before (HPACK, RFC 7541). Where a capture begins in the middle, or lost octets, some refer
to what nobody saw: they stay without a name, and the message says so. What was sent since is known all the same, as
entries are counted from the newest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.decode import framing
from analyzer.decode.framing import Framing, unread
from analyzer.decode.packets import DecodeFacts
from dissectors import Payload
from dissectors.http2 import DATA, END_HEADERS, END_STREAM, FRAME_HEADER, HEADERS, HeaderLine, write

if TYPE_CHECKING:
    import hpack

MAX_FRAME = 1024 * 1024  # octets of one frame
MAX_BLOCK = 256 * 1024  # octets of one header block, over all its frames
MAX_LIST = 48 * 1024  # octets of the header fields of one block, with 32 for each
MAX_TABLE = 64 * 1024  # octets that the table of header fields may have
MAX_OPEN = 256  # streams of one direction that are put together at a time
MAX_BODY = 4 * 1024 * 1024 + 1  # octets of a body that are kept: one more than are looked into
MAX_HELD = 16 * 1024 * 1024  # octets of all bodies of one direction

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
RST_STREAM, SETTINGS, PUSH_PROMISE, CONTINUATION = 3, 4, 5, 9
ACK, PADDED, PRIORITY = 0x01, 0x08, 0x20
ENTRY = 32  # octets that each entry of the table counts at least
MAX_SETTINGS = 32  # of one frame
MAX_TYPE = 0x20  # types of frames that are believed; those above 0x10 are unknown, and passed over
UNKNOWN = (b"", b"")

GIVEN_UP = "HTTP/2 streams given up, too many or too long"

# Types that belong to a stream (True) or to the connection (False), and what their octets must be
_SHAPES: dict[int, tuple[bool | None, Callable[[int], bool]]] = {
    DATA: (True, lambda size: True),
    HEADERS: (True, lambda size: size > 0),
    2: (True, lambda size: size == 5),
    RST_STREAM: (True, lambda size: size == 4),
    SETTINGS: (False, lambda size: size % 6 == 0 and size <= 6 * MAX_SETTINGS),
    PUSH_PROMISE: (True, lambda size: size > 4),
    6: (False, lambda size: size == 8),
    7: (False, lambda size: size >= 8),
    8: (None, lambda size: size == 4),
    CONTINUATION: (True, lambda size: True),
}


def goes_on(data: bytes, closed: bool) -> int | None:
    """Return the octets of a frame, 0 when it is none."""
    if data[:1] == b"P" and data.startswith(PREFACE[: len(data)]):
        return len(PREFACE) if len(data) >= len(PREFACE) else None
    if len(data) < FRAME_HEADER:
        return None
    size, kind, stream = int.from_bytes(data[:3], "big"), data[3], int.from_bytes(data[5:9], "big")
    of_stream, fits = _SHAPES.get(kind, (None, lambda size: True))
    if size > MAX_FRAME or kind >= MAX_TYPE or stream >> 31 or not fits(size) or of_stream is (stream == 0):
        return 0
    return FRAME_HEADER + size


def length(data: bytes, closed: bool) -> int | None:
    """Return the octets of what a connection begins with: the preface, SETTINGS, or in the middle whole HEADERS."""
    if data[:1] == b"P":
        return goes_on(data, closed) if data.startswith(PREFACE[: len(data)]) else 0
    if data[:1] != b"\0" or (len(data) > 3 and data[3] not in (SETTINGS, HEADERS)):
        return 0
    if len(data) < FRAME_HEADER:
        return None if not closed else 0
    size = goes_on(data, False)
    if data[3] == SETTINGS:
        return size if data[4] == 0 or (data[4] == ACK and size == FRAME_HEADER) else 0
    if data[4] & ~(END_STREAM | END_HEADERS | PADDED | PRIORITY) or not data[4] & END_HEADERS:
        return 0
    return size if FRAMES.follows(data) else 0


def matches(payload: Payload) -> bool:
    """Say whether octets are the beginning of a connection."""
    return payload.transport == "tcp" and bool(length(payload.data, False))


FRAMES = Framing("http2", matches, unread, length=length, goes_on=goes_on)


@dataclass(slots=True)
class _Open:
    """A stream on its way: the frames of its blocks and its body."""

    number: int
    lines: list[HeaderLine] = field(default_factory=list)
    trailers: list[HeaderLine] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    frames: set[int] = field(default_factory=set)
    whole: bool = True  # none of its octets is missing


@dataclass(slots=True)
class _Block:
    """Fragments of a header block that go on in CONTINUATION."""

    stream: int
    promised: bool
    ended: bool
    octets: bytearray
    frames: set[int]


class Http2Side:
    """One direction of a connection; `begun` says that its first octets are there, and with them its table."""

    def __init__(self, facts: DecodeFacts, begun: bool) -> None:
        self.octets = 0
        self._facts = facts
        self._open: OrderedDict[int, _Open] = OrderedDict()
        self._block: _Block | None = None
        self._decoder = _decoder()
        self._last: Payload | None = None
        if not begun:
            self._forget()

    def add(self, frame: Payload) -> Iterator[Payload]:
        """Take a frame; yield the messages that it completes."""
        self._last = frame
        data = frame.data
        if data.startswith(PREFACE):
            self._decoder = _decoder()
            return
        kind, flags, stream = data[3], data[4], int.from_bytes(data[5:9], "big")
        octets = memoryview(data)[FRAME_HEADER:]
        if self._block is not None and (kind != CONTINUATION or stream != self._block.stream):
            self._fail(frame, "a header block that does not go on")
        if kind in (DATA, HEADERS, PUSH_PROMISE) and flags & PADDED:
            pad = octets[0] if octets else 0
            if pad >= len(octets):
                self._fail(frame, f"{pad} octets of padding, the frame has {len(octets)}")
                return
            octets = octets[1 : len(octets) - pad]
        if kind == DATA:
            yield from self._data(frame, stream, octets, bool(flags & END_STREAM))
        elif kind in (HEADERS, PUSH_PROMISE):
            before = 4 if kind == PUSH_PROMISE else 5 if flags & PRIORITY else 0
            ended = kind == HEADERS and bool(flags & END_STREAM)
            self._block = _Block(stream, kind == PUSH_PROMISE, ended, bytearray(octets[before:]), set(frame.frames))
            yield from self._ended_block(frame, flags)
        elif kind == CONTINUATION and self._block is not None:
            self._block.octets += octets
            self._block.frames.update(frame.frames)
            yield from self._ended_block(frame, flags)
        elif kind == RST_STREAM and stream in self._open:
            self._open[stream].whole = False
            yield from self._message(frame, stream)

    def lose(self) -> None:
        """Octets are missing: streams may lack a part, and header fields may refer to what they held."""
        self._block = None
        self._forget()
        for stream in self._open.values():
            stream.whole = False

    def finish(self) -> Iterator[Payload]:
        """Yield the streams that did not end."""
        for number, stream in list(self._open.items()):
            stream.whole = False
            if self._last is not None:
                yield from self._message(self._last, number)

    # ------------------------------------------------------------------------------------------ streams

    def _data(self, frame: Payload, number: int, octets: memoryview, ended: bool) -> Iterator[Payload]:
        stream = self._open.get(number)
        if stream is None:  # its headers are not there
            return
        stream.frames.update(frame.frames)
        room = MAX_BODY - len(stream.body)
        stream.body += octets[:room]
        self.octets += min(room, len(octets))
        if ended:
            yield from self._message(frame, number)
        yield from self._shrink(frame)

    def _message(self, frame: Payload, number: int) -> Iterator[Payload]:
        stream = self._open.pop(number)
        self.octets -= len(stream.body)
        data = write(number, stream.lines, bytes(stream.body), stream.trailers, stream.whole)
        yield framing.message(data, frame, stream.frames)

    def _shrink(self, frame: Payload) -> Iterator[Payload]:
        while len(self._open) > MAX_OPEN or (self.octets > MAX_HELD and self._open):
            number, stream = next(iter(self._open.items()))
            stream.whole = False
            self._facts.count(GIVEN_UP)
            yield from self._message(frame, number)

    # ------------------------------------------------------------------------------------------- headers

    def _ended_block(self, frame: Payload, flags: int) -> Iterator[Payload]:
        block = self._block
        if block is None:
            return
        if len(block.octets) > MAX_BLOCK:
            self._fail(frame, f"a header block of more than {MAX_BLOCK} octets")
        elif flags & END_HEADERS:
            self._block = None
            lines = self._decoded(frame, bytes(block.octets))
            if lines is not None and not block.promised:
                yield from self._headers(frame, block, lines)

    def _headers(self, frame: Payload, block: _Block, lines: list[HeaderLine]) -> Iterator[Payload]:
        stream = self._open.get(block.stream)
        if stream is None:
            stream = self._open[block.stream] = _Open(block.stream, lines)
        else:
            stream.trailers = lines
        stream.frames |= block.frames
        interim = any(name == b":status" and value[:1] == b"1" for name, value, _ in lines)
        if interim:
            stream.whole = False  # what it says goes on
        if block.ended or interim:
            yield from self._message(frame, block.stream)
        yield from self._shrink(frame)

    def _decoded(self, frame: Payload, block: bytes) -> list[HeaderLine] | None:
        from hpack import HPACKError  # noqa: PLC0415  # where HTTP/2 is spoken only

        try:
            found = list(self._decoder.decode(block, raw=True))
        except HPACKError as error:
            self._fail(frame, f"its header fields cannot be read (HPACK): {str(error)[:80]}")
            return None
        return [
            HeaderLine(_octets(name), _octets(value), not line.indexable) for line in found for name, value in (line,)
        ]

    def _fail(self, frame: Payload, reason: str) -> None:
        framing.tell(self._facts, frame, "http2", "http2.header", reason)
        self._block = None
        self._forget()

    def _forget(self) -> None:
        """Begin with a table of entries that are not known: what comes in later pushes them out."""
        self._decoder = _decoder()
        self._decoder.header_table.maxsize = MAX_TABLE
        self._decoder.header_table.dynamic_entries.clear()
        for _ in range(MAX_TABLE // ENTRY):
            self._decoder.header_table.add(*UNKNOWN)


def _decoder() -> hpack.Decoder:
    from hpack import Decoder  # noqa: PLC0415  # where HTTP/2 is spoken only

    decoder = Decoder(max_header_list_size=MAX_LIST)
    decoder.max_allowed_table_size = MAX_TABLE  # whatever the other end allows: a sender has to say what he uses
    return decoder


def _octets(given: bytes | str) -> bytes:
    return given.encode() if isinstance(given, str) else bytes(given)


__all__ = ["FRAMES", "Http2Side"]
