"""The rollover counter of an SRTP stream, as its receiver follows it (RFC 3711 3.3.1, RFC 4771)."""

from __future__ import annotations

from dataclasses import dataclass

HALF_OF_SEQUENCES = 0x8000


@dataclass(slots=True)
class Rollover:
    """What is known of a stream: `roc` as MIKEY told it, or as of the packet with the `highest` index that was proven.

    `ahead` has sequence number and ROC of the first packet that carries one.
    """

    roc: int | None = None
    highest: int = -1  # sequence number; -1 before a packet has proven anything
    ahead: tuple[int, int] | None = None

    @property
    def proven(self) -> bool:
        return self.highest >= 0

    def rocs(self, sequence: int) -> tuple[int, ...]:
        """Return the rollover counters that a packet may have, the likely one first."""
        if self.roc is None or self.highest < 0:
            return self._first(sequence)
        if self.highest - sequence > HALF_OF_SEQUENCES:
            return (self.roc + 1, self.roc)
        if sequence - self.highest > HALF_OF_SEQUENCES and self.roc:
            return (self.roc - 1, self.roc)
        return (self.roc, self.roc + 1)  # the latter where more packets than half of all numbers are missing

    def _first(self, sequence: int) -> tuple[int, ...]:
        """Before a packet has proven one: what the first tag with a ROC gives, what MIKEY told, and 0."""
        shown = () if self.ahead is None else (self.ahead[1] - (sequence > self.ahead[0]),)
        told = () if self.roc is None else (self.roc,)
        return tuple(dict.fromkeys(roc for roc in (*shown, *told, 0) if roc >= 0))

    def follow(self, sequence: int, roc: int) -> bool:
        """Take what a packet has proven; say whether its ROC goes back. One that was overtaken changes nothing."""
        known = self.roc if self.roc is not None and self.highest >= 0 else roc
        ahead = self.highest < 0 or 0 < (sequence - self.highest) & 0xFFFF < HALF_OF_SEQUENCES
        if ahead or (roc, sequence) > (known, self.highest):
            self.roc, self.highest = roc, sequence
        return ahead and roc < known

    def expect(self, index: int) -> None:
        """Say that the packet with this index, 2^16 * ROC + SEQ, is the next one, whatever was missed before it."""
        if index > 0:
            self.roc, self.highest = index - 1 >> 16, index - 1 & 0xFFFF
