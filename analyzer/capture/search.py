"""Which of many strings of octets stand in a file, looked for all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import BinaryIO

import numpy as np

BLOCK = 1 << 22  # octets that are looked at a time
SHORTEST = 4  # octets of what is looked for


def standing(stream: BinaryIO, wanted: Collection[bytes]) -> set[bytes]:
    """Return those of the strings that a stream has somewhere; raises ValueError for one of less than 4 octets."""
    by_head: dict[bytes, dict[int, set[bytes]]] = {}  # and by length: thousands may begin with "sip:"
    for each in wanted:
        if len(each) < SHORTEST:
            raise ValueError(f"{len(each)} octets cannot be looked for, {SHORTEST} can")
        by_head.setdefault(each[:SHORTEST], {}).setdefault(len(each), set()).add(each)
    if not by_head:
        return set()
    heads = np.sort(np.frombuffer(b"".join(by_head), "<u4"))
    first = np.zeros(1 << 16, bool)
    first[heads & 0xFFFF] = True
    found: set[bytes] = set()
    longest = max(map(len, wanted))
    rest = b""
    while block := stream.read(BLOCK):
        data = rest + block
        for at in _candidates(data, heads, first):
            for size, those in by_head[data[at : at + SHORTEST]].items():
                if (octets := data[at : at + size]) in those:
                    found.add(octets)
        rest = data[max(len(data) - longest + 1, 0) :]
    return found


def _candidates(data: bytes, heads: np.ndarray, first: np.ndarray) -> Iterator[int]:
    """Yield where strings begin as one that is looked for does."""
    if len(data) < SHORTEST:
        return
    octets = np.frombuffer(data, np.uint8)
    low = octets[:-3].astype(np.uint32) | octets[1:-2].astype(np.uint32) << 8
    places = np.flatnonzero(first[low])
    there = low[places] | octets[places + 2].astype(np.uint32) << 16 | octets[places + 3].astype(np.uint32) << 24
    at = np.searchsorted(heads, there)
    yield from places[heads[np.minimum(at, len(heads) - 1)] == there].tolist()


__all__ = ["SHORTEST", "standing"]
