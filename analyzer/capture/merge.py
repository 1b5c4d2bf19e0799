"""Several captures as one, by time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol, TypeVar


class Timed(Protocol):
    """A frame, or what came of one."""

    @property
    def time(self) -> int: ...


Item = TypeVar("Item", bound=Timed)


def merged(captures: Sequence[Iterable[Item]]) -> Iterator[Item]:
    """Yield the frames of all captures by time; at the same time the capture named first comes first."""
    if len(captures) == 1:
        return iter(captures[0])
    return heapq.merge(*captures, key=lambda frame: frame.time)


def rolling(captures: Sequence[Iterable[Item]]) -> Iterator[Item]:
    """Yield the frames of captures that follow on one another: one is open at a time, however many there are."""
    return chain.from_iterable(captures)
