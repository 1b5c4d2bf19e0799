"""Opening a capture: what it is is told from its octets, never from its name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from io import FileIO
from pathlib import Path

from analyzer.capture import modified, pcap, pcapng
from analyzer.capture.block import Block
from analyzer.capture.follow import Follow, Growing
from analyzer.capture.frame import CaptureFacts, Frame
from analyzer.capture.inflate import COMPRESSIONS, LONGEST_MAGIC
from analyzer.capture.source import Source

STDIN = "-"
GLOB = "*?["  # characters of patterns
HEAD = 16  # octets that tell a format

KNOWN = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "an ELF program"),
    (b"MZ", "a Windows program"),
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF document"),
    (b"BZh", "a bzip2 file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"snoop\x00\x00\x00", "a snoop capture"),
    (b"RTSS", "a Network Monitor 1 capture"),
    (b"GMBU", "a Network Monitor 2 capture"),
    (b"TRSNIFF data", "a Sniffer capture"),
)

COMPRESSED = tuple(compression.magic for compression in COMPRESSIONS)
Records = pcap.Records | pcapng.Sections | modified.Records
FORMATS: Mapping[bytes, Callable[[Source, CaptureFacts], Records | None]] = {
    pcapng.SECTION_MAGIC: pcapng.begun,
    **dict.fromkeys(pcap.MAGICS, pcap.begun),
    **dict.fromkeys(modified.MAGICS, modified.begun),
}


class CaptureError(Exception):
    """A capture of which nothing can be read; `offset` is where reading it failed."""

    def __init__(self, path: str, offset: int, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.offset = offset
        self.reason = reason


class Capture:
    """The frames of a capture, in the order of the file; `facts` are complete when they have all been taken.

    A file can be iterated again, and its facts begin anew; standard input and pipes only once. A file can be read from
    a place on, too: `place` is where reading has come to, and `records` what has to be known to go on.
    """

    def __init__(
        self, path: str, index: int, opened: Source | None, facts: CaptureFacts, compression: str = ""
    ) -> None:
        self.path = path
        self.compression = compression  # its name, "" where there is none
        self.index = index
        self.facts = facts
        self.size = Path(path).stat().st_size if _rereadable(path) else 0  # 0: a pipe does not say
        self.place = 0
        self.records: Records | None = None
        self._opened = opened
        self._reading: Source | None = None

    @property
    def position(self) -> int:
        """Octets of the file that have been read so far, before decompression."""
        return 0 if self._reading is None else self._reading.position

    def __iter__(self) -> Iterator[Frame]:
        for block in self.blocks():
            yield from block.frames(slice(None))

    def blocks(self) -> Iterator[Block]:
        """Yield the frames many at once; a block is valid until the next is asked for."""
        opened, self._opened = self._opened, None
        if opened is None:
            if not _rereadable(self.path):
                return
            opened = Source(_stream(self.path))
            self.go_to_begin()
        yield from self._read(opened)

    def go_to_begin(self) -> None:
        """Let a file be read from its begin, and its facts begin anew."""
        self.facts, self.place, self.records = CaptureFacts(self.path), 0, None

    def go_to(self, place: int, records: Records) -> None:
        """Let reading go on from a place of the file, at which a record begins."""
        self.place, self.records = place, records

    def until(self, end: int | None, *, only_packets: bool = False) -> Iterator[Block]:
        """Yield the frames from where reading has come to, of records that end before a place, or of all.

        With `only_packets` reading comes to an end before what is no packet in order.
        """
        yield from self._read(Source(_stream(self.path), self.place, end), only_packets)

    def _read(self, opened: Source, only_packets: bool = False) -> Iterator[Block]:
        facts, self._reading = self.facts, opened
        try:
            if not self.place:
                self.records = FORMATS[opened.peek(4)](opened, facts)
            for block in () if self.records is None else self.records.blocks(opened, self.index, facts, only_packets):
                facts.add(len(block), *block.extent)
                yield block
            if opened.damage:
                facts.cut(f"after packet {facts.packets}, offset {opened.offset}: {opened.damage}")
            self.place = opened.offset
        finally:
            opened.close()


def open_capture(path: str, index: int = 0, follow: Follow | None = None) -> Capture:
    """Open a pcap or pcapng file, plain or compressed; `-` is standard input.

    With `follow` its end is waited for, which takes a plain one. Raises CaptureError when nothing can be read of it:
    missing, empty, or of another format.
    """
    opened = Source(_stream(path, follow))
    try:
        if follow is not None and opened.compression:
            refusal = f"is compressed with {opened.compression}, and only a plain capture can be followed"
        else:
            refusal = _refusal(opened)
    except BaseException:
        opened.close()
        raise
    if refusal:
        opened.close()
        raise CaptureError(path, 0, refusal)
    if follow is None and _rereadable(path):
        opened.close()
        return Capture(path, index, None, CaptureFacts(path), opened.compression)
    return Capture(path, index, opened, CaptureFacts(path), opened.compression)


def is_capture(path: str) -> bool:
    """Tell from its first octets, decompressed where need be, whether a regular file is a capture."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with FileIO(path, "rb") as stream:
            head = stream.read(LONGEST_MAGIC) or b""
            if not head.startswith(COMPRESSED):  # a folder may hold a million files: no more is read of them
                return _is_magic(head[:4])
            stream.seek(0)
            return _is_magic(Source(stream).peek(4))
    except OSError:
        return False


def is_shut(path: str) -> bool:
    """Say whether nobody can tell what a file is: it cannot be opened, or is a link to nothing."""
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            FileIO(path, "rb").close()
    except FileNotFoundError:
        return os.path.islink(path)  # else it has gone since it was listed
    except OSError:
        return True
    return False


def what_is(path: str) -> str:
    """Say what a file is that is no capture, for people."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "is no regular file"
        open_capture(path)
    except CaptureError as error:
        return error.reason
    except OSError as error:
        return f"cannot be looked at: {error.strerror or error}"
    return "is no capture of its own"


def _is_magic(head: bytes) -> bool:
    return head in FORMATS


def _rereadable(path: str) -> bool:
    return path != STDIN and Path(path).is_file()


def _stream(path: str, follow: Follow | None = None) -> FileIO:
    try:
        if follow is not None:
            return Growing(0 if path == STDIN else path, follow)
        if path == STDIN:
            return FileIO(0, "rb", closefd=False)
        return FileIO(path, "rb")  # unbuffered: a pipe gives what it has
    except IsADirectoryError:
        raise CaptureError(path, 0, "is a folder, not a capture") from None
    except FileNotFoundError:
        raise CaptureError(path, 0, _missing(path)) from None
    except (OSError, ValueError) as error:
        raise CaptureError(path, 0, f"cannot be opened: {getattr(error, 'strerror', None) or error}") from None


def _missing(path: str) -> str:
    if os.path.islink(path):
        return f"there is no such file: it is a link to {os.readlink(path)}"
    return "there is no such file" + (", and none that fits the pattern" if any(mark in path for mark in GLOB) else "")


def _refusal(opened: Source) -> str:
    """Say why the octets are no capture; "" when they are one."""
    head = opened.peek(HEAD)
    if _is_magic(head[:4]):
        return ""
    inside = f"{opened.compression} file, and in it " if opened.compression else ""
    if opened.damage:
        return f"{inside}nothing can be read: {opened.damage}" if inside else opened.damage
    return f"is no pcap or pcapng capture: {inside}{_what(head)}"


def _what(head: bytes) -> str:
    if not head:
        return "empty"
    for magic, name in KNOWN:
        if head.startswith(magic):
            return name
    if any(magic.startswith(head) for magic in FORMATS):
        return f"cut within the first {len(head)} octets"
    if all(octet in b"\t\n\r\x0c" or 0x20 <= octet != 0x7F for octet in head):
        return "text"
    return f"unknown, it begins with {head[:8].hex(' ')}"
