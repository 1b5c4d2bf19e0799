"""TLS (RFC 5246, 8446) and DTLS (RFC 6347, 9147): records, and the handshake as far as it is in the clear.

What is encrypted stays shut: of application data the header is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from dissectors import tls_names as names
from dissectors.base import Dissector, Payload
from dissectors.cursor import Bits, Cursor, Malformed
from dissectors.dtls_records import (
    EPOCH_BITS,
    HAS_CID,
    HAS_LENGTH,
    LONG_NUMBER,
    MAX_RECORDS,
    begins,
    is_unified,
    span,
    spans,
)
from dissectors.tls_hello import Hello, Reader

MAX_RECORD = (1 << 14) + 2048  # octets that a record holds at most (RFC 5246 6.2.3)
MAX_HANDSHAKE = 1 << 17  # octets of a handshake message that is put together
FRAGMENT = 128  # octets of a record that a longer handshake message may be cut to; those encrypted are shorter

TLS_HEADER, DTLS_HEADER = 5, 13
HANDSHAKE_HEADER, FRAGMENT_HEADER = 4, 12
HANDSHAKE_VERSIONS = (3, 0xFE)  # the first octet of all versions

_UNIFIED = (  # RFC 9147 4
    Bits("dtls.record.unified.connection_id", HAS_CID),
    Bits("dtls.record.unified.long_number", LONG_NUMBER),
    Bits("dtls.record.unified.length", HAS_LENGTH),
    Bits("dtls.record.unified.epoch", EPOCH_BITS),
)


class Handshake(NamedTuple):
    """One handshake message; `hello` of the two that begin, `identity` of a PSK or the hint to it (RFC 4279)."""

    kind: int
    hello: Hello | None = None
    identity: str = ""


class Record(NamedTuple):
    """One record: its content type, version as in its header, and octets; `alert` is level and description.

    A record that is encrypted in DTLS 1.3 is of type CIPHERTEXT and has no version; `connection_id` is empty where
    there is none, or where it cannot be told from what is encrypted.
    """

    kind: int
    version: int
    size: int
    handshakes: tuple[Handshake, ...] = ()
    alert: tuple[int, int] | None = None
    connection_id: bytes = b""


class Tls(NamedTuple):
    """Records that one end sent together."""

    records: tuple[Record, ...]

    @property
    def hello(self) -> Hello | None:
        """The first Client or Server Hello in them."""
        return next((h.hello for record in self.records for h in record.handshakes if h.hello is not None), None)


def record_size(data: bytes) -> int:
    """Return the octets of the record of TLS that 5 octets begin, 0 where they begin none."""
    if data[0] not in names.CONTENT_TYPES or data[1] != 3 or data[2] > 4:
        return 0
    size = data[3] << 8 | data[4]
    if size > MAX_RECORD or (not size and data[0] != names.APPLICATION_DATA):
        return 0
    return TLS_HEADER + size


def messages_end(octets: bytes) -> int | None:
    """Return where the handshake messages end that a record of TLS begins with, None where it is encrypted.

    That is behind the last octet where the last message goes on in the next record.
    """
    at, size = 0, len(octets)
    if octets[:1] == b"\0":
        return size if octets == bytes(HANDSHAKE_HEADER) else None  # the one message without a body
    while at + HANDSHAKE_HEADER <= size:
        kind, length = octets[at], int.from_bytes(octets[at + 1 : at + HANDSHAKE_HEADER], "big")
        if kind not in names.HANDSHAKES or not kind or length > MAX_HANDSHAKE:
            return None
        at += HANDSHAKE_HEADER + length
    if at == size:
        return size
    first = octets[0] in (names.CLIENT_HELLO, names.SERVER_HELLO) and octets[HANDSHAKE_HEADER:5] in (b"\x03", b"\xfe")
    return max(at, size + 1) if first or size >= FRAGMENT else None


def matches(payload: Payload) -> bool:
    """Say whether octets of TCP are a record of TLS, or the header of one that holds application data."""
    data = payload.data
    if payload.transport != "tcp" or len(data) < TLS_HEADER:
        return False
    size = record_size(data)
    return 0 < size <= len(data) or (size > 0 and len(data) == TLS_HEADER and data[0] == names.APPLICATION_DATA)


def matches_dtls(payload: Payload) -> bool:
    """Say whether a datagram is records of DTLS from front to back, the first no application data (RFC 7983)."""
    data = payload.data
    if payload.transport == "tcp" or payload.named not in ("", "dtls") or not begins(data):
        return False
    return spans(data) is not None


def parse(cursor: Cursor) -> Tls:
    """Read records of TLS; raises Malformed with those before the error."""
    return _records(_Records(cursor, "tls"), _Records.record)


def parse_dtls(cursor: Cursor) -> Tls:
    """Read the records of a datagram; raises Malformed with those before the error."""
    return _records(_Records(cursor, "dtls"), _Records.datagram_record)


def _records(reader: _Records, read: Callable[[_Records], Record]) -> Tls:
    found: list[Record] = []
    try:
        while reader.cursor.left or not found:
            if len(found) >= MAX_RECORDS:
                raise reader.fail("record", f"more than {MAX_RECORDS} records")
            with reader.group("record"):
                found.append(read(reader))
    except Malformed as wrong:
        wrong.partial = Tls(tuple(found)) if found else None
        raise
    return Tls(tuple(found))


class _Records(Reader):
    """Reads records one after the other."""

    __slots__ = ("cut", "known", "pending")

    def __init__(self, cursor: Cursor, protocol: str) -> None:
        super().__init__(cursor, protocol)
        self.cut = False  # octets of this record are missing
        self.known: int | None = None  # octets of a connection id
        self.pending = 0  # octets of a handshake message that the records before have begun

    def record(self) -> Record:
        kind = self.u8("record.content_type", names.CONTENT_TYPES)
        at = self.cursor.pos
        version = self.u16("record.version", names.version)
        size = self.u16("record.length")
        if kind not in names.CONTENT_TYPES or version >> 8 != 3:
            raise self.cursor.fail("tls.record.version", f"content type {kind} of version 0x{version:04x}", at)
        return self.content(kind, version, size, sealed=False)

    def datagram_record(self) -> Record:
        cursor = self.cursor
        at = cursor.pos
        if cursor.left and is_unified(cursor.data[at]):
            return self.ciphertext()
        special = cursor.left > 0 and cursor.data[at] == names.CONNECTION_ID_RECORD
        kind = self.u8("record.special_type" if special else "record.content_type", names.DATAGRAM_TYPES)
        version = self.u16("record.version", names.version)
        epoch = self.u16("record.epoch")
        self.uint("record.sequence_number", 6)
        connection_id = self.connection(at) if special else b""
        size = self.u16("record.length")
        if kind not in names.DATAGRAM_TYPES or version >> 8 != 0xFE:
            raise self.fail("record.version", f"content type {kind} of version 0x{version:04x}", at + 1)
        return self.content(kind, version, size, sealed=epoch > 0)._replace(connection_id=connection_id)

    def ciphertext(self) -> Record:
        """Read a record of DTLS 1.3, of which the sequence number is encrypted too (RFC 9147 4)."""
        cursor = self.cursor
        at = cursor.pos
        flags = cursor.data[at]
        cursor.bits("dtls.record.unified", 1, _UNIFIED)
        connection_id = self.connection(at) if flags & HAS_CID else b""
        self.octets("record.masked_number", 2 if flags & LONG_NUMBER else 1)
        size = self.u16("record.length") if flags & HAS_LENGTH else cursor.left
        with self.held("record.length", size):
            self.octets("record.encrypted", size)
        return Record(names.CIPHERTEXT, 0, size, connection_id=connection_id)

    def connection(self, at: int) -> bytes:
        """Read the connection id of the record that begins at an offset, as far as it can be told."""
        found = span(self.cursor.data[: self.cursor.end], at, self.known)
        if found is None or not found.connection_id:
            return b""
        self.known = found.connection_id
        return self.octets("record.connection_id", found.connection_id)

    def content(self, kind: int, version: int, size: int, *, sealed: bool) -> Record:
        """Read what a record holds; of application data perhaps only the header was kept."""
        cursor = self.cursor
        if kind == names.APPLICATION_DATA:
            if cursor.left:
                self.octets("app_data", size if self.datagram else min(size, cursor.left))
            return Record(kind, version, size)
        alert: tuple[int, int] | None = None
        found: tuple[Handshake, ...] = ()
        self.cut = size > cursor.left
        with self.held("record.length", size):
            if kind == names.CHANGE_CIPHER_SPEC:
                self.octets("change_cipher_spec", size)
            elif kind == names.ALERT and size == 2 and not sealed:
                with self.group("alert_message"):
                    alert = (
                        self.u8("alert_message.level", names.ALERT_LEVELS),
                        self.u8("alert_message.desc", names.ALERTS),
                    )
            elif kind == names.HANDSHAKE and not sealed:
                found = tuple(self.handshakes())
            elif kind == names.ACK and not sealed:
                self.acknowledged()
            elif kind in (names.HEARTBEAT, names.CONNECTION_ID_RECORD, names.ACK):
                self.octets("record.encrypted", size)
            else:
                self.encrypted("handshake" if kind == names.HANDSHAKE else "alert_message", size)
        return Record(kind, version, size, found, alert)

    def acknowledged(self) -> None:
        """Read the numbers of the records that the other end got (RFC 9147 7)."""
        with self.window("ack.record_numbers", self.u16("ack.record_numbers_length")):
            while self.cursor.left:
                self.uint("ack.epoch", 8)
                self.uint("ack.sequence_number", 8)

    def encrypted(self, name: str, size: int) -> None:
        with self.group(name):
            self.octets("record.encrypted", size)

    @contextmanager
    def held(self, length: str, size: int) -> Iterator[None]:
        """Read inside the next octets only; raises Malformed for the `length` after what is there."""
        cursor = self.cursor
        at, there = cursor.pos, min(size, cursor.left)
        outer, cursor.end = cursor.end, cursor.pos + there
        try:
            yield
        finally:
            cursor.end = outer
        if there < size:
            raise self.fail(length, f"{size} octets announced, {there} there", at)

    def handshakes(self) -> Iterator[Handshake]:
        """Read the handshake messages of a record."""
        cursor = self.cursor
        if self.pending:
            size = min(self.pending, cursor.left)
            self.octets("handshake.part", size)
            self.pending -= size
        if (
            not (self.datagram or self.cut)
            and cursor.left
            and messages_end(cursor.data[cursor.pos : cursor.end]) is None
        ):
            self.encrypted("handshake", cursor.left)
        while cursor.left:
            with self.group("handshake"):
                yield self.handshake()

    def handshake(self) -> Handshake:
        cursor = self.cursor
        kind = self.u8("handshake.type", names.HANDSHAKES)
        size = self.uint("handshake.length", 3)
        there = size
        if self.datagram:
            self.u16("handshake.message_seq")
            offset = self.uint("handshake.fragment_offset", 3)
            there = self.uint("handshake.fragment_length", 3)
            if offset or there != size:
                self.octets("handshake.part", there)
                return Handshake(kind)
        elif size > cursor.left and not self.cut:  # it goes on in the next record
            self.pending = size - cursor.left
            self.octets("handshake.part", cursor.left)
            return Handshake(kind)
        with self.held("handshake.length", there):
            return self.message(kind)

    def message(self, kind: int) -> Handshake:
        """Read a handshake message that is whole."""
        hello, identity = None, ""
        if kind in (names.CLIENT_HELLO, names.SERVER_HELLO):
            hello = self.hello(client=kind == names.CLIENT_HELLO)
        elif kind == names.HELLO_VERIFY:
            self.u16("handshake.version", names.version)
            self.octets("handshake.cookie", self.u8("handshake.cookie_length"))
        elif kind == names.CERTIFICATE:
            self.certificates()
        elif kind in (names.CLIENT_KEYS, names.SERVER_KEYS):
            identity = self.identity("identity" if kind == names.CLIENT_KEYS else "hint")
        if self.cursor.left:
            self.octets("handshake.body", self.cursor.left)
        return Handshake(kind, hello, identity)


TLS = Dissector("tls", matches, parse)
DTLS = Dissector("dtls", matches_dtls, parse_dtls)
