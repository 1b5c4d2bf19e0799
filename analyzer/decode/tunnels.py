"""Tunnels that carry IP packets in the clear: where the inner packet begins."""

from __future__ import annotations

GTP_PORT = 2152
GTP_HEADER = 8
G_PDU = 255
MAX_EXTENSIONS = 16  # extension headers of one G-PDU


def gtp_payload(data: bytes) -> bytes | None:
    """Return the IP packet in a G-PDU (TS 29.281 5.1), None for any other datagram."""
    if len(data) < GTP_HEADER or data[0] >> 4 != 3 or data[1] != G_PDU:
        return None
    # A length that is off costs nothing: the inner packet has one of its own
    pos = GTP_HEADER
    if data[0] & 7:
        pos += 4
        following = data[pos - 1 : pos] if data[0] & 4 else b"\x00"
        for _ in range(MAX_EXTENSIONS):
            if following in (b"", b"\x00"):
                break
            size = data[pos] * 4 if pos < len(data) else 0
            if not size:
                return None
            pos += size
            following = data[pos - 1 : pos]
    inner = data[pos:]
    return inner if inner and inner[0] >> 4 in (4, 6) else None
