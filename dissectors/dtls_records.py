"""Where records of DTLS end: those of RFC 6347, with connection ids (RFC 9146), and the encrypted ones of RFC 9147.

The octets of a connection id are as many as both Hellos agreed on. Which those were a datagram does not say: as many
are taken as make its records end where it ends.
"""

from __future__ import annotations

from typing import NamedTuple

from dissectors import tls_names as names

HEADER = 13  # octets of a header without connection id
MAX_CONNECTION_ID = 32  # octets that are looked for; those of known implementations are shorter
SMALLEST = (
    16  # octets that are encrypted in DTLS 1.3 at least, from which the sequence number is masked (RFC 9147 4.2.3)
)
MAX_RECORDS = 256  # of one message

UNIFIED, UNIFIED_MASK = 0x20, 0xE0  # the first bits of the header in DTLS 1.3 (RFC 9147 4)
HAS_CID, LONG_NUMBER, HAS_LENGTH, EPOCH_BITS = 0x10, 0x08, 0x04, 0x03
HANDSHAKE_EPOCH = 2  # in DTLS 1.3 (RFC 9147 6.1)
PLAIN = frozenset(names.CONTENT_TYPES) | {names.ACK}


class Span(NamedTuple):
    """A record: octets of its connection id, where its content begins and where that ends."""

    connection_id: int
    begin: int
    end: int


def is_unified(octet: int) -> bool:
    """Say whether an octet begins a record that is encrypted in DTLS 1.3."""
    return octet & UNIFIED_MASK == UNIFIED


def span(data: bytes, at: int, size: int | None = None) -> Span | None:
    """Return where the record at an offset ends, None where none begins; `size` of a connection id known already."""
    if at >= len(data):
        return None
    kind = data[at]
    if is_unified(kind):
        number = at + (3 if kind & LONG_NUMBER else 2)  # behind it, were there no connection id
        if not kind & HAS_LENGTH:  # up to the end of the datagram: only another record tells the connection id
            known = size if kind & HAS_CID and size else 0
            return Span(known, number + known, len(data)) if number + known + SMALLEST <= len(data) else None
        if not kind & HAS_CID:
            return _sized(data, number, 0, SMALLEST)
        return _guessed(data, number, size, SMALLEST)
    if at + HEADER > len(data) or data[at + 1] != 0xFE or data[at + 2] not in (0xFD, 0xFF):
        return None
    if kind == names.CONNECTION_ID_RECORD:
        return _guessed(data, at + HEADER - 2, size, 1)
    return _sized(data, at + HEADER - 2, 0, 1) if kind in PLAIN else None


def _sized(data: bytes, at: int, connection_id: int, least: int) -> Span | None:
    """Return the record whose length stands at an offset."""
    size = int.from_bytes(data[at : at + 2], "big")
    end = at + 2 + size
    return Span(connection_id, at + 2, end) if least <= size and end <= len(data) else None


def _guessed(data: bytes, at: int, known: int | None, least: int) -> Span | None:
    """Return the record whose connection id stands at an offset, of the first size with which all that follows fits."""
    if known is not None:
        return _sized(data, at + known, known, least)
    for size in range(1, MAX_CONNECTION_ID + 1):
        found = _sized(data, at + size, size, least)
        if found is not None and (found.end == len(data) or spans(data, found.end, size) is not None):
            return found
    return None


def spans(data: bytes, at: int = 0, size: int | None = None) -> list[Span] | None:
    """Return the records of a datagram from an offset on, None where they do not fill it."""
    found: list[Span] = []
    while at < len(data):
        if len(found) >= MAX_RECORDS:
            return None
        one = span(data, at, size)
        if one is None:
            return None
        found.append(one)
        at, size = one.end, one.connection_id or size
    return found


def begins(data: bytes) -> bool:
    """Say whether a datagram may begin with what is no application data, as far as its header shows (RFC 7983)."""
    if len(data) < HEADER:
        return False
    kind = data[0]
    if is_unified(kind):
        return bool(kind & HAS_LENGTH) and kind & EPOCH_BITS == HANDSHAKE_EPOCH
    if kind == names.CONNECTION_ID_RECORD:
        return not any(data[5:11])  # the first of its epoch is Finished
    return kind in (names.CHANGE_CIPHER_SPEC, names.ALERT, names.HANDSHAKE, names.ACK)
