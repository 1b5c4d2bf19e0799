"""Octets of a stream as they lie there, or decompressed: gzip, xz, zstd or lz4, told by its first octets."""

from __future__ import annotations

import lzma
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from typing import Protocol

MOST_INFLATED = 2 * 1024 * 1024  # octets decompressed at a time
COMPRESSED_CHUNK = 16 * 1024  # compressed octets at a time: what follows a stream is copied once for each stream
MAX_COMPRESSED_CHUNK = 256 * 1024  # that it grows to within a stream that is long
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


class Plain:
    """The octets of a stream as they are, or those of a stretch of it, from `begin` to `end`.

    `position` is how far it was read, `damage` says what ended them early, "" where nothing did.
    """

    compression = ""

    def __init__(self, stream: FileIO, begin: int = 0, end: int | None = None) -> None:
        self.position = begin
        self.damage = ""
        self._stream = stream
        self._end = end
        if begin:
            stream.seek(begin)

    def into(self, room: memoryview) -> int:
        """Read what there is, at least one octet; return how many there were, 0 at the end."""
        if self._end is not None:
            room = room[: self._end - self.position]
        try:
            count = self._stream.readinto(room) or 0
        except OSError as error:
            self.damage, count = f"reading failed: {error.strerror or error}", 0
        self.position += count
        return count

    def read(self, size: int) -> bytes:
        """Read so many octets at most."""
        room = bytearray(size)
        return bytes(memoryview(room)[: self.into(memoryview(room))])


class Inflated:
    """The octets of a compressed stream; `begin` are those that were read of it to tell what it is."""

    def __init__(self, plain: Plain, kind: Compression, begin: bytes) -> None:
        self.compression = kind.name
        self._damage = ""
        self._plain = plain
        self._kind = kind
        self._inflate = kind.make()
        self._begin = memoryview(begin)  # what of it was not taken yet
        self._pending = b""  # taken and not yet used
        self._chunk = COMPRESSED_CHUNK
        self._ended = False

    @property
    def position(self) -> int:
        return self._plain.position

    @property
    def damage(self) -> str:
        return self._damage or self._plain.damage

    def into(self, room: memoryview) -> int:
        """Decompress what there is room for, at least one octet; return how many there were, 0 at the end."""
        while not self._ended:
            data = self._decompress(min(len(room), MOST_INFLATED))
            if data:
                room[: len(data)] = data
                return len(data)
        return 0

    def _take(self, size: int) -> bytes:
        if not self._begin:
            return self._plain.read(size)
        taken, self._begin = bytes(self._begin[:size]), self._begin[size:]
        return taken

    def _decompress(self, most: int) -> bytes:
        inflate = self._inflate
        if inflate.needs_input and not self._pending:
            self._pending = self._take(self._chunk)
            self._chunk = min(2 * self._chunk, MAX_COMPRESSED_CHUNK)
            if not self._pending:
                self._ended = True
                if not inflate.eof and not self.damage:
                    self._damage = f"the {self.compression} stream is cut"
                return b""
        given, self._pending = self._pending, b""
        try:
            data = inflate.decompress(given, most)
        except (zlib.error, lzma.LZMAError, DamagedError) as error:
            self._damage, self._ended = f"the {self.compression} stream is damaged: {error}", True
            return b""
        if inflate.eof:
            self._next_member(inflate.unused_data)
        return data

    def _next_member(self, rest: bytes) -> None:
        """Compressed files may be several streams in a row, with padding of zeros between or after them."""
        self._chunk = COMPRESSED_CHUNK
        rest = rest.lstrip(b"\x00") or self._take(COMPRESSED_CHUNK).lstrip(b"\x00")
        if rest and (rest.startswith(self._kind.magic) or self._kind.magic.startswith(rest)):
            self._pending, self._inflate = rest, self._kind.make()
        else:
            self._ended = True
