"""Many records of a capture at once, as columns: what lets media pass without becoming objects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.frame import Frame

Ints = NDArray[Any]

MAX_ALIKE = 256  # records that are looked at at once


def heads(octets: memoryview, starts: Ints, size: int) -> NDArray[np.uint8]:
    """Return the `size` octets from each of `starts`, a row each; the rows must lie within the octets."""
    flat = np.frombuffer(octets, dtype=np.uint8)
    rows = np.lib.stride_tricks.as_strided(flat, (len(flat) - size + 1, size), (1, 1), writeable=False)
    found: NDArray[np.uint8] = rows[starts]
    return found


def alike(octets: memoryview, at: int, stride: int, order: str, value: int, end: int) -> int:
    """Count how many 32-bit numbers, `stride` octets apart and first at `at`, are `value` one after the other.

    Numbers of records that end after `end` do not count: a record is the `stride` octets around its number.
    """
    most = min(MAX_ALIKE, (end - at + 8) // stride)
    numbers = np.ndarray((most,), f"{order}u4", octets, at, (stride,))
    other = numbers != value
    first = int(other.argmax())
    return first if other[first] else most


@dataclass(frozen=True, slots=True)
class Block:
    """Records that follow each other in a capture and are whole; valid until the next one is asked for.

    `octets` are those of the file, of which record i has `captured[i]` from `starts[i]`. `times` are in ns since
    1970 UTC, `lengths` what was on the wire, `numbers` 1-based as in Wireshark.
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

    def __len__(self) -> int:
        return len(self.starts)

    def frame(self, index: int) -> Frame:
        """Return one record as a frame of its own."""
        start = int(self.starts[index])
        return Frame(
            self.capture,
            int(self.numbers[index]),
            int(self.times[index]),
            int(self.link_types[index]),
            self.octets[start : start + int(self.captured[index])].tobytes(),
            int(self.lengths[index]),
            int(self.interfaces[index]),
        )

    def shifted(self, offset: int) -> Block:
        """Return the same records with `offset` ns added to their times."""
        return replace(self, times=self.times + offset)
