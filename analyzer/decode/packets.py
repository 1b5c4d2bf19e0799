"""What decoding gives beside payloads: media packets, and the facts of what could not be decoded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from dissectors import ANYWHERE, Leg

MAX_PROBLEMS = 1000  # that are kept; the rest is only counted
MAX_REASONS = 256  # different reasons that are counted apart
OTHER = "other reasons"
MORE_PROBLEMS = "problems beyond those kept"
MAX_REPEATS = 50_000  # that are kept
MAX_MISSED = 10_000  # directions of connections that are kept, and frames
MAX_ICMP_ERRORS = 1000  # that are kept; all are counted


class Origin(NamedTuple):
    """Where octets come from: the frame that completed them, its time (ns), and all `frames` of that capture.

    `leg` is where on its way the packet was seen, `ident` its identification in IP, 0 where it has none. Two are made
    for each packet: as a tuple, in half the time of a dataclass.
    """

    capture: int
    frame: int
    time: int
    frames: tuple[int, ...]
    leg: Leg = ANYWHERE
    ident: int = 0

    def of(self, hops: int, ident: int) -> Origin:
        """Return the same of an IP packet in the frame."""
        leg = leg_of(self.leg.interface, self.leg.tunnels, hops)
        return Origin(self.capture, self.frame, self.time, self.frames, leg, ident)

    def within(self, tunnel: str) -> Origin:
        """Return the same of what a tunnel carries."""
        leg = leg_of(self.leg.interface, (*self.leg.tunnels, tunnel), self.leg.hops)
        return Origin(self.capture, self.frame, self.time, self.frames, leg, self.ident)

    def joined(self, frames: Iterable[int]) -> Origin:
        """Return the same of octets that several frames carried."""
        return Origin(self.capture, self.frame, self.time, tuple(sorted(frames)), self.leg, self.ident)


@lru_cache(maxsize=65_536)
def leg_of(interface: int, tunnels: tuple[str, ...] = (), hops: int = 0) -> Leg:
    """Return a leg; there are few, so that each is made once."""
    return Leg(interface, tunnels, hops)


class MediaPacket(NamedTuple):
    """One RTP or RTCP packet, SRTP and SRTCP included; `time` in ns since 1970 UTC."""

    capture: int
    frame: int
    time: int
    src: str
    dst: str
    dport: int
    data: bytes

    def __repr__(self) -> str:
        """Leave the octets out, which were sent in private."""
        return f"MediaPacket(capture={self.capture}, frame={self.frame}, time={self.time}, dst={self.dst!r})"


@dataclass(frozen=True, slots=True)
class Problem:
    """Octets of layers 2 to 4 that break their format or are not there; `offset` in the octets of `protocol`."""

    capture: int
    frame: int
    protocol: str
    field: str
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class IcmpError:
    """What a host or router (`reporter`) says of a packet that `src` had sent to `dst`.

    `what` is the error in words, `type` and `code` as in ICMP or ICMPv6; ports are -1 where none are quoted.
    """

    capture: int
    frame: int
    time: int
    reporter: str
    what: str
    type: int
    code: int
    protocol: int
    src: str
    sport: int
    dst: str
    dport: int


@dataclass(slots=True)
class DecodeFacts:
    """Why frames, or octets of streams, gave nothing: how often for each reason, and what was broken where.

    `icmp_errors` are those that speak of a flow. `opened` is what was protected and could be read all the same,
    and how often. `repeats` are parts of streams that came again, each with where they came first: by that place.
    `missed` are octets that one end of TCP acknowledged and that were not captured, by source and destination.
    `overtaken` are frames, by capture and number, that stand before what they acknowledge, and by how much (ns).
    """

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    icmp_errors: list[IcmpError] = field(default_factory=list)
    opened: dict[str, int] = field(default_factory=dict)
    repeats: dict[tuple[int, int], list[tuple[Origin, Origin]]] = field(default_factory=dict)  # by capture and frame
    repeated: int = 0
    missed: dict[tuple[str, int, str, int], int] = field(default_factory=dict)
    overtaken: dict[tuple[int, int], int] = field(default_factory=dict)

    def count(self, reason: str, times: int = 1) -> None:
        _add(self.counts, reason, times)

    def open(self, what: str, times: int = 1) -> None:
        _add(self.opened, what, times)

    def refuse(self, error: IcmpError) -> None:
        """Count an ICMP error, and keep it while there are not too many."""
        self.count(f"ICMP errors: {error.what}")
        if len(self.icmp_errors) < MAX_ICMP_ERRORS:
            self.icmp_errors.append(error)

    def miss(self, ends: tuple[str, int, str, int], octets: int) -> None:
        """Keep in which direction of a connection octets arrived unseen, while there are not too many."""
        if len(self.missed) < MAX_MISSED:
            self.missed[ends] = self.missed.get(ends, 0) + octets

    def overtake(self, early: Origin, delay: int) -> None:
        """Keep which frame stands before what it answers, while there are not too many."""
        if len(self.overtaken) < MAX_MISSED:
            self.overtaken[early.capture, early.frame] = delay

    def repeat(self, first: Origin, again: Origin) -> None:
        """Keep where a part of a stream came again, while there are not too many."""
        if self.repeated < MAX_REPEATS:
            self.repeated += 1
            self.repeats.setdefault((first.capture, first.frame), []).append((first, again))

    def tell(self, origin: Origin, broken: Broken) -> None:
        """Keep one problem, or count it when there are too many."""
        if len(self.problems) >= MAX_PROBLEMS:
            self.count(MORE_PROBLEMS)
            return
        self.problems.append(
            Problem(origin.capture, origin.frame, broken.protocol, broken.field, broken.offset, broken.reason)
        )


def _add(counts: dict[str, int], reason: str, times: int) -> None:
    if reason not in counts and len(counts) >= MAX_REASONS:
        reason = OTHER
    counts[reason] = counts.get(reason, 0) + times


class Broken(Exception):  # noqa: N818  # as Malformed is one layer up
    """A header of layers 2 to 4 that cannot be read."""

    def __init__(self, protocol: str, field: str, offset: int, reason: str) -> None:
        super().__init__(f"{field} at offset {offset}: {reason}")
        self.protocol = protocol
        self.field = field
        self.offset = offset
        self.reason = reason
