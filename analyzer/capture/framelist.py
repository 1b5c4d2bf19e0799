"""Where every frame of some captures lies: columns of a few octets a frame; its own octets are read when asked for.

A compressed capture cannot be read from its midst: what is in it goes to a temporary file that has no name.
"""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.block import Block, Ints
from analyzer.capture.frame import Frame
from analyzer.capture.reader import Capture, CaptureError, open_capture

CHUNK = 16_384  # frames whose columns lie together
MAX_STRETCH = 8 * 1024**2  # octets that are read in one go
MAX_FRAMES = 50_000_000  # that are listed
MAX_UNPACKED = 16 * 1024**3  # octets of compressed captures that are kept in a temporary file
COLUMNS = np.dtype([
    ("place", "i8"), ("time", "i8"), ("number", "u4"), ("captured", "u4"), ("length", "u4"), ("link_type", "u2"),
    ("interface", "u2"),
])  # fmt: skip

Place = tuple[int, int]  # capture, frame


class FrameList:
    """The frames of some captures, one capture after the other, or by time once they are `arranged`.

    `fill` finds them, in a thread if need be: whoever looks on sees those that `count` counts. `offsets` (ns) are
    added to the times of a capture. `why` says why not all of them are here, "" where they are.
    """

    def __init__(self, paths: Sequence[str], offsets: Mapping[int, int] | None = None) -> None:
        self.paths = tuple(paths)
        self.count = 0
        self.done = 0  # octets of the files that were read
        self.total = 0
        self.over = False  # whether no more will come
        self.why = ""
        self.unpacked = 0  # octets of compressed captures that lie in a temporary file
        self._offsets = dict(offsets or {})
        self._chunks: list[NDArray[np.void]] = []
        self._begins: list[int] = []  # rows before each chunk
        self._captures: list[int] = []  # of each chunk
        self._room = 0  # in the last chunk
        self._order: Ints | None = None  # the frame of each row, counted capture by capture
        self._rows: Ints | None = None  # and the row of each of these
        self._files: dict[int, IO[bytes]] = {}  # of compressed captures, by their number

    @property
    def memory(self) -> int:
        """Octets that the columns take."""
        orders = (order.nbytes for order in (self._order, self._rows) if order is not None)
        return sum(chunk.nbytes for chunk in self._chunks) + sum(orders)

    @property
    def is_arranged(self) -> bool:
        """Whether the frames of several captures are in the order of time."""
        return self._order is not None

    @property
    def is_compressed(self) -> bool:
        """Whether a capture has to be decompressed to a temporary file."""
        try:
            return any(open_capture(path).compression for path in self.paths)
        except CaptureError:
            return False

    def fill(self) -> Iterator[int]:
        """Find the frames; yields how many there are so far. Raises nothing for what cannot be read: see `why`."""
        captures = []
        for index, path in enumerate(self.paths):
            try:
                captures.append(open_capture(path, index))
            except CaptureError as error:
                self.why = str(error)
        self.total = sum(capture.size for capture in captures)
        before = 0
        for capture in captures:
            if not capture.size:
                self.why = f"{capture.path} can be read only once"
                continue
            for block in capture.blocks():
                if not self._take(capture, block):
                    self.over = True
                    return
                self.done = before + capture.position
                yield self.count
            before += capture.size
        if len(self.paths) > 1:
            self._arrange()
        self.over = True
        yield self.count

    def _take(self, capture: Capture, block: Block) -> bool:
        """Take the columns of a block; False where there is no room for them."""
        if self.count + len(block) > MAX_FRAMES:
            self.why = f"no more than {MAX_FRAMES:,} frames are listed"
            return False
        places = block.starts + block.place
        if capture.compression:
            begin, end = int(block.starts[0]), int(block.starts[-1] + block.captured[-1])
            if (kept := self._keep(capture.index, block.octets.data[begin:end])) is None:
                return False
            places = block.starts - begin + kept
        rows = np.empty(len(block), COLUMNS)
        rows["place"], rows["time"], rows["number"], rows["captured"] = (
            places,
            block.times,
            block.numbers,
            block.captured,
        )
        rows["length"], rows["link_type"], rows["interface"] = block.lengths, block.link_types, block.interfaces
        at = 0
        while at < len(rows):
            if not self._room or self._captures[-1] != block.capture:
                self._begin_chunk(block.capture)
            some = rows[at : at + self._room]
            begin = CHUNK - self._room
            self._chunks[-1][begin : begin + len(some)] = some
            self._room -= len(some)
            self.count += len(some)
            at += len(some)
        return True

    def _begin_chunk(self, capture: int) -> None:
        if self._room:  # of the capture before: there will be no more
            self._chunks[-1] = self._chunks[-1][: CHUNK - self._room].copy()
        self._begins.append(self.count)
        self._captures.append(capture)
        self._chunks.append(np.empty(CHUNK, COLUMNS))
        self._room = CHUNK

    def _keep(self, capture: int, octets: memoryview) -> int | None:
        """Write octets to the temporary file of a capture: return where, None where there is no room."""
        if self.unpacked + len(octets) > MAX_UNPACKED:
            self.why = f"what is compressed is listed up to {MAX_UNPACKED >> 30} GiB: decompress the capture first"
            return None
        try:
            if capture not in self._files:
                self._files[capture] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # as long as the list
            place = self._files[capture].tell()
            self._files[capture].write(octets)
        except OSError as error:
            self.why = (
                f"the capture is compressed, and cannot be decompressed to {tempfile.gettempdir()}: {error.strerror}"
            )
            return None
        self.unpacked += len(octets)
        return place

    def _arrange(self) -> None:
        """Bring the frames of several captures into the order of time."""
        times = np.empty(self.count, np.int64)
        for begin, capture, chunk in self._parts():
            times[begin : begin + len(chunk)] = chunk["time"] + self._offsets.get(capture, 0)
        order = np.argsort(times, kind="stable").astype(np.uint32)
        rows = np.empty_like(order)
        rows[order] = np.arange(self.count, dtype=np.uint32)
        self._rows, self._order = rows, order

    def _parts(self) -> Iterator[tuple[int, int, NDArray[np.void]]]:
        """Yield the chunks, each with the rows before it and its capture."""
        for number, (begin, capture, chunk) in enumerate(zip(self._begins, self._captures, self._chunks, strict=True)):
            end = self._begins[number + 1] if number + 1 < len(self._begins) else self.count
            yield begin, capture, chunk[: end - begin]

    def frame(self, row: int) -> Frame:
        """Return a frame with its octets, as many as can be read of them; `row` counts from 0."""
        capture, found = self._row(row)
        place, time, number, captured, length, link_type, interface = found
        data = self._octets(capture, place, captured)
        return Frame(capture, number, time + self._offsets.get(capture, 0), link_type, data, length, interface)

    def stretch(self, row: int, most: int, with_octets: bool = True) -> list[Frame]:
        """Return frames from a row on, at least one of them: as many as lie together, read in one go."""
        if self._order is not None:
            return [self.frame(each) for each in range(row, min(row + most, self.count))]
        chunk = bisect_right(self._begins, row) - 1
        begin, capture = self._begins[chunk], self._captures[chunk]
        some = self._chunks[chunk][row - begin : min(row + most, self.count) - begin]
        octets, first = b"", int(some["place"][0])
        if with_octets:
            ends = some["place"] + some["captured"] - first
            some = some[: max(1, int(np.searchsorted(ends, MAX_STRETCH)))]
            octets = self._octets(capture, first, int(ends[len(some) - 1]))
        offset = self._offsets.get(capture, 0)
        return [
            Frame(capture, number, time + offset, link, octets[place - first : place - first + size], length, interface)
            for place, time, number, size, length, link, interface in some.tolist()
        ]

    def time(self, row: int) -> int:
        """Return the time of a frame in ns."""
        capture, found = self._row(row)
        return int(found[1]) + self._offsets.get(capture, 0)

    def place(self, row: int) -> Place:
        """Return the capture of a frame and its number there."""
        capture, found = self._row(row)
        return capture, int(found[2])

    def _row(self, row: int) -> tuple[int, tuple[int, ...]]:
        if self._order is not None:
            row = int(self._order[row])
        chunk = bisect_right(self._begins, row) - 1
        return self._captures[chunk], self._chunks[chunk][row - self._begins[chunk]].item()

    def _octets(self, capture: int, place: int, captured: int) -> bytes:
        try:
            if capture in self._files:
                return os.pread(self._files[capture].fileno(), captured, place)
            # Opened anew each time: a case may have more captures than a process may have files. Not mapped: a file
            # that is cut while it is mapped ends the process.
            with open(self.paths[capture], "rb", buffering=0) as file:
                return os.pread(file.fileno(), captured, place)
        except (OSError, ValueError):  # gone, or closed
            return b""

    def row(self, place: Place) -> int | None:
        """Return the row of a frame, that of the next one where it is not there, None where there is none."""
        wanted, number = place
        for begin, capture, chunk in self._parts():
            if capture == wanted and len(chunk) and chunk["number"][-1] >= number:
                at = begin + int(np.searchsorted(chunk["number"], number))
                return at if self._rows is None else int(self._rows[at])
        return None

    def close(self) -> None:
        """Give the temporary files back; frames have no octets then."""
        for file in self._files.values():
            file.close()
