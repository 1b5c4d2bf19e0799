"""Connections of WebSocket (RFC 6455) with other messages in them: frames stay where they are, masked as they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from analyzer.decode.websocket import CONTROLS, FIN, goes_on, header, unmasked

MAX_HEADER = 16  # octets, and more
MAX_BEGIN = 1 << 16  # octets that may come before a change of protocol
_SWITCH = re.compile(rb"\r\nUpgrade:[ \t]*websocket[ \t]*\r\n(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)


class _Part(NamedTuple):
    """A frame of a message: where it is, its header, and what it carries without its mask."""

    at: int
    head: bytes
    plain: bytes


def is_switched(octets: bytes | bytearray) -> bool:
    """Say whether one end asks for WebSocket, or the other one agrees, near the begin of a connection."""
    return _SWITCH.search(octets, 0, MAX_BEGIN) is not None


def fill(octets: bytes, made: bytearray, message: Callable[[bytes], bytes | None]) -> Iterator[tuple[int, int]]:
    """Write the frames of one direction into what stands for it; yield where octets that were written begin and end.

    `message` gives what stands for a message; one for which it has nothing, as it is compressed, is blanked.
    """
    switched = _SWITCH.search(octets, 0, MAX_BEGIN)
    at = 0 if switched is None else switched.end()
    parts: list[_Part] = []
    while size := goes_on(octets[at : at + MAX_HEADER], False):
        frame = octets[at : at + size]
        start, _ = header(frame) or (0, 0)
        if len(frame) < size:
            break
        made[at : at + start] = frame[:start]
        yield at, at + start
        if frame[0] & 0x0F not in CONTROLS:  # these stand between the frames of a message
            parts.append(_Part(at, frame[:start], unmasked(frame, start)))
            if frame[0] & FIN:
                yield from _write(made, parts, message)
                parts = []
        at += size


def _write(
    made: bytearray, parts: list[_Part], message: Callable[[bytes], bytes | None]
) -> Iterator[tuple[int, int]]:  # fmt: skip
    """Write a message over the frames that it is in, each masked with its own key."""
    before = b"".join(part.plain for part in parts)
    after, at = message(before), 0
    if after is None or len(after) != len(before):
        return
    for part in parts:
        start, size = part.at + len(part.head), len(part.plain)
        made[start : start + size] = unmasked(part.head + after[at : at + size], len(part.head))
        yield start, start + size
        at += size
