"""Protocols whose octets in a stream are frames: several make a message, and which they are must be remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from analyzer.decode.packets import Broken, DecodeFacts, Origin
from dissectors import Cursor, Dissector, Payload


@dataclass(frozen=True, slots=True)
class Framing(Dissector):
    """How the frames of a protocol are told in a stream.

    `length` has to be sure that a stream is of this protocol; `goes_on` is asked in one that is known to be.
    `sealed`: nobody reads most of it, so that octets that are missing are no loss to tell of.
    """

    goes_on: Callable[[bytes, bool], int | None] = lambda data, closed: 0
    sealed: bool = False

    def follows(self, data: bytes) -> bool:
        """Say whether octets are frames from here to their end, one whole at least."""
        at = 0
        while at < len(data):
            size = self.goes_on(data[at:], False)
            if size == 0:
                return False
            if size is None or size > len(data) - at:
                break
            at += size
        return at > 0


def length(dissector: Dissector, data: bytes, closed: bool, known: bool) -> int | None:
    """Return the octets of the message or frame that `data` begins with; `known`: the stream is of this protocol."""
    if known and isinstance(dissector, Framing):
        return dissector.goes_on(data, closed)
    return 0 if dissector.length is None else dissector.length(data, closed)


def unread(cursor: Cursor) -> object:
    """Take octets as they are: frames are read by who puts them together."""
    cursor.pos = cursor.end
    return None


class Side(Protocol):
    """Puts the frames of one direction together."""

    octets: int  # held back

    def add(self, frame: Payload) -> Iterator[Payload]:
        """Take a frame; yield the messages that it completes."""

    def lose(self) -> None:
        """Octets are missing from here on: what they changed is not known."""

    def finish(self) -> Iterator[Payload]:
        """Yield what can still be read when no more frames come."""


def message(data: bytes, frame: Payload, frames: set[int]) -> Payload:
    """Return the payload of a message that `frame` completed, and `frames` of the capture carried."""
    return Payload(
        data, frame.transport, frame.src, frame.sport, frame.dst, frame.dport,
        frame.capture, frame.frame, frame.time, tuple(sorted(frames)), frame.leg, frame.ident,
    )  # fmt: skip


def tell(facts: DecodeFacts, frame: Payload, protocol: str, field: str, reason: str) -> None:
    """Keep what was wrong with a frame."""
    facts.tell(Origin(frame.capture, frame.frame, frame.time, frame.frames), Broken(protocol, field, 0, reason))


__all__ = ["Framing", "Side", "length", "message", "tell", "unread"]
