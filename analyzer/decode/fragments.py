"""IP fragments put together: any order, duplicates, overlaps (the first octets win), within limits."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from analyzer.decode.ip import MAX_PACKET, IpPacket
from analyzer.decode.packets import Broken, DecodeFacts, Origin
from analyzer.decode.pieces import Pieces

MAX_FRAGMENT_GROUPS = 1024  # packets whose fragments are awaited
MAX_FRAGMENT_OCTETS = 16 * 1024 * 1024  # that they hold together
FRAGMENT_TIMEOUT = 60 * 1_000_000_000  # ns of capture time (RFC 8200 4.5)

INCOMPLETE = "fragments whose rest did not come"

Key = tuple[int, str, str, int, int]


@dataclass(slots=True)
class Group:
    begin: int
    pieces: Pieces = field(default_factory=Pieces)
    end: int = -1  # of the whole, -1 until the last fragment has come
    protocol: int = -1  # of the first fragment
    count: int = 0
    frames: set[tuple[int, int]] = field(default_factory=set)  # capture, frame


class Fragments:
    """Takes fragments and gives back whole packets."""

    def __init__(self, facts: DecodeFacts) -> None:
        self._facts = facts
        self._groups: OrderedDict[Key, Group] = OrderedDict()
        self._octets = 0

    def add(self, packet: IpPacket, origin: Origin) -> tuple[int, bytes, Origin] | None:
        """Return protocol, octets and origin of the packet that this fragment completes; raises Broken."""
        self._expire(origin.time)
        name = "ip" if packet.version == 4 else "ipv6"
        end = packet.offset + len(packet.data)
        if packet.lost:
            raise Broken(name, f"{name}.fragment", packet.offset, f"{packet.lost} octets of it were not captured")
        if end > MAX_PACKET:
            raise Broken(name, f"{name}.fragment", packet.offset, f"ends at {end}, a packet has up to {MAX_PACKET}")
        if packet.more and (len(packet.data) % 8 or not packet.data):
            raise Broken(
                name,
                f"{name}.fragment",
                packet.offset,
                f"{len(packet.data)} octets, not a multiple of 8, and not the last",
            )
        # RFC 791 3.2 tells packets apart by the protocol too, RFC 8200 4.5 does not
        kind = packet.protocol if packet.version == 4 else -1
        key = (packet.version, packet.src, packet.dst, kind, packet.ident)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(origin.time)
        before = group.pieces.octets
        if packet.offset == 0 and group.protocol < 0:
            group.protocol = packet.protocol
        if not packet.more and group.end < 0:
            group.end = end
            group.pieces.cut(end)
        data = packet.data if group.end < 0 else packet.data[: max(group.end - packet.offset, 0)]
        group.pieces.add(packet.offset, data, 0, origin)
        group.count += 1
        group.frames.add((origin.capture, origin.frame))
        self._octets += group.pieces.octets - before
        if group.pieces.octets == group.end:
            del self._groups[key]
            self._octets -= group.pieces.octets
            whole = b"".join(run for run, _, _ in group.pieces.runs)
            frames = (frame for capture, frame in group.frames if capture == origin.capture)
            return group.protocol, whole, origin.joined(frames)
        while len(self._groups) > MAX_FRAGMENT_GROUPS or self._octets > MAX_FRAGMENT_OCTETS:
            self._drop()
        return None

    @property
    def waits(self) -> bool:
        """Whether there are some whose rest has not come."""
        return bool(self._groups)

    def finish(self) -> None:
        """Count what is still incomplete."""
        while self._groups:
            self._drop()

    def _expire(self, now: int) -> None:
        while self._groups and now - next(iter(self._groups.values())).begin > FRAGMENT_TIMEOUT:
            self._drop()

    def _drop(self) -> None:
        _, group = self._groups.popitem(last=False)
        self._octets -= group.pieces.octets
        self._facts.count(INCOMPLETE, group.count)
