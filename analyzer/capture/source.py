"""Octets of a capture from front to back: plain, or compressed with gzip, xz, zstd or lz4, in bounded memory."""

from __future__ import annotations

import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from typing import Protocol

from analyzer.capture.follow import Growing

CHUNK = 256 * 1024  # octets read, or decompressed, at a time
WINDOW = 8 * 1024 * 1024  # octets that records are looked for in at a time
COMPRESSED_CHUNK = 16 * 1024  # compressed octets at a time: what follows a stream is copied once for each stream
MAX_XZ_MEMORY = 128 * 1024 * 1024  # xz -9 needs 65 MiB; a hostile header asks for 4 GiB


class DamagedError(Exception):
    """Octets that cannot be decompressed."""


class Inflater(Protocol):
    """What decompressors offer: lzma's interface."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Gunzip:
    """zlib's decompressor with the interface of lzma's."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class Unlz4:
    """lz4's decompressor, which says None where there is no unused data, and RuntimeError of damage."""

    def __init__(self) -> None:
        import lz4.frame  # noqa: PLC0415  # only where a capture needs it

        self._inner = lz4.frame.LZ4FrameDecompressor()

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return bool(self._inner.needs_input)

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data or b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        try:
            return bytes(self._inner.decompress(data, max_length))
        except RuntimeError as error:
            raise DamagedError(str(error)) from None


class Unzstd:
    """zstd's decompressor, whose error is its own."""

    def __init__(self) -> None:
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415
        else:
            from backports import zstd  # noqa: PLC0415  # only where a capture needs it

        self._error = zstd.ZstdError
        self._inner = zstd.ZstdDecompressor()

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return self._inner.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        try:
            return self._inner.decompress(data, max_length)
        except self._error as error:
            raise DamagedError(str(error)) from None


def _unxz() -> Inflater:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY)


@dataclass(frozen=True, slots=True)
class Compression:
    """A compression that is told by its first octets."""

    name: str
    magic: bytes
    make: Callable[[], Inflater]


COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b", Gunzip),
    Compression("xz", b"\xfd7zXZ\x00", _unxz),
    Compression("zstd", b"\x28\xb5\x2f\xfd", Unzstd),
    Compression("lz4", b"\x04\x22\x4d\x18", Unlz4),
)
LONGEST_MAGIC = max(len(compression.magic) for compression in COMPRESSIONS)


class Source:
    """Takes octets off a stream; `offset` counts those taken, after decompression.

    `damage` says what ended the octets early, "" where nothing did. `compression` names it, "" where there is none.
    `position` counts the octets read of the stream itself: it is what progress can be told by.
    """

    def __init__(self, stream: FileIO) -> None:
        self.offset = 0
        self.position = 0
        self.damage = ""
        self._stream = stream
        # A pipe gives what it has; a file is read in long runs, a small one in one.
        there = os.fstat(stream.fileno())
        self._buffer = bytearray(min(WINDOW, there.st_size + CHUNK) if stat.S_ISREG(there.st_mode) else CHUNK)
        self._pos = self._end = 0  # what is buffered and not taken
        self._inflate: Inflater | None = None
        self._compression: Compression | None = None
        self._pending = b""  # compressed octets that were read and not yet used
        self._ended = False
        head = self.peek(LONGEST_MAGIC)
        for compression in COMPRESSIONS:
            if head.startswith(compression.magic):
                self._compression, self._inflate = compression, compression.make()
                self._pending, self._ended = self._rest(), False
                self._pos = self._end = 0

    @property
    def compression(self) -> str:
        return "" if self._compression is None else self._compression.name

    @property
    def left(self) -> bool:
        """Whether the stream was left while it still grew: that it ends within a record is no damage then."""
        return isinstance(self._stream, Growing) and self._stream.left

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
        self._stream.close()
        self._buffer, self._pos, self._end = bytearray(), 0, 0

    def _rest(self, size: int = sys.maxsize) -> bytes:
        return bytes(memoryview(self._buffer)[self._pos : min(self._pos + size, self._end)])

    def _fill(self, size: int) -> None:
        have = self._end - self._pos
        if have >= size or self._ended:
            return
        # What is shown of the old place may be in use: where there is no room, another buffer takes over.
        room = self._buffer if size <= len(self._buffer) else bytearray(size + CHUNK)
        room[:have] = memoryview(self._buffer)[self._pos : self._end]
        self._buffer, self._pos, self._end = room, 0, have
        while self._end < size and not self._ended:
            if self._inflate is None:
                self._end += self._read_into(memoryview(self._buffer)[self._end :])
            else:
                self._keep(self._decompress(self._inflate))

    def _keep(self, data: bytes) -> None:
        if self._end + len(data) > len(self._buffer):
            self._buffer = self._buffer[: self._end] + bytes(len(data))
        self._buffer[self._end : self._end + len(data)] = data
        self._end += len(data)

    def _read_into(self, room: memoryview) -> int:
        try:
            count = self._stream.readinto(room) or 0
        except OSError as error:
            self.damage, count = f"reading failed: {error.strerror or error}", 0
        if not count:
            self._ended = True
        self.position += count
        return count

    def _read(self, size: int) -> bytes:
        room = bytearray(size)
        return bytes(room[: self._read_into(memoryview(room))])

    def _decompress(self, inflate: Inflater) -> bytes:
        if inflate.needs_input and not self._pending:
            self._pending = self._read(COMPRESSED_CHUNK)
            if self._ended:
                if not inflate.eof and not self.damage:
                    self.damage = f"the {self.compression} stream is cut"
                return b""
        given, self._pending = self._pending, b""
        try:
            data = inflate.decompress(given, CHUNK)
        except (zlib.error, lzma.LZMAError, DamagedError) as error:
            self.damage, self._ended = f"the {self.compression} stream is damaged: {error}", True
            return b""
        if inflate.eof:
            self._next_member(inflate.unused_data)
        return data

    def _next_member(self, rest: bytes) -> None:
        """Compressed files may be several streams in a row, with padding of zeros between or after them."""
        rest = rest.lstrip(b"\x00") or self._read(COMPRESSED_CHUNK).lstrip(b"\x00")
        kind = self._compression
        if rest and kind is not None and (rest.startswith(kind.magic) or kind.magic.startswith(rest)):
            self._pending, self._inflate, self._ended = rest, kind.make(), False
        else:
            self._ended = True
