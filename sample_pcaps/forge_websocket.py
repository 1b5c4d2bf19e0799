"""WebSocket (RFC 6455), written by hand: the handshake for SIP (RFC 7118), and frames."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, RSV1, MASKED = 0x80, 0x40, 0x80


def upgrade(host: str, key: bytes, *, extensions: str = "") -> bytes:
    """Return the request of a client."""
    lines = [
        "GET / HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(key).decode()}", "Sec-WebSocket-Protocol: sip",
        "Sec-WebSocket-Version: 13", *([f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []),
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def accept(key: bytes, *, extensions: str = "") -> bytes:
    """Return the answer of a server."""
    given = base64.b64encode(key).decode() + GUID
    proof = base64.b64encode(hashlib.sha1(given.encode(), usedforsecurity=False).digest()).decode()
    lines = [
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {proof}", "Sec-WebSocket-Protocol: sip",
        *([f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []),
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(kind: int, octets: bytes, *, mask: bytes = b"", last: bool = True, rsv: int = 0) -> bytes:
    """Return one frame; a client masks (4 octets), a server does not."""
    size = len(octets)
    start = bytes(((FIN if last else 0) | rsv | kind,))
    flag = MASKED if mask else 0
    if size < 126:
        start += bytes((flag | size,))
    elif size < 1 << 16:
        start += bytes((flag | 126,)) + size.to_bytes(2, "big")
    else:
        start += bytes((flag | 127,)) + size.to_bytes(8, "big")
    return start + mask + (bytes(octet ^ mask[n % 4] for n, octet in enumerate(octets)) if mask else octets)


def fragments(octets: bytes, size: int, *, mask: bytes = b"", between: Sequence[bytes] = ()) -> bytes:
    """Return a text message in frames of so many octets; `between` are frames that come after its first one."""
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)] or [b""]
    frames = [
        frame(TEXT if n == 0 else CONTINUATION, piece, mask=mask, last=n == len(pieces) - 1)
        for n, piece in enumerate(pieces)
    ]
    return b"".join([frames[0], *between, *frames[1:]])
