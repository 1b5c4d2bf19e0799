"""What the messages of a TLS handshake say in the clear: both Hellos with their extensions, certificates, PSKs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from dissectors import tls_names as names
from dissectors.cursor import Cursor, Malformed, type_names

RANDOM = 32  # octets
MAX_IDENTITY = 1024  # octets of a PSK identity that is looked for where nothing says that there is one

HOST_NAME = 0
_NAME_TYPES = {HOST_NAME: "host_name"}
_COMPRESSION = {0: "null", 1: "DEFLATE"}


class Hello(NamedTuple):
    """A Client Hello, or the Server Hello that answers it.

    `version` is that of the message, `versions` those of the extension (RFC 8446 4.2.1); of a server `suites`,
    `versions` and `protocols` (ALPN) have the one chosen. `identities` are those of PSKs that a client offers,
    `connection_id` is what the other end shall put in its records, perhaps nothing (RFC 9146 3).
    """

    client: bool
    version: int
    random: bytes = b""
    suites: tuple[int, ...] = ()
    server_names: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    versions: tuple[int, ...] = ()
    identities: tuple[str, ...] = ()
    connection_id: bytes | None = None

    @property
    def is_retry(self) -> bool:
        """Whether a server asks for another Client Hello (RFC 8446 4.1.4)."""
        return not self.client and self.random == names.RETRY_RANDOM


class Reader:
    """Reads through a cursor fields that are named alike in TLS and DTLS."""

    __slots__ = ("cursor", "datagram", "protocol")

    def __init__(self, cursor: Cursor, protocol: str) -> None:
        self.cursor = cursor
        self.protocol = protocol
        self.datagram = protocol == "dtls"

    def uint(self, name: str, size: int, values: type_names | None = None) -> int:
        return self.cursor.uint(f"{self.protocol}.{name}", size, values)

    def u8(self, name: str, values: type_names | None = None) -> int:
        return self.uint(name, 1, values)

    def u16(self, name: str, values: type_names | None = None) -> int:
        return self.uint(name, 2, values)

    def octets(self, name: str, size: int, text: str = "") -> bytes:
        return self.cursor.octets(f"{self.protocol}.{name}", size, text)

    def string(self, name: str, size: int) -> str:
        return self.cursor.string(f"{self.protocol}.{name}", size)

    def group(self, name: str) -> AbstractContextManager[None]:
        return self.cursor.group(f"{self.protocol}.{name}")

    @contextmanager
    def window(self, name: str, size: int) -> Iterator[None]:
        """Read inside the next octets only, of which as many as there are; raises Malformed after these."""
        at, there = self.cursor.pos, min(size, self.cursor.left)
        with self.cursor.window(f"{self.protocol}.{name}", there):
            yield
        if there < size:
            raise self.fail(name, f"{size} octets announced, {there} there", at)

    def fail(self, name: str, reason: str, offset: int | None = None) -> Malformed:
        return self.cursor.fail(f"{self.protocol}.{name}", reason, offset)

    # ------------------------------------------------------------------------------------------------- messages

    def hello(self, *, client: bool) -> Hello:
        """Read a Client Hello or a Server Hello (RFC 5246 7.4.1, RFC 8446 4.1, RFC 6347 4.3.2)."""
        found = Hello(client, self.u16("handshake.version", names.version))
        found = found._replace(random=self.octets("handshake.random", RANDOM))
        if session := self.u8("handshake.session_id_length"):
            self.octets("handshake.session_id", session)
        if client and self.datagram and (cookie := self.u8("handshake.cookie_length")):
            self.octets("handshake.cookie", cookie)
        if client:
            found = found._replace(suites=self.numbers("handshake.cipher_suites_length", "handshake.ciphersuite"))
            size = self.u8("handshake.comp_methods_length")
            with self.window("handshake.comp_methods", size):
                for _ in range(size):
                    self.u8("handshake.comp_method", _COMPRESSION)
        else:
            found = found._replace(suites=(self.u16("handshake.ciphersuite", names.suite),))
            self.u8("handshake.comp_method", _COMPRESSION)
        if not self.cursor.left:
            return found
        with self.window("handshake.extensions", self.u16("handshake.extensions_length")):
            while self.cursor.left:
                with self.group("handshake.extension"):
                    found = self.extension(found)
        return found

    def numbers(self, length: str, name: str) -> tuple[int, ...]:
        """Read cipher suites behind their length."""
        size = self.u16(length)
        with self.window(f"{name}s", size):
            found = [self.u16(name, names.suite) for _ in range(size // 2)]
        return tuple(found)

    def extension(self, found: Hello) -> Hello:
        """Read an extension of a Hello; returns the Hello with what it says."""
        kind = self.u16("handshake.extension.type", names.EXTENSIONS)
        size = self.u16("handshake.extension.len")
        read = {
            names.SERVER_NAME: self.server_names,
            names.ALPN: self.alpn,
            names.SUPPORTED_VERSIONS: self.versions,
            names.PSK: self.psk,
            names.CONNECTION_ID: self.connection_id if self.datagram else None,
        }.get(kind)
        if not size:
            return found
        if read is None:
            self.octets("handshake.extension.data", size)
            return found
        with self.window("handshake.extension.content", size):
            return read(found)

    def server_names(self, hello: Hello) -> Hello:
        """Read the names of the server that a client asks for (RFC 6066 3)."""
        found = []
        self.u16("handshake.extensions_server_name_list_len")
        while self.cursor.left:
            kind = self.u8("handshake.extensions_server_name_type", _NAME_TYPES)
            name = self.string("handshake.extensions_server_name", self.u16("handshake.extensions_server_name_len"))
            if kind == HOST_NAME:
                found.append(name)
        return hello._replace(server_names=tuple(found))

    def alpn(self, hello: Hello) -> Hello:
        """Read names of application protocols (RFC 7301)."""
        found = []
        self.u16("handshake.extensions_alpn_len")
        while self.cursor.left:
            size = self.u8("handshake.extensions_alpn_str_len")
            found.append(self.string("handshake.extensions_alpn_str", size))
        return hello._replace(protocols=tuple(found))

    def versions(self, hello: Hello) -> Hello:
        """Read the versions that a client offers, or the one that a server chose."""
        count = self.u8("handshake.extensions.supported_versions_len") // 2 if hello.client else 1
        found = [self.u16("handshake.extensions.supported_version", names.version) for _ in range(count)]
        return hello._replace(versions=tuple(found))

    def connection_id(self, hello: Hello) -> Hello:
        """Read the connection id that the sender wants to see in what it receives."""
        return hello._replace(connection_id=self.octets("connection_id", self.u8("connection_id_length")))

    def psk(self, hello: Hello) -> Hello:
        """Read the identities of the PSKs that a client offers (RFC 8446 4.2.11), or which one the server chose."""
        if not hello.client:
            self.u16("handshake.extensions.psk.identity.selected")
            return hello
        found = []
        with self.window("handshake.extensions.psk.identities", self.u16("handshake.extensions.psk.identities.length")):
            while self.cursor.left:
                size = self.u16("handshake.extensions.psk.identity.identity_length")
                text = _text(self.cursor.data[self.cursor.pos : min(self.cursor.pos + size, self.cursor.end)])
                self.octets("handshake.extensions.psk.identity.identity", size, text)
                self.uint("handshake.extensions.psk.identity.obfuscated_ticket_age", 4)
                found += [text] if text else []
        self.octets("handshake.extensions.psk.binders", self.u16("handshake.extensions.psk.binders_len"))
        return hello._replace(identities=tuple(found))

    def certificates(self) -> None:
        """Read certificates as octets; those of TLS 1.3 are encrypted (RFC 5246 7.4.2)."""
        with self.window("handshake.certificates", self.uint("handshake.certificates_length", 3)):
            while self.cursor.left:
                self.octets("handshake.certificate", self.uint("handshake.certificate_length", 3))

    def identity(self, name: str) -> str:
        """Read the PSK identity, or the hint, that a key exchange begins with, "" where it begins with none.

        Which exchange it is only the Server Hello says; no key or signature begins with its length and text.
        """
        cursor = self.cursor
        if cursor.left < 3:
            return ""
        size = cursor.data[cursor.pos] << 8 | cursor.data[cursor.pos + 1]
        if not 0 < size <= min(cursor.left - 2, MAX_IDENTITY):
            return ""
        text = _text(cursor.data[cursor.pos + 2 : cursor.pos + 2 + size])
        if text:
            self.u16(f"handshake.{name}_len")
            self.octets(f"handshake.{name}", size, text)
        return text


def _text(octets: bytes) -> str:
    """Return what octets say as text (RFC 4279 5.1), "" where they are none."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
