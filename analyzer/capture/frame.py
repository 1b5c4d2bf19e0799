"""A frame as a capture holds it, and the facts of a capture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Frame(NamedTuple):
    """One packet record of a capture; a tuple, as captures have so many.

    `number` is 1-based as in Wireshark; `time` in nanoseconds since 1970 UTC; `length` is what
    was on the wire, `data` what was captured of it; `link_type` a LINKTYPE_ number.
    """

    capture: int
    number: int
    time: int
    link_type: int
    data: bytes
    length: int
    interface: int = 0

    def __repr__(self) -> str:
        """Leave the octets out: they may carry keys."""
        return f"Frame(capture={self.capture}, number={self.number}, time={self.time}, length={self.length})"


@dataclass(slots=True)
class InterfaceFacts:
    """An interface that a capture was made on, and how many packets it lost."""

    link_type: str
    name: str = ""
    description: str = ""
    dropped: int = 0  # as counted at the end
    missed: int = 0  # as counted before each packet

    @property
    def lost(self) -> int:
        return max(self.dropped, self.missed)


@dataclass(slots=True)
class CaptureFacts:
    """What is known of a capture when it has been read: contract 5, `captures`."""

    path: str
    format: str = ""  # "pcap", "pcapng"
    packets: int = 0
    bytes: int = 0  # octets of the packets on the wire
    first: int | None = None  # ns
    last: int | None = None
    link_types: list[str] = field(default_factory=list)  # tcpdump names: "EN10MB"
    truncated: bool = False  # the file ends within a record
    problems: list[str] = field(default_factory=list)  # what was wrong and where, one sentence each
    comments: list[str] = field(default_factory=list)  # of sections and interfaces
    frame_comments: dict[int, str] = field(default_factory=dict)  # by the number of the frame
    comment_octets: int = 0  # of all comments there are
    interfaces: list[InterfaceFacts] = field(default_factory=list)  # of all sections, where the capture tells of them
    first_interface: int = 0  # of the section at hand
    names: dict[str, str] = field(default_factory=dict)  # of addresses
    secrets: dict[str, int] = field(default_factory=dict)  # kinds of secrets to decrypt with, and how many blocks

    @property
    def lost(self) -> int:
        """How many packets were lost before they came into the capture, as it says itself."""
        return sum(interface.lost for interface in self.interfaces)

    def add(self, packets: int, octets: int, first: int, last: int) -> None:
        """Count packets: how many, their octets on the wire, and the times of the first and the last."""
        self.packets += packets
        self.bytes += octets
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def join(self, other: CaptureFacts) -> None:
        """Count the packets of a stretch of the capture that follows."""
        if other.first is not None and other.last is not None:
            self.add(other.packets, other.bytes, other.first, other.last)

    def cut(self, what: str) -> None:
        """Say that the capture ends within a record."""
        self.truncated = True
        self.problems.append(what)
