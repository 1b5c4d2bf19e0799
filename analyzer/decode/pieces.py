"""Octets that come in any order, some twice: of those that overlap, the first stay."""

from __future__ import annotations

from bisect import bisect_right

from analyzer.decode.packets import Origin


class Pieces:
    """Disjoint runs of octets by their offset; `octets` is their sum.

    `arrival` orders runs by when they came, where offsets do not.
    """

    __slots__ = ("octets", "runs", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.runs: list[tuple[bytes, int, Origin]] = []
        self.octets = 0

    def __len__(self) -> int:
        return len(self.starts)

    def add(self, start: int, data: bytes, arrival: int, origin: Origin) -> None:
        """Put in what is not there yet."""
        index = bisect_right(self.starts, start)
        if index:
            end = self.starts[index - 1] + len(self.runs[index - 1][0])
            if end > start:
                data, start = data[end - start :], end
        while data:
            if index == len(self.starts) or self.starts[index] >= start + len(data):
                self._insert(index, start, data, arrival, origin)
                return
            room = self.starts[index] - start
            if room:
                self._insert(index, start, data[:room], arrival, origin)
                index += 1
            end = self.starts[index] + len(self.runs[index][0])
            data, start = data[end - start :], end
            index += 1

    def pop(self) -> tuple[bytes, int, Origin]:
        """Take out the run with the lowest offset: octets, arrival, origin."""
        del self.starts[0]
        run = self.runs.pop(0)
        self.octets -= len(run[0])
        return run

    def cut(self, end: int) -> None:
        """Drop what lies at `end` or after."""
        while self.starts and self.starts[-1] + len(self.runs[-1][0]) > end:
            start = self.starts.pop()
            data, arrival, origin = self.runs.pop()
            self.octets -= len(data)
            if start < end:
                self._insert(len(self.starts), start, data[: end - start], arrival, origin)

    def _insert(self, index: int, start: int, data: bytes, arrival: int, origin: Origin) -> None:
        self.starts.insert(index, start)
        self.runs.insert(index, (data, arrival, origin))
        self.octets += len(data)
