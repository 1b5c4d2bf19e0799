"""What ends of TCP acknowledge, held against what was captured: octets that no probe has seen, or only after that."""

from __future__ import annotations

from collections import OrderedDict

from analyzer.decode.held import Ends
from analyzer.decode.packets import DecodeFacts, Origin

MAX_DIRECTIONS = 16_384  # of connections that acknowledgements are kept of
MAX_WAITING = 16  # acknowledgements of what one direction has not brought yet
OVERTAKING = 100_000_000  # ns; what comes later than that after its acknowledgement was sent again
MAX_AHEAD = 64 * 1024 * 1024  # octets; what acknowledges more speaks of another connection
END = 1  # a FIN counts as one octet (RFC 9293 3.4)


class Acknowledged:
    """Keeps the first and the highest acknowledgement number of what goes in one direction.

    Where the direction itself was not captured, these two alone tell that something went there.
    """

    def __init__(self, facts: DecodeFacts) -> None:
        self._facts = facts
        self._numbers: OrderedDict[Ends, tuple[int, int]] = OrderedDict()
        self._early: dict[Ends, list[tuple[int, Origin]]] = {}  # what acknowledges octets that were not seen by then

    def note(self, ends: Ends, number: int) -> None:
        """Take an acknowledgement number of what goes from `ends[0]` to `ends[2]`."""
        known = self._numbers.get(ends)
        if known is None:
            self._numbers[ends] = number, number
            if len(self._numbers) > MAX_DIRECTIONS:
                self._numbers.popitem(last=False)
        elif _ahead(number, known[1]) > 0:
            self._numbers[ends] = known[0], number

    def expect(self, ends: Ends, number: int, reached: int | None, origin: Origin) -> None:
        """Take a segment that brings octets, and may acknowledge more of a direction than has been reached of it.

        Where nothing of that has come, it is what was acknowledged first.
        """
        if END < _ahead(number, self._numbers[ends][0] if reached is None else reached) <= MAX_AHEAD:
            waiting = self._early.setdefault(ends, [])
            waiting.append((number, origin))
            del waiting[:-MAX_WAITING]

    def reach(self, ends: Ends, reached: int, origin: Origin) -> None:
        """Take how far a direction has come with a segment: what has acknowledged it before has overtaken it."""
        waiting = self._early.get(ends)
        if waiting is None:
            return
        for number, early in waiting:
            delay = origin.time - early.time
            if _ahead(reached, number) >= 0 and early.capture == origin.capture and delay <= OVERTAKING:
                self._facts.overtake(early, delay)
        left = [(number, early) for number, early in waiting if _ahead(reached, number) < 0]
        if left:
            self._early[ends] = left
        else:
            del self._early[ends]

    def close(self, ends: Ends, reached: int | None) -> None:
        """Say up to which sequence number a direction that is over was captured, None where nothing of it was."""
        self._early.pop(ends, None)
        first, highest = self._numbers.pop(ends, (0, 0))
        missing = _ahead(highest, first if reached is None else reached) - END
        if 0 < missing <= MAX_AHEAD:
            self._facts.miss(ends, missing)

    def directions(self) -> tuple[Ends, ...]:
        return tuple(self._numbers)


def _ahead(number: int, other: int) -> int:
    """Return by how much one sequence number is ahead of another, less than nothing where it is behind."""
    return ((number - other + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
