"""Writes a pcapng file frame by frame: times in ns, interfaces and comments as they were, and comments of ours."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

from analyzer.capture import linktypes
from analyzer.capture.frame import CaptureFacts, Frame
from analyzer.capture.pcapng import ENHANCED_PACKET, INTERFACE, OPTION_TSRESOL

SECTION = 0x0A0D0D0A
COMMENT, APPLICATION, NAME = 1, 4, 2
NANOSECONDS = b"\x09"
MAX_COMMENT = 0xFFFF


class PcapngWriter:
    """Writes one section; an interface is described when the first frame of it comes."""

    def __init__(self, stream: BinaryIO, application: str) -> None:
        self._stream = stream
        self._interfaces: dict[tuple[int, int, int], int] = {}
        head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        self._block(SECTION, head + _options([(APPLICATION, application.encode())]))

    def write(self, frame: Frame, facts: CaptureFacts, comments: Sequence[str] = ()) -> None:
        """Write a frame of the capture that `facts` are of, with its comments and more."""
        own = facts.frame_comments.get(frame.number)
        told = [(COMMENT, text.encode()[:MAX_COMMENT]) for text in ([own] if own else []) + list(comments)]
        time = max(frame.time, 0)
        head = struct.pack(
            "<IIIII", self._interface(frame, facts), time >> 32, time & 0xFFFFFFFF, len(frame.data), frame.length
        )
        self._block(ENHANCED_PACKET, head + _padded(frame.data) + _options(told))

    def _interface(self, frame: Frame, facts: CaptureFacts) -> int:
        key = frame.capture, frame.interface, frame.link_type
        known = self._interfaces.get(key)
        if known is None:
            known = self._interfaces[key] = len(self._interfaces)
            options = [(OPTION_TSRESOL, NANOSECONDS)]
            if frame.interface < len(facts.interfaces):
                described = facts.interfaces[frame.interface]
                if described.name and described.link_type == linktypes.name(frame.link_type):
                    options.insert(0, (NAME, described.name.encode()))
            self._block(INTERFACE, struct.pack("<HHI", frame.link_type, 0, 0) + _options(options))
        return known

    def _block(self, kind: int, body: bytes) -> None:
        total = struct.pack("<I", len(body) + 12)
        self._stream.write(struct.pack("<I", kind) + total + body + total)


def _options(options: Sequence[tuple[int, bytes]]) -> bytes:
    if not options:
        return b""
    return b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options) + bytes(4)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
