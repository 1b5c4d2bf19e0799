"""TLS as it stands in a stream: records, of which those of application data are counted and let go."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.decode import framing
from analyzer.decode.framing import Framing, unread
from analyzer.decode.packets import DecodeFacts
from dissectors import Payload
from dissectors import tls_names as names
from dissectors.tls import HANDSHAKE_HEADER, MAX_HANDSHAKE, TLS_HEADER, messages_end, record_size

SEALED_OCTETS = 17  # that application data has at least: the type inside and a tag (RFC 8446 5.2)
MAX_HELD, MAX_RECORDS = MAX_HANDSHAKE + 8 * TLS_HEADER, 64  # octets and records that one message is spread over

SEALED = "TLS records of application data, which `--engine tshark` opens where there is a key log"


def goes_on(data: bytes, closed: bool) -> int | None:
    """Return the octets of a record, 0 when it is none."""
    if len(data) < TLS_HEADER:
        return 0 if data[0] not in names.CONTENT_TYPES or data[1:2] not in (b"", b"\x03") else None
    return record_size(data)


def length(data: bytes, closed: bool) -> int | None:
    """Return the octets of the first record of a stream, where it is plain to see that it is one."""
    size = goes_on(data, closed)
    if not size:
        return size
    body = data[TLS_HEADER:size]
    match data[0]:
        case names.HANDSHAKE if len(body) < HANDSHAKE_HEADER and len(data) < size:
            return 0 if closed else None
        case names.HANDSHAKE:
            told = body[0] in names.HANDSHAKES and body[1] < MAX_HANDSHAKE >> 16
        case names.ALERT:
            told = size == TLS_HEADER + 2 and body[:1] in (b"", b"\x01", b"\x02")
        case names.CHANGE_CIPHER_SPEC:
            told = size == TLS_HEADER + 1 and body in (b"", b"\x01")
        case kind:  # in the midst of a connection
            told = kind == names.APPLICATION_DATA and data[2] > 0 and size >= TLS_HEADER + SEALED_OCTETS
    after = data[size : size + TLS_HEADER]
    return size if told and (len(after) < TLS_HEADER or record_size(after)) else 0


def matches(payload: Payload) -> bool:
    """Say whether octets begin a handshake: what else is cut or lost, nobody would have read."""
    return payload.transport == "tcp" and payload.data[:1] == b"\x16" and bool(length(payload.data, False))


FRAMES = Framing("tls", matches, unread, length=length, goes_on=goes_on, sealed=True)


class TlsSide:
    """One direction of a connection.

    It passes on the records of the handshake, those that one of its messages is spread over as one, alerts, and of
    the first record of application data the header.
    """

    def __init__(self, facts: DecodeFacts) -> None:
        self._facts = facts
        self._held: list[Payload] = []
        self._shown = False
        self.octets = 0

    def add(self, frame: Payload) -> Iterator[Payload]:
        """Take a record; yield what is to be read."""
        kind = frame.data[0]
        if self._held and kind != names.HANDSHAKE:
            yield from self.finish()
        if kind == names.APPLICATION_DATA:
            self._facts.count(SEALED)
            if not self._shown:
                self._shown = True
                yield frame._replace(data=frame.data[:TLS_HEADER])
        elif kind != names.HANDSHAKE:
            yield frame
        else:
            self._held.append(frame)
            self.octets += len(frame.data)
            messages = b"".join(held.data[TLS_HEADER:] for held in self._held)
            whole = (messages_end(messages) or 0) <= len(messages)
            if whole or self.octets > MAX_HELD or len(self._held) == MAX_RECORDS:
                yield from self.finish()

    def lose(self) -> None:
        """Octets are missing: what was held is not put together."""
        self._held, self.octets = [], 0

    def finish(self) -> Iterator[Payload]:
        """Yield what was held."""
        held, self._held, self.octets = self._held, [], 0
        if len(held) == 1:
            yield held[0]
        elif held:
            frames = {frame for each in held for frame in each.frames}
            yield framing.message(b"".join(each.data for each in held), held[-1], frames)


__all__ = ["FRAMES", "TlsSide"]
