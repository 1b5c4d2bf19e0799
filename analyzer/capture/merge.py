"""Several captures as one, by time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.capture.frame import Frame
from analyzer.capture.reader import Capture


def merged(captures: Sequence[Capture], offsets: Mapping[int, int]) -> Iterator[Frame]:
    """Yield the frames of all captures by time; at the same time the capture named first comes first.

    `offsets` are ns that are added to the times of a capture, by its index.
    """
    if len(captures) == 1 and not any(offsets.values()):
        return iter(captures[0])
    return heapq.merge(*(_shifted(c, offsets.get(c.index, 0)) for c in captures), key=lambda frame: frame.time)


def _shifted(capture: Capture, offset: int) -> Iterator[Frame]:
    if not offset:
        return iter(capture)
    return (replace(frame, time=frame.time + offset) for frame in capture)
