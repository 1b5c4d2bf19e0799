"""What decoding gives beside payloads: media packets, and the facts of what could not be decoded."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_PROBLEMS = 1000  # that are kept; the rest is only counted
MAX_REASONS = 256  # different reasons that are counted apart
OTHER = "other reasons"
MORE_PROBLEMS = "problems beyond those kept"
MAX_ICMP_ERRORS = 1000  # that are kept; all are counted


@dataclass(frozen=True, slots=True)
class Origin:
    """Where octets come from: the frame that completed them, its time (ns), and all `frames` of that capture."""

    capture: int
    frame: int
    time: int
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """One RTP or RTCP packet, SRTP and SRTCP included; `time` in ns since 1970 UTC."""

    capture: int
    frame: int
    time: int
    src: str
    dst: str
    dport: int
    data: bytes = field(repr=False)


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
    and how often.
    """

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    icmp_errors: list[IcmpError] = field(default_factory=list)
    opened: dict[str, int] = field(default_factory=dict)

    def count(self, reason: str, times: int = 1) -> None:
        _add(self.counts, reason, times)

    def open(self, what: str, times: int = 1) -> None:
        _add(self.opened, what, times)

    def refuse(self, error: IcmpError) -> None:
        """Count an ICMP error, and keep it while there are not too many."""
        self.count(f"ICMP errors: {error.what}")
        if len(self.icmp_errors) < MAX_ICMP_ERRORS:
            self.icmp_errors.append(error)

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
