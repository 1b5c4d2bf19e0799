"""A sample of a huge stream in bounded memory: both sides of every key change, a random share, and the last packets.

It does not depend on how the packets come, one by one or by the block: the same stream gives the same sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from analyzer.capture.block import Ints, heads
from analyzer.decode.mediacolumns import MediaColumns
from analyzer.decode.packets import MediaPacket

LAST = 64  # packets at the end that are kept
MAX_SHARE = 256  # packets of the random share: it is thinned out by half when there are more
MAX_CHANGES = 64  # of the key, beside which packets are kept
BATCH = 256  # packets that come one by one are looked at so many at once
MKI_SIZE = 6
PLACES = (20, 16, 10, 6)  # octets from the MKI to the end, with the tags that TS 33.246 and RFC 3711 have
LOOKED_AT = 64  # packets that tell the place
SPREAD = 2654435761  # of Knuth's multiplicative hash
MIX = 0x45D9F3B
WORD = 0xFFFFFFFF
STABLE = -2  # a row that stands for the packet in `_stable`


class Sampled(NamedTuple):
    """A packet of the sample: its number in the stream, and its sequence number without rollover.

    Both count from the last packet before the sample began, whose rollover counter is 0 here.
    """

    packet: MediaPacket
    number: int
    extended: int


def mki_place(kept: Sequence[bytes]) -> int:
    """Tell where the MKI stands, counted from the end of a packet: where the octets change least."""
    shown = kept[-LOOKED_AT:]
    return min(PLACES, key=lambda place: len({data[-place:][:MKI_SIZE] for data in shown}))


class Sampler:
    """Chooses of the packets of one capture point; `sequence` is that of the last packet before, `place` the MKI's."""

    __slots__ = ("_before", "_bits", "_changed", "_changes", "_extended", "_last", "_number", "_place", "_share",
                 "_stable", "_value", "_waiting", "point")  # fmt: skip

    def __init__(self, point: int, sequence: int | None, place: int) -> None:
        self.point = point
        self._place = place
        self._extended = sequence  # of the packet before
        self._number = 0
        self._before = self._value = -1  # the MKI of the packet before, and the last that two packets in a row had
        self._stable: Sampled | None = None  # the last packet that had it
        self._bits = 0  # of its hash that have to be 0 for a packet to be of the share
        self._share: list[tuple[int, Sampled]] = []
        self._changes: list[Sampled] = []
        self._changed = 0
        self._last: deque[Sampled] = deque(maxlen=LAST)
        self._waiting: list[MediaPacket] = []

    def add(self, packet: MediaPacket) -> None:
        """Take one packet."""
        self._waiting.append(packet)
        if len(self._waiting) >= BATCH:
            self._settle()

    def add_columns(self, columns: MediaColumns, own: Ints) -> None:
        """Take many of them, the rows `own` of the columns."""
        self._settle()
        octets, begins = columns.block.octets.data, columns.begins[own]
        sequences = heads(octets, begins + 2, 2).view(">u2").reshape(-1)
        places = np.maximum(begins + columns.sizes[own] - self._place - 2, begins)
        values = heads(octets, places, 8).view(">u8").reshape(-1)
        chosen = self._choose(sequences, values, columns.block.numbers[columns.rows[own]])
        self._take(dict(zip(chosen.rows, columns.packets(own[chosen.rows]), strict=True)), chosen)

    def sample(self) -> list[Sampled]:
        """Return what was chosen so far, each packet once and in order."""
        self._settle()
        changes = self._changes + ([] if self._stable is None else [self._stable])
        chosen = (*changes, *(sampled for _, sampled in self._share), *self._last)
        return [sampled for _, sampled in sorted({sampled.number: sampled for sampled in chosen}.items())]

    @property
    def packets(self) -> int:
        """How many packets the sample was taken of."""
        return self._number + len(self._waiting)

    def _settle(self) -> None:
        """Look at the packets that came one by one."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        sequences = np.array([int.from_bytes(packet.data[2:4], "big") for packet in waiting])
        values = np.array([_value(packet.data, self._place) for packet in waiting], dtype=np.uint64)
        chosen = self._choose(sequences, values, np.array([packet.frame for packet in waiting]))
        self._take(dict(enumerate(waiting)), chosen)

    def _choose(self, sequences: Ints, values: Ints, frames: Ints) -> _Chosen:
        """Return the rows to be kept, and bring what is known of the stream up to date."""
        rows = len(sequences)
        before = int(sequences[0]) if self._extended is None else self._extended
        steps: Ints = np.diff(sequences.astype(np.int64), prepend=before)
        extended: Ints = before + np.cumsum((steps + 0x8000 & 0xFFFF) - 0x8000)
        hashes = (frames.astype(np.int64) * SPREAD & WORD) >> 4
        hashes = (hashes * MIX & WORD) ^ hashes >> 15
        share = np.flatnonzero(hashes & (1 << self._bits) - 1 == 0)

        mkis = (values & 0xFFFFFFFFFFFF).astype(np.int64)
        stable = np.flatnonzero(mkis == np.concatenate(([self._before], mkis[:-1])))
        held = mkis[stable]
        changed = np.flatnonzero(held != np.concatenate(([self._value], held[:-1])))[: MAX_CHANGES - self._changed]
        self._changed += len(changed)
        beside: set[int] = set()
        for index in changed.tolist():  # the last packet under the key before, and the first two under the new one
            beside |= {int(stable[index]) - 1, int(stable[index]), int(stable[index - 1]) if index else STABLE}
        self._changes += [self._last[-1]] if -1 in beside and self._last else []
        self._changes += [self._stable] if STABLE in beside and self._stable is not None else []
        self._before = int(mkis[-1])
        if len(held):
            self._value = int(held[-1])
        return _Chosen(
            extended, hashes, sorted(row for row in beside if row >= 0), share.tolist(),
            list(range(max(rows - LAST, 0), rows)), stable[-1:].tolist(),
        )  # fmt: skip

    def _take(self, packets: dict[int, MediaPacket], chosen: _Chosen) -> None:
        def sampled(rows: Iterable[int]) -> list[Sampled]:
            return [Sampled(packets[row], self._number + row + 1, int(chosen.extended[row])) for row in rows]

        self._changes += sampled(chosen.changes)
        self._share += zip((int(chosen.hashes[row]) for row in chosen.share), sampled(chosen.share), strict=True)
        while len(self._share) > MAX_SHARE:
            self._bits += 1
            self._share = [(own, one) for own, one in self._share if own & (1 << self._bits) - 1 == 0]
        self._last.extend(sampled(chosen.last))
        for one in sampled(chosen.stable):
            self._stable = one
        self._number += len(chosen.extended)
        self._extended = int(chosen.extended[-1])


class _Chosen(NamedTuple):
    extended: Ints
    hashes: Ints
    changes: list[int]
    share: list[int]
    last: list[int]
    stable: list[int]

    @property
    def rows(self) -> list[int]:
        return sorted({*self.changes, *self.share, *self.last, *self.stable})


def _value(data: bytes, place: int) -> int:
    """Return the octets that may be the MKI as columns do: the last six of eight."""
    return int.from_bytes(data[max(len(data) - place - 2, 0) :][:8], "big")
