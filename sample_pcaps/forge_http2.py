"""HTTP/2 in the clear, written by hand: frames (RFC 9113) and header compression with a table (RFC 7541)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sample_pcaps.forge_text import Text

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 8, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32
ROOM = 4096  # octets of the table, until a SETTINGS frame says otherwise
STATIC = 61  # entries of the static table; those that are used here:
WHOLE = {
    (":method", "GET"): 2, (":method", "POST"): 3, (":path", "/"): 4, (":scheme", "http"): 6, (":status", "200"): 8,
}  # fmt: skip
NAMES = {
    ":authority": 1, ":method": 2, ":path": 4, ":scheme": 6, ":status": 8, "accept": 19, "authorization": 23,
    "content-length": 28, "content-type": 31, "date": 33, "server": 54, "user-agent": 58, "www-authenticate": 61,
}  # fmt: skip
HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "upgrade"})

Line = tuple[str, str]


def frame(kind: int, flags: int, stream: int, octets: bytes = b"") -> bytes:
    return len(octets).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + octets


def integer(number: int, bits: int, first: int = 0) -> bytes:
    """Return a number with a prefix of so many bits (RFC 7541 5.1)."""
    top = (1 << bits) - 1
    if number < top:
        return bytes((first | number,))
    number -= top
    octets = [first | top]
    while number >= 128:
        octets.append(number % 128 + 128)
        number //= 128
    return bytes([*octets, number])


def string(text: str) -> bytes:
    return integer(len(text.encode()), 7) + text.encode()


@dataclass
class Packer:
    """Compresses the header fields of one direction; what was sent before is referred to by its number."""

    table: list[Line] = field(default_factory=list)  # the newest first

    def block(self, lines: Sequence[Line]) -> bytes:
        return b"".join(self.line(*line) for line in lines)

    def line(self, name: str, value: str) -> bytes:
        if (name, value) in WHOLE:
            return integer(WHOLE[name, value], 7, 0x80)
        if (name, value) in self.table:
            return integer(STATIC + 1 + self.table.index((name, value)), 7, 0x80)
        named = next((at for at, (known, _) in enumerate(self.table, STATIC + 1) if known == name), 0)
        number = NAMES.get(name) or named
        private = name == "authorization"  # RFC 7541 7.1.3: never in a table
        octets = integer(number, 4, 0x10) if private else integer(number, 6, 0x40)
        if not private:
            self.table.insert(0, (name, value))
            while sum(len(n) + len(v) + 32 for n, v in self.table) > ROOM:
                self.table.pop()
        return octets + (b"" if number else string(name)) + string(value)


@dataclass
class Talk:
    """A connection of HTTP/2: its octets by direction, and the stream that comes next."""

    client: Packer = field(default_factory=Packer)
    server: Packer = field(default_factory=Packer)
    next_stream: int = 1

    def hello(self, *, by_client: bool) -> bytes:
        """Return what an end begins with."""
        settings = frame(SETTINGS, 0, 0, b"\x00\x03\x00\x00\x00\x64")  # at most 100 streams
        return PREFACE + settings if by_client else settings + frame(SETTINGS, 1, 0)

    def request(self, text: Text) -> bytes:
        """Return a request on a new stream; the stream is `next_stream` - 2 afterwards."""
        method, path, _ = text.line.split(" ", 2)
        host = text.get("Host") or ""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        lines = [(":method", method), (":scheme", "http"), (":authority", host), (":path", path)]
        return message(self.client, stream, lines + regular(text), text.body)

    def answer(self, text: Text, stream: int) -> bytes:
        _, code, *_ = text.line.split(" ", 2)
        return message(self.server, stream, [(":status", code), *regular(text)], text.body)


def regular(text: Text) -> list[Line]:
    """Return the header fields of a message as HTTP/2 has them."""
    lines = [(name.lower(), value) for name, value in text.headers if name.lower() not in HOP_BY_HOP]
    if text.body and text.get("Content-Length") is None:
        lines.append(("content-length", str(len(text.body))))
    return lines


def message(packer: Packer, stream: int, lines: Sequence[Line], body: bytes) -> bytes:
    """Return HEADERS, and DATA in two frames where there is a body."""
    half = len(body) // 2
    octets = frame(HEADERS, END_HEADERS | (0 if body else END_STREAM), stream, packer.block(lines))
    if body:
        octets += frame(DATA, 0, stream, body[:half]) + frame(DATA, END_STREAM, stream, body[half:])
    return octets
