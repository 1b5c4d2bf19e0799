"""What ends of TCP acknowledge, held against what was captured: octets that arrived and that no probe has seen."""

from __future__ import annotations

from collections import OrderedDict

from analyzer.decode.held import Ends
from analyzer.decode.packets import DecodeFacts

MAX_DIRECTIONS = 16_384  # of connections that acknowledgements are kept of
MAX_AHEAD = 64 * 1024 * 1024  # octets; what acknowledges more speaks of another connection
END = 1  # a FIN counts as one octet (RFC 9293 3.4)


class Acknowledged:
    """Keeps the first and the highest acknowledgement number of what goes in one direction.

    Where the direction itself was not captured, these two alone tell that something went there.
    """

    def __init__(self, facts: DecodeFacts) -> None:
        self._facts = facts
        self._numbers: OrderedDict[Ends, tuple[int, int]] = OrderedDict()

    def note(self, ends: Ends, number: int) -> None:
        """Take an acknowledgement number of what goes from `ends[0]` to `ends[2]`."""
        known = self._numbers.get(ends)
        if known is None:
            self._numbers[ends] = number, number
            if len(self._numbers) > MAX_DIRECTIONS:
                self._numbers.popitem(last=False)
        elif _ahead(number, known[1]) > 0:
            self._numbers[ends] = known[0], number

    def close(self, ends: Ends, reached: int | None) -> None:
        """Say up to which sequence number a direction that is over was captured, None where nothing of it was."""
        first, highest = self._numbers.pop(ends, (0, 0))
        missing = _ahead(highest, first if reached is None else reached) - END
        if 0 < missing <= MAX_AHEAD:
            self._facts.miss(ends, missing)

    def directions(self) -> tuple[Ends, ...]:
        return tuple(self._numbers)


def _ahead(number: int, other: int) -> int:
    """Return by how much one sequence number is ahead of another, less than nothing where it is behind."""
    return ((number - other + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
