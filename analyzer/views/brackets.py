"""Brackets at the side of a ladder: from the first to the last line of each procedure, next to each other."""

from __future__ import annotations

from collections.abc import Sequence


def lanes(spans: Sequence[tuple[int, int]], most: int) -> tuple[int | None, ...]:
    """Give each span of lines the first lane that is free from its first line to its last.

    None where all of `most` lanes are taken: what cannot be drawn is left out, not drawn over another.
    """
    taken = [-1] * most  # the last line of each lane
    given: list[int | None] = [None] * len(spans)
    for place in sorted(range(len(spans)), key=lambda place: spans[place]):
        first, last = spans[place]
        lane = next((lane for lane, end in enumerate(taken) if end < first), None)
        if lane is not None:
            taken[lane] = last
            given[place] = lane
    return tuple(given)
