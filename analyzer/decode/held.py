"""Octets of one direction that are in order and not yet a message, each with the segment that carried it."""

from __future__ import annotations

from collections import deque

from analyzer.decode.packets import Origin
from dissectors import Payload

Ends = tuple[str, int, str, int]  # source, its port, destination, its port


class Held:
    """What a stream holds back, from which messages are cut."""

    def __init__(self, ends: Ends) -> None:
        self.ends = ends
        self._buffer = bytearray()
        self._marks: deque[tuple[int, int, int, Origin]] = deque()  # start, end, arrival, origin of what it holds
        self._next = 0  # offset after the octets that are in order
        self._told = 0  # time of the last message
        self._size = 0  # of the message that the buffer begins with, 0 when not known
        self._asks = 0
        self._ask_at = 0  # buffered octets at which the next question is worth it

    def _payload(self, size: int) -> Payload:
        """Cut a message off the buffer; it is complete with the segment that came last of those that carry it.

        Nobody could read it before those that stand before it, whichever segment came first.
        """
        end = self._next - len(self._buffer) + size
        carriers = []
        for mark in self._marks:
            carriers.append(mark)
            if mark[1] >= end:
                break
        last = max(carriers, key=lambda mark: mark[2])[3]
        frames = {frame for *_, origin in carriers if origin.capture == last.capture for frame in origin.frames}
        data = bytes(self._buffer[:size])
        self._drop(size)
        self._told = max(self._told + 1, last.time)
        return self._at(data, last.joined(frames)._replace(time=self._told))

    def _at(self, data: bytes, at: Origin) -> Payload:
        return Payload(data, "tcp", *self.ends, at.capture, at.frame, at.time, at.frames, at.leg, at.ident)

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        start = self._next - len(self._buffer)
        while self._marks and self._marks[0][1] <= start:
            self._marks.popleft()
        self._size = self._asks = self._ask_at = 0
