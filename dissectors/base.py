"""What every dissector is made of: payloads in, messages out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dissectors.cursor import Cursor, Malformed


class Leg(NamedTuple):  # a tuple, as legs are looked up for every packet that is seen twice
    """Where on its way a packet was seen: interface of the capture, tunnels around it, hops it may still go (TTL)."""

    interface: int = 0
    tunnels: tuple[str, ...] = ()  # outermost first: "GTP-U 192.0.2.1 > 192.0.2.2"
    hops: int = 0  # 0: not known


ANYWHERE = Leg()
NOT_OF_IT = -3  # from here on, what is in a payload is not part of what it is: leg, ident and named


class Payload(NamedTuple):  # a tuple, as captures have so many
    """Octets that one end sent to another: a datagram, one message of a stream, or a part of a message.

    `time` is in nanoseconds since 1970 UTC. `frame` is the 1-based number of the frame that
    completed the octets, `frames` all that carried them. `leg` is where that frame was seen, `ident` the
    identification of its IP packet, of an object of FLUTE its TSI, 0 where it has none, `named` the protocol
    that was named for one of its ports; none of them is part of what the payload is.
    """

    data: bytes
    transport: str  # "udp", "tcp", "sctp"
    src: str
    sport: int
    dst: str
    dport: int
    capture: int
    frame: int
    time: int
    frames: tuple[int, ...] = ()
    leg: Leg = ANYWHERE
    ident: int = 0
    named: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Payload) and self[:NOT_OF_IT] == other[:NOT_OF_IT]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:NOT_OF_IT])

    def __repr__(self) -> str:
        """Leave the octets out: they may carry keys."""
        ends = f"{self.src!r}, {self.sport}, {self.dst!r}, {self.dport}"
        return f"Payload({self.transport!r}, {ends}, capture={self.capture}, frame={self.frame}, time={self.time})"

    def part(self, data: bytes) -> Payload:
        """Return the payload of a message inside this one."""
        return Payload(data, *self[1:-1])  # what was named is for the port, not for what is inside


class Part(NamedTuple):
    """Octets inside a message that are a message of their own; `start` is -1 where they were transformed."""

    protocol: str
    data: bytes
    start: int = -1

    def __repr__(self) -> str:
        """Leave the octets out: they may carry keys."""
        return f"Part({self.protocol!r}, start={self.start})"


class Message(NamedTuple):  # a tuple, as captures have so many
    """A payload that a dissector has read: the typed body, what is inside, and what was wrong with it.

    `protocol` names the dissector; `body` is its typed result, None when nothing could be trusted.
    `notes` are tolerated oddities. `offset` is where an inner message begins in its parent, -1 where
    it has octets of its own (decoded or decrypted).
    """

    protocol: str
    payload: Payload
    body: object | None
    error: Malformed | None = None
    notes: tuple[str, ...] = ()
    inner: tuple[Message, ...] = ()
    offset: int = -1

    @property
    def time(self) -> int:
        return self.payload.time

    @property
    def frame(self) -> int:
        return self.payload.frame

    def again(self, payload: Payload) -> Message:
        """Return what was read of the same octets, in a payload that carries them another time."""
        inner = tuple([part.again(payload.part(part.payload.data)) for part in self.inner])
        return self._replace(payload=payload._replace(data=self.payload.data), inner=inner)

    def walk(self) -> Iterator[Message]:
        """Yield this message and all inside it."""
        yield self
        for message in self.inner:
            yield from message.walk()


@dataclass(frozen=True, slots=True)
class Dissector:
    """How one protocol is told, read and unpacked.

    `matches` says from the octets and ports alone whether a payload is of this protocol.
    `parse` reads through a cursor and returns the typed body, or raises Malformed.
    `parts` names what is inside a body. `length` is for streams: octets of the first message in
    `data`, 0 when these octets are not of this protocol, None when more are needed; `closed` says
    that no more will come.
    """

    protocol: str
    matches: Callable[[Payload], bool]
    parse: Callable[[Cursor], object]
    parts: Callable[[object], tuple[Part, ...]] = lambda body: ()
    length: Callable[[bytes, bool], int | None] | None = None
    notes: Callable[[object], tuple[str, ...]] = lambda body: ()
