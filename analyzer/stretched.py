"""Long captures by stretches, which helpers glean ahead of who needs them.

It comes to what reading from the front would: what a helper has guessed of that which is before its stretch is held
against what is known by then, and where it was wrong the stretch is read once more.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.capture.block import Block
from analyzer.capture.reader import Capture
from analyzer.capture.stretch import STRETCH, Stretch, stretches
from analyzer.decode.decoder import Decoder
from analyzer.gleaning import Gleaned, Gleaning, Known
from analyzer.helping import Answer, Ask, answered
from analyzer.medialog import MediaLog

FEWEST = 2  # helpers that pay: one takes from who reads the processor that reads ahead
AHEAD = 2  # stretches that wait at each helper, so that it need not
MAX_AHEAD = 64  # that are asked for at most: what is gleaned waits in memory
MAX_OWN = 16  # that who waits for helpers gleans meanwhile


def pays(captures: Sequence[Capture], helpers: int) -> bool:
    """Say whether captures are long enough for so many others to help with them."""
    return helpers >= FEWEST and sum(capture.size for capture in captures if not capture.compression) > 2 * STRETCH


class Stretched:
    """The captures of one probe, to be read one after the other; `helpers` do as many stretches at once."""

    def __init__(
        self,
        captures: Sequence[Capture],
        decoder: Decoder,
        log: MediaLog,
        ports: Mapping[str, tuple[int, ...]],
        offsets: Mapping[int, int],
        ask: Ask,
        helpers: int,
    ) -> None:
        self._decoder, self._log, self._ports, self._offsets = decoder, log, ports, offsets
        self._ask, self._most = ask, min(AHEAD * helpers, MAX_AHEAD)
        self._left = deque(one for capture in captures if not capture.compression for one in stretches(capture))
        self._begun: dict[Stretch, Answer | Gleaned | None] = {}

    def blocks(self, capture: Capture) -> Iterator[Block]:
        """Yield the frames of a capture but for media, which go to the log, by the clock of all."""
        offset = self._offsets.get(capture.index, 0)
        capture.go_to_begin()
        for stretch in stretches(capture):
            gleaned = self._gleaned(stretch)
            if gleaned is not None and self._fits(gleaned, capture):
                yield from self._taken(gleaned, capture)
                if stretch.end is None and not gleaned.begin:
                    return
            for block in capture.until(stretch.end):
                yield block.shifted(offset) if offset else block
            if capture.records is None or capture.records.over:
                return

    def _gleaned(self, stretch: Stretch) -> Gleaned | None:
        """Return what was gleaned of a stretch; None where nobody has, or could."""
        if stretch not in self._begun and stretch in self._left:  # those before it were read without a question
            while self._left.popleft() != stretch:
                pass
        self._go_on()
        found = self._begun.pop(stretch, None)
        if found is None or isinstance(found, Gleaned):
            return found
        while not found.done() and self._left and len(self._begun) < self._most + MAX_OWN:
            own = self._left.popleft()
            self._begun[own] = Gleaning(own, self._known(own.capture)).follow()
        octets = answered(found)
        gleaned: Gleaned | None = None if octets is None else pickle.loads(octets)  # noqa: S301  # from who helps us
        return gleaned

    def _go_on(self) -> None:
        """Ask for the next stretches, as far as it is known by now what is to be kept of them."""
        if not self._log.is_settled:
            return
        while self._left and len(self._begun) < self._most:
            stretch = self._left.popleft()
            self._begun[stretch] = self._ask(pickle.dumps(Gleaning(stretch, self._known(stretch.capture))))

    def _known(self, capture: int) -> Known:
        log, offset = self._log, self._offsets.get(capture, 0)
        return Known(self._ports, self._decoder.streams, log.keeps, log.full, log.settled(), offset)

    def _fits(self, gleaned: Gleaned, capture: Capture) -> bool:
        """Say whether what was gleaned is what would have been read, now that all before it is known."""
        if gleaned.begin != capture.place:
            return False
        if gleaned.begin and (capture.records is None or gleaned.records.layout != capture.records.layout):
            return False
        return gleaned.media <= self._decoder.streams and self._log.takes(gleaned.log, capture.index)

    def _taken(self, gleaned: Gleaned, capture: Capture) -> Iterator[Block]:
        records, before = gleaned.records, 0
        if gleaned.begin and capture.records is not None:
            before = capture.records.number
            # What is damaged is told by who goes on from there
            records = replace(records, number=before + records.number, over=False)
            capture.facts.join(gleaned.facts)
        else:
            capture.facts = gleaned.facts
        capture.go_to(gleaned.end, records)
        self._log.join(gleaned.log, capture.index, before)
        for block in gleaned.blocks:
            yield block.counted(before)
