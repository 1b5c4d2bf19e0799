"""What comes in pieces, put together so that it can be rewritten.

IP packets in fragments (RFC 791 2.3, RFC 8200 4.5), and messages of SCTP in chunks (RFC 9260 6.9).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_KEPT = 65_536  # packets in fragments of one capture, and as many chunks
MAX_CHUNKS = 4096  # of one message of SCTP
BEGIN, LAST = 2, 1  # flags of a chunk
TSN = 1 << 32

Name = tuple[bytes, int, int]  # both addresses, identification, protocol


@dataclass(slots=True)
class Whole:
    """One packet: its fragments by where they begin, and what is made of all of them together."""

    parts: dict[int, bytes] = field(default_factory=dict, repr=False)
    size: int | None = None
    made: bytes | None = field(default=None, repr=False)

    def octets(self) -> bytes | None:
        """Return what the fragments carry, None where one is missing."""
        found = b""
        for begin in sorted(self.parts):
            if begin > len(found):
                return None
            found += self.parts[begin][len(found) - begin :]
        return found if self.size is not None and len(found) == self.size else None


@dataclass(slots=True)
class Pieces:
    """Keeps fragments; an identification that comes again is of another packet where its octets differ."""

    kept: OrderedDict[Name, list[Whole]] = field(default_factory=OrderedDict, repr=False)

    def add(self, name: Name, begin: int, data: bytes, last: bool) -> bytes | None:
        """Keep a fragment; return what the packet carries when this one completes it."""
        known = self.kept.setdefault(name, [])
        if not known or known[-1].parts.get(begin, data) != data:
            known.append(Whole())
        whole = known[-1]
        if begin in whole.parts:
            return None
        whole.parts[begin] = data
        if last:
            whole.size = begin + len(data)
        while len(self.kept) > MAX_KEPT:
            self.kept.popitem(last=False)
        return whole.octets()

    def piece(self, name: Name, begin: int, data: bytes, make: Callable[[bytes], bytes]) -> bytes | None:
        """Return what stands for a fragment, None where others are missing; `make` rewrites what the packet carries."""
        for whole in self.kept.get(name, ()):
            if whole.parts.get(begin) == data and (octets := whole.octets()) is not None:
                if whole.made is None:
                    whole.made = make(octets)
                return whole.made[begin : begin + len(data)]
        return None


@dataclass(slots=True)
class Chunks:
    """Keeps chunks of messages that are in more than one; of those with one number the first counts."""

    kept: dict[tuple[bytes, int], tuple[int, bytes]] = field(default_factory=dict, repr=False)

    def add(self, ends: bytes, number: int, flags: int, data: bytes) -> None:
        """Keep a chunk; `ends` are addresses, ports and tag of its association."""
        if len(self.kept) < MAX_KEPT:
            self.kept.setdefault((ends, number), (flags, data))

    def piece(self, ends: bytes, number: int, data: bytes, make: Callable[[bytes], bytes | None]) -> bytes | None:
        """Return what stands for a chunk, None where others are missing; `make` gives what stands for a message."""
        first = number
        while (found := self.kept.get((ends, first))) is not None and not found[0] & BEGIN:
            first = (first - 1) % TSN
            if (number - first) % TSN > MAX_CHUNKS:
                return None
        octets, at, last = bytearray(), 0, first
        while found is not None and (last - first) % TSN <= MAX_CHUNKS:
            if last == number:
                at = len(octets)
                if found[1] != data:
                    return None
            octets += found[1]
            if found[0] & LAST:
                made = make(bytes(octets)) if (last - first) % TSN >= (number - first) % TSN else None
                return None if made is None or len(made) != len(octets) else made[at : at + len(data)]
            last = (last + 1) % TSN
            found = self.kept.get((ends, last))
            if found is not None and found[0] & BEGIN:
                return None
        return None
