"""WebSocket (RFC 6455), as SIP goes over it (RFC 7118): the frames of one direction, and the messages in them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from analyzer.decode import framing
from analyzer.decode.framing import Framing, unread
from analyzer.decode.packets import DecodeFacts
from dissectors import Payload

MAX_FRAME = 1024 * 1024  # octets of one frame
MAX_MESSAGE = 1024 * 1024  # octets of a message, over all its frames and after decompression
MAX_CONTROL = 125  # octets of a control frame (RFC 6455 5.5)

FIN, COMPRESSED, OTHER_RSV, MASKED = 0x80, 0x40, 0x30, 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_DATA = (CONTINUATION, TEXT, BINARY)
CONTROLS = (CLOSE, PING, PONG)
_SIP = re.compile(rb"SIP/2\.0 \d|[A-Z]{3,16} (?:sip|sips|tel|urn):")
_LOOK = 24  # octets that tell SIP

TOO_LONG = f"WebSocket messages longer than {MAX_MESSAGE} octets"


def header(data: bytes) -> tuple[int, int] | None:
    """Return the octets of a frame's header and of what follows; (0, 0) when it is no frame, None for more needed."""
    if len(data) < 2:
        return None
    opcode, size, at = data[0] & 0x0F, data[1] & 0x7F, 2
    wide = {126: 2, 127: 8}.get(size, 0)
    if data[0] & OTHER_RSV or opcode not in (*_DATA, *CONTROLS):
        return 0, 0
    if opcode in CONTROLS and (wide or not data[0] & FIN or data[0] & COMPRESSED):
        return 0, 0
    if len(data) < at + wide:
        return None
    if wide:
        size = int.from_bytes(data[at : at + wide], "big")
        if size > MAX_FRAME or size <= (MAX_CONTROL if wide == 2 else 0xFFFF):  # RFC 6455 5.2: the shortest form
            return 0, 0
    return at + wide + (4 if data[1] & MASKED else 0), size


def goes_on(data: bytes, closed: bool) -> int | None:
    """Return the octets of a frame, 0 when it is none."""
    found = header(data)
    if found is None:
        return None
    return sum(found)


def length(data: bytes, closed: bool) -> int | None:
    """Return the octets of the first frame of a stream, where it is plain to see that it holds SIP."""
    if data[:1] not in (b"\x81", b"\x82"):
        return 0
    found = header(data)
    if found is None or (len(data) < found[0] + min(_LOOK, found[1]) and found != (0, 0)):
        return 0 if closed else None
    first, size = found
    return first + size if size and _SIP.match(unmasked(data[: first + min(_LOOK, size)], first)) else 0


def matches(payload: Payload) -> bool:
    """Say whether octets are a frame that holds SIP."""
    return payload.transport == "tcp" and bool(length(payload.data, False))


FRAMES = Framing("websocket", matches, unread, length=length, goes_on=goes_on)


def unmasked(data: bytes, first: int) -> bytes:
    """Return what a frame carries, from `first` on."""
    octets = data[first:]
    if not data[1] & MASKED or not octets:
        return octets
    key = (data[first - 4 : first] * (len(octets) // 4 + 1))[: len(octets)]
    return (int.from_bytes(octets, "big") ^ int.from_bytes(key, "big")).to_bytes(len(octets), "big")


class WebSocketSide:
    """One direction of a connection; `extensions` is what the server agreed to, None when nobody saw it."""

    def __init__(self, facts: DecodeFacts, extensions: str | None) -> None:
        self.octets = 0
        self._facts = facts
        self._extensions = extensions
        self._inflater: zlib._Decompress | None = None
        self._begun = extensions is not None  # whatever was compressed was seen from its begin
        self._message: bytearray | None = None
        self._compressed = self._masked = False
        self._frames: set[int] = set()

    def add(self, frame: Payload) -> Iterator[Payload]:
        """Take a frame; yield the message that it completes."""
        data = frame.data
        found = header(data)
        opcode = data[0] & 0x0F
        if found is None or found == (0, 0) or opcode in CONTROLS:  # these stand between the frames of a message
            return
        octets = unmasked(data, found[0])
        if opcode != CONTINUATION:
            if self._message is not None:
                self._tell(frame, "a message begins before the one before it has ended")
            self._message, self._frames = bytearray(), set()
            self._compressed, self._masked = bool(data[0] & COMPRESSED), bool(data[1] & MASKED)
        if self._message is None:  # its begin was not captured, or it was too long
            return
        self._frames.update(frame.frames)
        if len(self._message) + len(octets) > MAX_MESSAGE:
            self._facts.count(TOO_LONG)
            self._message, self.octets = None, 0
            return
        self._message += octets
        self.octets = len(self._message)
        if data[0] & FIN:
            whole, self._message, self.octets = bytes(self._message), None, 0
            plain = self._inflated(whole, frame) if self._compressed else whole
            if plain.strip():  # blank lines are keep-alives (RFC 5626 3.5.1)
                yield framing.message(plain, frame, self._frames)

    def lose(self) -> None:
        """Octets are missing: a message may lack a part, and compression refers to what they held."""
        self._message, self.octets, self._inflater, self._begun = None, 0, None, False

    def finish(self) -> Iterator[Payload]:
        """Yield nothing: a message without its last frame cannot be read."""
        yield from ()

    def _inflated(self, octets: bytes, frame: Payload) -> bytes:
        """Undo permessage-deflate (RFC 7692)."""
        if self._extensions is not None and "permessage-deflate" not in self._extensions:
            self._tell(frame, "is compressed, which nobody agreed to")
            return b""
        end = "client" if self._masked else "server"
        alone = f"{end}_no_context_takeover" in (self._extensions or "")
        if not self._begun and not alone:
            self._tell(frame, "is compressed (RFC 7692), and its connection was not captured from its begin")
            return b""
        if self._inflater is None or alone:
            self._inflater = zlib.decompressobj(-15)
        try:
            plain = self._inflater.decompress(octets + b"\0\0\xff\xff", MAX_MESSAGE + 1)
        except zlib.error:
            self.lose()
            self._tell(frame, "is not the compressed message that it says")
            return b""
        if len(plain) > MAX_MESSAGE:
            self.lose()
            self._facts.count(TOO_LONG)
            return b""
        return plain

    def _tell(self, frame: Payload, reason: str) -> None:
        framing.tell(self._facts, frame, "websocket", "websocket.payload", reason)


__all__ = ["CONTROLS", "FIN", "FRAMES", "WebSocketSide", "goes_on", "header", "unmasked"]
