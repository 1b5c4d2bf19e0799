"""Octets of a capture from front to back: plain, gzip or xz, in bounded memory."""

from __future__ import annotations

import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable
from io import FileIO
from typing import Protocol

CHUNK = 256 * 1024  # octets read, or decompressed, at a time
WINDOW = 8 * 1024 * 1024  # octets that records are looked for in at a time
COMPRESSED_CHUNK = 16 * 1024  # compressed octets at a time: what follows a stream is copied once for each stream
MAX_XZ_MEMORY = 128 * 1024 * 1024  # xz -9 needs 65 MiB; a hostile header asks for 4 GiB

GZIP_MAGIC = b"\x1f\x8b"
XZ_MAGIC = b"\xfd7zXZ\x00"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
LZ4_MAGIC = b"\x04\x22\x4d\x18"


class Inflater(Protocol):
    """What both decompressors offer once gzip has learnt to say when it needs input."""

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


def _unxz() -> Inflater:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY)


INFLATERS: dict[bytes, Callable[[], Inflater]] = {GZIP_MAGIC: Gunzip, XZ_MAGIC: _unxz}


class Source:
    """Takes octets off a stream; `offset` counts those taken, after decompression.

    `damage` says what ended the octets early, "" where nothing did. `compression` is "gzip", "xz" or "".
    `position` counts the octets read of the stream itself: it is what progress can be told by.
    """

    def __init__(self, stream: FileIO) -> None:
        self.offset = 0
        self.position = 0
        self.damage = ""
        self.compression = ""
        self._stream = stream
        # A pipe gives what it has; a file is read in long runs.
        self._buffer = bytearray(WINDOW if stat.S_ISREG(os.fstat(stream.fileno()).st_mode) else CHUNK)
        self._pos = self._end = 0  # what is buffered and not taken
        self._inflate: Inflater | None = None
        self._make: Callable[[], Inflater] | None = None
        self._pending = b""  # compressed octets that were read and not yet used
        self._ended = False
        head = self.peek(len(XZ_MAGIC))
        for magic, make in INFLATERS.items():
            if head.startswith(magic):
                self.compression = "gzip" if magic == GZIP_MAGIC else "xz"
                self._make, self._inflate = make, make()
                self._pending, self._ended = self._rest(), False
                self._pos = self._end = 0

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
        self._stream.close()

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
        except (zlib.error, lzma.LZMAError) as error:
            self.damage, self._ended = f"the {self.compression} stream is damaged: {error}", True
            return b""
        if inflate.eof:
            self._next_member(inflate.unused_data)
        return data

    def _next_member(self, rest: bytes) -> None:
        """gzip and xz files may be several streams in a row, with padding of zeros between or after them."""
        rest = rest.lstrip(b"\x00") or self._read(COMPRESSED_CHUNK).lstrip(b"\x00")
        magic = GZIP_MAGIC if self.compression == "gzip" else XZ_MAGIC
        if rest and self._make is not None and (rest.startswith(magic) or magic.startswith(rest)):
            self._pending, self._inflate, self._ended = rest, self._make(), False
        else:
            self._ended = True
