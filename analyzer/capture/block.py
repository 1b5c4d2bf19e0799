"""Many records of a capture at once, as columns: what lets media pass without becoming objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.frame import Frame

Ints = NDArray[Any]

ALIKE = 4  # records of one length in a row, from which on many of them are looked at at once
MAX_ALIKE = 1024  # that are looked at at once


def heads(octets: memoryview, starts: Ints, size: int) -> NDArray[np.uint8]:
    """Return the `size` octets from each of `starts`, a row each; the rows must lie within the octets."""
    # As numbers of so many octets: rows of single octets are gathered several times slower
    return numbers(octets, f"V{size}")[starts].view(np.uint8).reshape(-1, size)


def numbers(octets: memoryview, kind: str) -> Ints:
    """Return the number of this kind that begins at each octet, as they lie: none of them is copied."""
    size = np.dtype(kind).itemsize
    return np.ndarray((max(len(octets) - size + 1, 0),), kind, octets, 0, (1,))


def alike(column: Ints) -> int:
    """Count how many elements of a column are as the first one, up to the first that is not."""
    # As two long numbers: several times faster than comparing elements that are not aligned
    octets, size = column.tobytes(), column.itemsize
    other = int.from_bytes(octets, "little") ^ int.from_bytes(octets[:size] * len(column), "little")
    return ((other & -other).bit_length() - 1) // (8 * size) if other else len(column)


def spread(begins: Ints, end: int, lengths: Ints) -> Ints:
    """Return the place of every record, of runs of records of one length each: where runs begin, and the last ends."""
    counts = np.diff(begins, append=end) // lengths
    if len(counts) == counts.sum():
        return begins
    before = np.cumsum(counts) - counts
    places: Ints = np.repeat(begins - before * lengths, counts)
    places += np.arange(len(places)) * np.repeat(lengths, counts)
    return places


@dataclass(frozen=True, slots=True)
class Block:
    """Records that follow each other in a capture and are whole; valid until the next one is asked for.

    `octets` are those of the file from `place` on, of which record i has `captured[i]` from `starts[i]`. `times` are in
    ns since 1970 UTC, `lengths` what was on the wire, `numbers` 1-based as in Wireshark. `place` is that after
    decompression.
    """

    capture: int
    octets: NDArray[np.uint8] = field(repr=False)
    starts: Ints
    captured: Ints
    lengths: Ints
    times: Ints
    numbers: Ints
    link_types: Ints
    interfaces: Ints
    place: int = field(default=0, kw_only=True)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def extent(self) -> tuple[int, int, int]:
        """The octets of all records on the wire, and the times of the first and the last."""
        return int(self.lengths.sum()), int(self.times.min()), int(self.times.max())

    def frames(self, rows: Ints | slice) -> Iterator[Frame]:
        """Yield some records as frames of their own."""
        octets, starts = self.octets.data, self.starts[rows]
        columns = (
            self.numbers[rows], self.times[rows], self.link_types[rows], starts, starts + self.captured[rows],
            self.lengths[rows], self.interfaces[rows],
        )  # fmt: skip
        for number, time, link_type, start, end, length, interface in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            yield Frame(self.capture, number, time, link_type, bytes(octets[start:end]), length, interface)

    def extract(self, rows: Ints, slack: int = 0) -> Block:
        """Return some records with octets of their own, and so many octets of nothing behind them."""
        ends = (self.starts + self.captured)[rows]
        octets = self.octets.data
        parts = [octets[start:end] for start, end in zip(self.starts[rows].tolist(), ends.tolist(), strict=True)]
        captured = self.captured[rows]
        return Block(
            self.capture, np.frombuffer(b"".join([*parts, bytes(slack)]), dtype=np.uint8),
            np.cumsum(captured) - captured, captured, self.lengths[rows], self.times[rows], self.numbers[rows],
            self.link_types[rows], self.interfaces[rows],
        )  # fmt: skip

    def counted(self, before: int) -> Block:
        """Return the same records after so many others."""
        return replace(self, numbers=self.numbers + before)

    def shifted(self, offset: int) -> Block:
        """Return the same records with `offset` ns added to their times."""
        return replace(self, times=self.times + offset)
