"""IP packets in fragments, put together so that what they carry can be rewritten (RFC 791 2.3, RFC 8200 4.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

MAX_KEPT = 65_536  # packets in fragments of one capture

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

    kept: dict[Name, list[Whole]] = field(default_factory=dict, repr=False)

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
            del self.kept[next(iter(self.kept))]
        return whole.octets()

    def piece(self, name: Name, begin: int, data: bytes, make: Callable[[bytes], bytes]) -> bytes | None:
        """Return what stands for a fragment, None where others are missing; `make` rewrites what the packet carries."""
        for whole in self.kept.get(name, ()):
            if whole.parts.get(begin) == data and (octets := whole.octets()) is not None:
                if whole.made is None:
                    whole.made = make(octets)
                return whole.made[begin : begin + len(data)]
        return None
