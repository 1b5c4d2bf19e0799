"""RTP packets of a block as columns, for those who ask of streams, not of packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from analyzer.capture.block import Block, Ints
from analyzer.decode.ip import text
from analyzer.decode.packets import MediaPacket


@dataclass(frozen=True, slots=True)
class MediaColumns:
    """RTP packets: `rows` are their records in the block; addresses are rows of octets, `begins` and `sizes` theirs."""

    block: Block = field(repr=False)
    rows: Ints
    sources: Ints
    destinations: Ints
    ports: Ints
    ssrcs: Ints
    begins: Ints
    sizes: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, chosen: Ints) -> MediaColumns:
        """Return some of them, by index or by mask."""
        return MediaColumns(
            self.block, self.rows[chosen], self.sources[chosen], self.destinations[chosen], self.ports[chosen],
            self.ssrcs[chosen], self.begins[chosen], self.sizes[chosen],
        )  # fmt: skip

    def streams(self, *, by_source: bool = False) -> Iterator[Ints]:
        """Yield the indices of each destination, port and SSRC, and source where it counts, in their order."""
        if not len(self):
            return
        words = [self.ports << 32 | self.ssrcs]
        for address in (self.destinations, *((self.sources,) if by_source else ())):
            words.extend(np.ascontiguousarray(address).view(np.uint32).T)
        order = np.lexsort(words)
        other = np.zeros(len(order) - 1, dtype=bool)
        for word in words:
            placed = word[order]
            other |= placed[1:] != placed[:-1]
        ends = [*(np.flatnonzero(other) + 1).tolist(), len(order)]
        yield from sorted((order[a:b] for a, b in zip([0, *ends], ends, strict=False)), key=lambda own: int(own[0]))

    def packets(self, chosen: Ints | slice) -> Iterator[MediaPacket]:
        """Yield some of them as packets of their own."""
        block, rows, wide = self.block, self.rows[chosen], self.sources.shape[1]
        octets, begins = block.octets.data, self.begins[chosen]
        sources, destinations = self.sources[chosen].tobytes(), self.destinations[chosen].tobytes()
        columns = (block.numbers[rows], block.times[rows], self.ports[chosen], begins, begins + self.sizes[chosen])
        at = range(0, len(sources), wide)
        for place, number, time, port, begin, end in zip(at, *(column.tolist() for column in columns), strict=True):
            ends = text(sources[place : place + wide]), text(destinations[place : place + wide])
            yield MediaPacket(block.capture, number, time, *ends, port, bytes(octets[begin:end]))
