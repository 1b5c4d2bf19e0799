"""A sample of a huge stream in bounded memory: both sides of every key change, a random share, and the last packets.

It does not depend on how the packets come, one by one or by the block, nor on who takes which of them: samples of
parts of a stream that follow on one another are joined to that of the whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
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
WORD, MKI = 0xFFFFFFFF, 0xFFFFFFFFFFFF
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

    __slots__ = ("_before", "_bits", "_changes", "_extended", "_first", "_last", "_number", "_share", "_stable",
                 "_value", "_waiting", "place", "point")  # fmt: skip

    def __init__(self, point: int, sequence: int | None, place: int) -> None:
        self.point = point
        self.place = place
        self._extended = sequence  # of the packet before
        self._number = 0
        self._before = self._value = -1  # the MKI of the packet before, and the last that two packets in a row had
        self._stable: Sampled | None = None  # the last packet that had it
        self._first: Sampled | None = None
        self._bits = 0  # of its hash that have to be 0 for a packet to be of the share
        self._share: list[tuple[int, Sampled]] = []
        self._changes: list[tuple[Sampled, ...]] = []  # beside each: the last packet under the key before, and two
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
        places = np.maximum(begins + columns.sizes[own] - self.place - 2, begins)
        values = heads(octets, places, 8).view(">u8").reshape(-1)
        chosen = self._choose(sequences, values, columns.block.times[columns.rows[own]])
        self._take(dict(zip(chosen.rows, columns.packets(own[chosen.rows]), strict=True)), chosen)

    def sample(self) -> list[Sampled]:
        """Return what was chosen so far, each packet once and in order."""
        self._settle()
        changes = (*chain.from_iterable(self._changes), *(() if self._stable is None else (self._stable,)))
        chosen = (*changes, *(sampled for _, sampled in self._share), *self._last)
        return [sampled for _, sampled in sorted({sampled.number: sampled for sampled in chosen}.items())]

    @property
    def packets(self) -> int:
        """How many packets the sample was taken of."""
        return self._number + len(self._waiting)

    def join(self, other: Sampler, frames: int) -> None:
        """Take a sample of the packets that follow, which knew nothing of those before; so many frames were before."""
        self._settle()
        other._settle()
        if other._first is None or other._extended is None:
            return
        begin, before = other._first.extended, self._extended
        moved = 0 if before is None else before + ((begin - before + 0x8000 & 0xFFFF) - 0x8000) - begin
        number = self._number

        def move(one: Sampled) -> Sampled:
            packet = one.packet._replace(frame=one.packet.frame + frames)
            return Sampled(packet, one.number + number, one.extended + moved)

        self._join_changes(other, move)
        self._bits = max(self._bits, other._bits)
        self._share += ((own, move(one)) for own, one in other._share)
        self._thin()
        self._last.extend(map(move, other._last))
        self._first = self._first or move(other._first)
        self._before, self._number, self._extended = other._before, number + other._number, other._extended + moved

    def _join_changes(self, other: Sampler, move: Callable[[Sampled], Sampled]) -> None:
        """Tell which key changes there are where the other sample begins; it took its first key for one."""
        assert other._first is not None
        found: list[tuple[Sampled, ...]] = []
        first = self._mki(other._first)
        if first == self._before:  # two packets in a row have it
            if first != self._value:
                found.append((self._last[-1], move(other._first), *_those(self._stable)))
            self._value, self._stable = first, move(other._first)
        changes = [tuple(map(move, change)) for change in other._changes]
        if changes and self._mki(changes[0][-1]) == self._value:
            del changes[0]
        elif changes:
            changes[0] += _those(self._stable)
        self._changes += [*found, *changes][: MAX_CHANGES - len(self._changes)]
        if other._stable is not None:
            self._value, self._stable = other._value, move(other._stable)

    def _mki(self, one: Sampled) -> int:
        return _value(one.packet.data, self.place) & MKI

    def _settle(self) -> None:
        """Look at the packets that came one by one."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        sequences = np.array([int.from_bytes(packet.data[2:4], "big") for packet in waiting])
        values = np.array([_value(packet.data, self.place) for packet in waiting], dtype=np.uint64)
        chosen = self._choose(sequences, values, np.array([packet.time for packet in waiting]))
        self._take(dict(enumerate(waiting)), chosen)

    def _choose(self, sequences: Ints, values: Ints, times: Ints) -> _Chosen:
        """Return the rows to be kept, and bring what is known of the stream up to date."""
        rows = len(sequences)
        before = int(sequences[0]) if self._extended is None else self._extended
        steps: Ints = np.diff(sequences.astype(np.int64), prepend=before)
        extended: Ints = before + np.cumsum((steps + 0x8000 & 0xFFFF) - 0x8000)
        hashes = ((times.astype(np.int64) & WORD) * SPREAD & WORD) >> 4
        hashes = (hashes * MIX & WORD) ^ hashes >> 15
        share = np.flatnonzero(hashes & (1 << self._bits) - 1 == 0)
        while len(share) > MAX_SHARE:  # before they become objects
            self._bits += 1
            share = share[hashes[share] & (1 << self._bits) - 1 == 0]

        mkis = (values & MKI).astype(np.int64)
        stable = np.flatnonzero(mkis == np.concatenate(([self._before], mkis[:-1])))
        held = mkis[stable]
        changed = np.flatnonzero(held != np.concatenate(([self._value], held[:-1])))
        changes = [
            (int(stable[index]) - 1, int(stable[index]), int(stable[index - 1]) if index else STABLE)
            for index in changed[: MAX_CHANGES - len(self._changes)].tolist()
        ]
        self._before = int(mkis[-1])
        if len(held):
            self._value = int(held[-1])
        return _Chosen(
            extended, hashes, changes, share.tolist(),
            list(range(max(rows - LAST, 0), rows)), stable[-1:].tolist(), [0] if self._first is None else [],
        )  # fmt: skip

    def _take(self, packets: dict[int, MediaPacket], chosen: _Chosen) -> None:
        def sampled(rows: Iterable[int]) -> list[Sampled]:
            return [Sampled(packets[row], self._number + row + 1, int(chosen.extended[row])) for row in rows]

        for change in chosen.changes:
            last = self._last[-1] if self._last and -1 in change else None
            stable = self._stable if STABLE in change else None
            self._changes.append((*_those(last), *_those(stable), *sampled(row for row in change if row >= 0)))
        self._share += zip((int(chosen.hashes[row]) for row in chosen.share), sampled(chosen.share), strict=True)
        self._thin()
        self._last.extend(sampled(chosen.last))
        for one in sampled(chosen.first):
            self._first = one
        for one in sampled(chosen.stable):
            self._stable = one
        self._number += len(chosen.extended)
        self._extended = int(chosen.extended[-1])

    def _thin(self) -> None:
        """Leave of the random share what there is room for: what has the same hash but for its lowest bits."""
        self._share = [(own, one) for own, one in self._share if own & (1 << self._bits) - 1 == 0]
        if len(self._share) > MAX_SHARE:
            self._bits += 1
            self._thin()


class _Chosen(NamedTuple):
    extended: Ints
    hashes: Ints
    changes: list[tuple[int, int, int]]
    share: list[int]
    last: list[int]
    stable: list[int]
    first: list[int]

    @property
    def rows(self) -> list[int]:
        beside = (row for row in chain.from_iterable(self.changes) if row >= 0)
        return sorted({*beside, *self.share, *self.last, *self.stable, *self.first})


def _those(one: Sampled | None) -> tuple[Sampled, ...]:
    return () if one is None else (one,)


def _value(data: bytes, place: int) -> int:
    """Return the octets that may be the MKI as columns do: the last six of eight."""
    return int.from_bytes(data[max(len(data) - place - 2, 0) :][:8], "big")
