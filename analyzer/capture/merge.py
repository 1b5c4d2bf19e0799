"""Several captures as one, by time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence

from analyzer.capture.frame import Frame


def merged(captures: Sequence[Iterable[Frame]]) -> Iterator[Frame]:
    """Yield the frames of all captures by time; at the same time the capture named first comes first."""
    if len(captures) == 1:
        return iter(captures[0])
    return heapq.merge(*captures, key=lambda frame: frame.time)
