"""Octets of a capture from front to back, plain or decompressed, in bounded memory."""

from __future__ import annotations

import os
import stat
import sys
from io import FileIO
from typing import TYPE_CHECKING

from analyzer.capture.follow import Growing
from analyzer.capture.inflate import COMPRESSIONS, LONGEST_MAGIC, Inflated, Plain

if TYPE_CHECKING:
    from concurrent.futures import Future

CHUNK = 256 * 1024  # octets of a capture that grows, which are looked at as they come
WINDOW = 8 * 1024 * 1024  # octets of a file that records are looked for in at a time
PIPE_WINDOW = 2 * 1024 * 1024  # and of a pipe
MARGIN = 512 * 1024  # octets before those that were read ahead, for a record that began in the window before


class Source:
    """Takes octets off a stream; `offset` counts those taken, after decompression.

    Of a plain file it may be those of a stretch only, from `begin` to `end`: windows end where they would if all of
    it was read.

    `damage` says what ended the octets early, "" where nothing did. `compression` names it, "" where there is none.
    `position` counts the octets read of the stream itself: it is what progress can be told by.
    """

    def __init__(self, stream: FileIO, begin: int = 0, end: int | None = None) -> None:
        self.offset = begin
        self._stream = stream
        there = os.fstat(stream.fileno())
        self._cut = end is not None and end < there.st_size
        plain = Plain(stream, begin, end if self._cut else None)
        self._octets: Plain | Inflated = plain
        self._grows = isinstance(stream, Growing)
        file = stat.S_ISREG(there.st_mode) and not self._grows
        most = WINDOW - begin % WINDOW if file else CHUNK if self._grows else PIPE_WINDOW
        left = (end if end is not None and self._cut else there.st_size) - begin
        self._buffer = bytearray(min(most, left + CHUNK) if file else most)
        self._pos = self._end = 0  # what is buffered and not taken
        self._ended = False
        self._ahead: Ahead | None = None
        self._long = file and there.st_size > WINDOW
        if begin:
            return
        head = self.peek(LONGEST_MAGIC)
        for kind in COMPRESSIONS:
            if head.startswith(kind.magic):
                self._octets, self._ended = Inflated(plain, kind, self._rest()), False
                self._buffer = bytearray(most)
                self._pos = self._end = 0
                self._long = file

    @property
    def compression(self) -> str:
        return self._octets.compression

    @property
    def position(self) -> int:
        return self._octets.position

    @property
    def damage(self) -> str:
        return self._octets.damage

    @property
    def left(self) -> bool:
        """Whether there is more of the stream than was read: that it ends within a record is no damage then."""
        return self._cut or (isinstance(self._stream, Growing) and self._stream.left)

    def peek(self, size: int) -> bytes:
        """Return the next `size` octets, fewer at the end, without taking them."""
        self._fill(size)
        return self._rest(size)

    def take(self, size: int) -> bytes:
        """Return and pass the next `size` octets, fewer at the end."""
        data = self.peek(size)
        self.pass_by(len(data))
        return data

    def skip(self, size: int) -> int:
        """Pass `size` octets without holding them; return how many there were."""
        left = size
        while left:
            data = self.take(min(left, CHUNK))
            if not data:
                break
            left -= len(data)
        return size - left

    def window(self, size: int) -> tuple[memoryview, int]:
        """Return octets, of which those from the offset given on come next: `size` at least unless the stream ends.

        They are not taken: `pass_by` does that. Valid until the source is asked for more.
        """
        self._fill(size)
        return memoryview(self._buffer)[: self._end], self._pos

    def pass_by(self, size: int) -> None:
        """Take `size` octets of those that a window showed."""
        self._pos += size
        self.offset += size

    def close(self) -> None:
        """Close the stream, and give back the room for what was read of it."""
        if self._ahead is not None:
            self._ahead.close()
        self._stream.close()
        self._buffer, self._pos, self._end = bytearray(), 0, 0

    def _rest(self, size: int = sys.maxsize) -> bytes:
        return bytes(memoryview(self._buffer)[self._pos : min(self._pos + size, self._end)])

    def _fill(self, size: int) -> None:
        while self._end - self._pos < size and not self._ended:
            # The first window is read here: more than what a file is told by is seldom asked for
            if self._long and self._end:
                self._take_over()
            else:
                self._read_on(size)

    def _read_on(self, size: int) -> None:
        have = self._end - self._pos
        # What is shown of the old place may be in use: where there is no room, another buffer takes over.
        fits = size <= len(self._buffer) or self._long  # what is long is gone on with by windows
        room = self._buffer if fits else bytearray(size + CHUNK)
        room[:have] = memoryview(self._buffer)[self._pos : self._end]
        self._buffer, self._pos, self._end = room, 0, have
        while not self._ended and self._end < len(room):
            count = self._octets.into(memoryview(room)[self._end :])
            self._end += count
            self._ended = not count
            if self._grows and self._end >= size:
                break

    def _take_over(self) -> None:
        """Go on with what was read ahead; into what was looked at so far is read what comes after it."""
        if self._ahead is None:
            self._ahead = Ahead(self._octets)
        rest = memoryview(self._buffer)[self._pos : self._end]
        room, count = self._ahead.get()
        if len(rest) <= MARGIN:
            room[MARGIN - len(rest) : MARGIN] = rest
            spare, self._buffer = self._buffer, room
            self._pos, self._end = MARGIN - len(rest), MARGIN + count
        else:
            spare, self._buffer = room, bytearray().join((rest, memoryview(room)[MARGIN : MARGIN + count]))
            self._pos, self._end = 0, len(self._buffer)
        self._ended = not count
        if count:
            self._ahead.read_on(spare)


class Ahead:
    """Reads into one buffer, in a thread of its own, while another is looked at."""

    def __init__(self, octets: Plain | Inflated) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # only where a capture is long

        self._octets = octets
        self._thread = ThreadPoolExecutor(1, "read-ahead")
        self._coming: Future[tuple[bytearray, int]]
        self.read_on(bytearray())

    def get(self) -> tuple[bytearray, int]:
        """Return a buffer, and how many octets there are from MARGIN on in it: 0 at the end."""
        return self._coming.result()

    def read_on(self, spare: bytearray) -> None:
        """Begin to read on, into this buffer where it is one that `get` returned."""
        room = spare if len(spare) == MARGIN + WINDOW else bytearray(MARGIN + WINDOW)
        self._coming = self._thread.submit(self._read, room)

    def close(self) -> None:
        """Wait until nothing is read any more."""
        self._thread.shutdown()

    def _read(self, room: bytearray) -> tuple[bytearray, int]:
        left, end = memoryview(room)[MARGIN:], 0
        while end < WINDOW and (count := self._octets.into(left[end:])):
            end += count
        return room, end
