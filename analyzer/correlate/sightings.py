"""One packet, seen more than once: by two captures of a case, or by two interfaces of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dissectors import Message

Item = TypeVar("Item")

SAME_CAPTURE = 10_000_000  # ns; from one interface to the next, as on Linux's "any"
OTHER_CAPTURE = 10**9  # ns; what the clocks of two captures may differ by


@dataclass(slots=True)
class _Packet(Generic[Item]):
    item: Item
    begun: int
    seen: dict[int, int]  # capture → time it was last seen there


@dataclass(slots=True)
class Sightings(Generic[Item]):
    """Tells which octets are those of a packet seen before; takes them in the order of time.

    The same octets later than SAME_CAPTURE in one capture are another packet: sent again, or replayed.
    """

    _packets: dict[bytes, list[_Packet[Item]]] = field(default_factory=dict)

    def first(self, item: Item, data: bytes, capture: int, time: int) -> Item | None:
        """Return the first sighting of the packet that this is another one of, None where it is new."""
        known = [p for p in self._packets.get(data, ()) if time - max(p.seen.values()) <= OTHER_CAPTURE]
        self._packets[data] = known
        for packet in known:
            last = packet.seen.get(capture)
            if time - packet.begun <= OTHER_CAPTURE if last is None else time - last <= SAME_CAPTURE:
                packet.seen[capture] = time
                return packet.item
        known.append(_Packet(item, time, {capture: time}))
        return None


def again(messages: Iterable[Message]) -> dict[int, Message]:
    """Return the messages that are another sighting of one packet: by `id`, the first sighting of it."""
    sightings: Sightings[Message] = Sightings()
    found = {}
    for message in messages:
        payload = message.payload
        first = sightings.first(message, payload.data, payload.capture, message.time)
        if first is not None:
            found[id(message)] = first
    return found
