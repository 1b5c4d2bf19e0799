"""One packet, seen more than once: on several interfaces, in several captures, inside a tunnel and outside.

Two datagrams are one packet when their octets and ends are the same, no IP identification contradicts, and the time
between them is that of one leg to the next: what is sent again comes later on a leg that has shown it before. Of TCP
and SCTP the reassembly has put each message together once; where its parts were seen again is added here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from analyzer.decode.packets import Origin
from dissectors import ANYWHERE, Leg, Message

Item = TypeVar("Item")

SAME_LEG = 10_000_000  # ns; of mirrored ports, or where legs cannot be told apart: nobody sends again that soon
OTHER_LEG = 200_000_000  # ns; from one leg to the next in one capture, well below T1 of SIP (500 ms)
OTHER_CAPTURE = 10**9  # ns; what the clocks of two captures may differ by

Repeats = Mapping[tuple[int, int], Sequence[tuple[Origin, Origin]]]


class Sighting(NamedTuple):
    """Where a message was seen again: capture, frames, time (ns) of the last of them, and the leg."""

    capture: int
    frames: tuple[int, ...]
    time: int
    leg: Leg


@dataclass(frozen=True, slots=True)
class Folded:
    """Each message once, as it was seen first; by `id`, what else there is of it.

    `seen` are all, in the order of time. `again` leads from another sighting to the first one, `sightings` from the
    first one to all others.
    """

    messages: tuple[Message, ...] = field(repr=False)
    seen: tuple[Message, ...] = field(repr=False)
    again: Mapping[int, Message] = field(repr=False)
    sightings: Mapping[int, tuple[Sighting, ...]] = field(repr=False)


@dataclass(slots=True)
class _Packet(Generic[Item]):
    item: Item
    begun: int
    last: int
    ident: int
    seen: dict[tuple[int, Leg], int]  # capture point and leg → time it was last seen there

    def fits(self, point: int, leg: Leg, time: int, ident: int) -> bool:
        if ident and self.ident and ident != self.ident:
            return False
        last = self.seen.get((point, leg))
        if last is not None:
            return time - last <= SAME_LEG
        here = max((when for (other, _), when in self.seen.items() if other == point), default=None)
        return time - self.begun <= OTHER_CAPTURE if here is None else time - here <= OTHER_LEG


@dataclass(slots=True)
class Sightings(Generic[Item]):
    """Tells which packets were seen before; takes them in the order of time.

    `key` is all that two sightings have to share: octets, and ends where they count. Captures that one probe wrote
    one after the other are one `point`.
    """

    _firsts: dict[Hashable, tuple[Item, int, int, Leg, int]] = field(default_factory=dict)  # most are seen only once
    _packets: dict[Hashable, list[_Packet[Item]]] = field(default_factory=dict)

    def first(
        self, item: Item, key: Hashable, point: int, time: int, leg: Leg = ANYWHERE, ident: int = 0
    ) -> Item | None:  # fmt: skip
        """Return the first sighting of the packet that this is another one of, None where it is new."""
        seen = (item, point, time, leg, ident)
        before = self._firsts.setdefault(key, seen)
        if before is seen:
            return None
        known = self._packets.get(key)
        if known is None:
            known = self._packets[key] = [_packet(*before)]
        if time - known[0].last > OTHER_CAPTURE:
            known[:] = [packet for packet in known if time - packet.last <= OTHER_CAPTURE]
        for packet in known:
            if packet.fits(point, leg, time, ident):
                packet.seen[point, leg] = packet.last = time
                packet.ident = packet.ident or ident
                return packet.item
        known.append(_packet(*seen))
        return None


def _packet(item: Item, point: int, time: int, leg: Leg, ident: int) -> _Packet[Item]:
    return _Packet(item, time, time, ident, {(point, leg): time})


def fold(messages: Sequence[Message], points: Sequence[int] = (), repeats: Repeats | None = None) -> Folded:
    """Take messages in the order of time and keep each once, with where else it was seen.

    `points` has the capture point of each capture, its own where it is empty; `repeats` are parts of streams that
    came again, as decoding found them.
    """
    seen_once: dict[int, Message] = {}  # by hash: most datagrams are like no other, and cost no more than this
    datagrams = _Datagrams(points)
    kept: list[Message] = []
    again: dict[int, Message] = {}
    sightings: dict[int, list[Sighting]] = {}
    for message in messages:
        at = message.payload
        if at.transport == "udp":
            like = seen_once.setdefault(hash((at.data, at.src, at.sport, at.dst, at.dport)), message)
            if like is not message and (first := datagrams.first(message, like)) is not None:
                again[id(message)] = first
                seen = Sighting(at.capture, at.frames or (at.frame,), at.time, at.leg)
                sightings.setdefault(id(first), []).append(seen)
                continue
        elif repeats and (parts := list(_repeated(message, points, repeats))):
            sightings[id(message)] = parts
        kept.append(message)
    return Folded(tuple(kept), tuple(messages), again, {of: tuple(found) for of, found in sightings.items()})


class _Datagrams:
    """Tells which datagrams are sightings of one seen before."""

    def __init__(self, points: Sequence[int]) -> None:
        self._points = points
        self._sightings: Sightings[Message] = Sightings()
        self._told: set[int] = set()

    def first(self, message: Message, like: Message) -> Message | None:
        """Return the first sighting of a datagram; `like` came before it, and has the same hash."""
        if id(like) not in self._told:
            self._told.add(id(like))
            self._take(like)
        return self._take(message)

    def _take(self, message: Message) -> Message | None:
        at = message.payload
        point = self._points[at.capture] if self._points else at.capture
        key = (at.data, at.src, at.sport, at.dst, at.dport)
        return self._sightings.first(message, key, point, at.time, at.leg, at.ident)


def _repeated(message: Message, points: Sequence[int], repeats: Repeats) -> Iterable[Sighting]:
    """Yield where the parts of a message of a stream were seen again, a leg each; what was sent again is left out."""
    legs: dict[tuple[int, Leg], list[Origin]] = {}
    capture = message.payload.capture
    for frame in message.payload.frames:
        packets: Sightings[Origin] = Sightings()
        for first, other in repeats.get((capture, frame), ()):
            for part in (first, other):
                point = points[part.capture] if points else part.capture
                known = packets.first(first, "", point, part.time, part.leg, part.ident)
                if known is not None and part is other:
                    legs.setdefault((part.capture, part.leg), []).append(part)
    for (where, leg), parts in legs.items():
        frames = sorted({frame for part in parts for frame in part.frames})
        yield Sighting(where, tuple(frames), max(part.time for part in parts), leg)


def again(messages: Iterable[Message]) -> dict[int, Message]:
    """Return messages that are one packet whatever their ends, as address translators pass on: by `id`, the first."""
    packets: Sightings[Message] = Sightings()
    found = {}
    for message in messages:
        at = message.payload
        first = packets.first(message, at.data, at.capture, at.time)
        if first is not None:
            found[id(message)] = first
    return found
