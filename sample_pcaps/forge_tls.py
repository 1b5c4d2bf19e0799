"""TLS and DTLS written by hand: records, messages of a handshake, and sessions of 1.2 (RFC 5246, 6347, 8422)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from sample_pcaps.forge_keys import made_up

PORT = 443
CHANGE, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, SERVER_KEYS, SERVER_DONE, CLIENT_KEYS, FINISHED = 1, 2, 11, 12, 14, 16, 20
VERSION_1_2 = b"\x03\x03"
DTLS_1_2 = b"\xfe\xfd"
ECDHE_ECDSA_AES_128_GCM = 0xC02B
X25519, ED25519 = b"\x00\x1d", b"\x08\x07"
FRAGMENT = 4096  # octets of application data in a record


def sized(octets: bytes, size: int) -> bytes:
    """Return octets behind their length, a number of `size` octets."""
    return len(octets).to_bytes(size, "big") + octets


def record(kind: int, octets: bytes, version: bytes = VERSION_1_2) -> bytes:
    return bytes((kind,)) + version + sized(octets, 2)


def handshake(kind: int, octets: bytes) -> bytes:
    return bytes((kind,)) + sized(octets, 3)


def datagram_record(kind: int, octets: bytes, *, epoch: int = 0, number: int = 0) -> bytes:
    """Return a record of DTLS 1.2 (RFC 6347 4.1)."""
    return bytes((kind,)) + DTLS_1_2 + epoch.to_bytes(2, "big") + number.to_bytes(6, "big") + sized(octets, 2)


def connection_record(sealed: bytes, connection_id: bytes, *, epoch: int = 1, number: int = 0) -> bytes:
    """Return a record of DTLS 1.2 that names its connection (RFC 9146 4)."""
    head = b"\x19" + DTLS_1_2 + epoch.to_bytes(2, "big") + number.to_bytes(6, "big")
    return head + connection_id + sized(sealed, 2)


def ciphertext(
    sealed: bytes, *, epoch: int, number: int = 0xA5B6, connection_id: bytes = b"", with_length: bool = True
) -> bytes:  # fmt: skip
    """Return a record of DTLS 1.3; `number` stands there masked, of 256 and more in two octets (RFC 9147 4)."""
    wide = number > 0xFF
    flags = 0x20 | (0x10 if connection_id else 0) | (0x08 if wide else 0) | (0x04 if with_length else 0) | epoch & 3
    head = bytes((flags,)) + connection_id + number.to_bytes(2 if wide else 1, "big")
    return head + (sized(sealed, 2) if with_length else sealed)


def connection_id(octets: bytes) -> bytes:
    """Return the extension that says what the other end shall put in its records (RFC 9146 3)."""
    return extension(54, sized(octets, 1))


def datagram_handshake(kind: int, octets: bytes, *, number: int = 0, first: int = 0, end: int | None = None) -> bytes:
    """Return a handshake message of DTLS, or its octets from `first` to `end` (RFC 6347 4.2.2)."""
    part = octets[first:end]
    head = bytes((kind,)) + len(octets).to_bytes(3, "big") + number.to_bytes(2, "big") + first.to_bytes(3, "big")
    return head + sized(part, 3)


def extension(kind: int, octets: bytes) -> bytes:
    return kind.to_bytes(2, "big") + sized(octets, 2)


def server_name(name: str) -> bytes:
    return extension(0, sized(b"\0" + sized(name.encode(), 2), 2))


def alpn(*names: str) -> bytes:
    return extension(16, sized(b"".join(sized(name.encode(), 1) for name in names), 2))


def versions(*offered: int) -> bytes:
    return extension(43, sized(b"".join(number.to_bytes(2, "big") for number in offered), 1))


def psks(*identities: str) -> bytes:
    """Return the PSKs that a client of TLS 1.3 offers, with binders of zeros (RFC 8446 4.2.11)."""
    listed = b"".join(sized(name.encode(), 2) + bytes(4) for name in identities)
    return extension(41, sized(listed, 2) + sized(sized(bytes(32), 1) * len(identities), 2))


def client_hello(
    random: bytes, suites: Sequence[int], extensions: Sequence[bytes] = (), *,
    session: bytes = b"", cookie: bytes | None = None, version: bytes = VERSION_1_2,
) -> bytes:  # fmt: skip
    """Return the body of a Client Hello; with a cookie, perhaps an empty one, it is of DTLS."""
    octets = version + random + sized(session, 1) + (b"" if cookie is None else sized(cookie, 1))
    octets += sized(b"".join(suite.to_bytes(2, "big") for suite in suites), 2) + b"\x01\x00"
    return octets + (sized(b"".join(extensions), 2) if extensions else b"")


def server_hello(random: bytes, suite: int, extensions: Sequence[bytes] = (), *, version: bytes = VERSION_1_2) -> bytes:
    octets = version + random + b"\0" + suite.to_bytes(2, "big") + b"\0"
    return octets + (sized(b"".join(extensions), 2) if extensions else b"")


# ------------------------------------------------------------------------------------------------ a session


def prf(secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """Return what the PRF of TLS 1.2 with SHA-256 gives (RFC 5246 5)."""
    octets, chained = b"", label + seed
    while len(octets) < length:
        chained = hmac.digest(secret, chained, "sha256")
        octets += hmac.digest(secret, chained + label + seed, "sha256")
    return octets[:length]


def certificate(name: str, key: Ed25519PrivateKey) -> bytes:
    """Return a certificate that a server signed itself, DER."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )  # fmt: skip
    return made.sign(key, None).public_bytes(serialization.Encoding.DER)


class Session:
    """A session of TLS 1.2 with ECDHE, Ed25519 and AES-128-GCM: for one `seed` the same octets in each run."""

    version = VERSION_1_2
    cookie: bytes | None = None

    def __init__(self, name: str, seed: str) -> None:
        self.name = name
        self.client_random = made_up(f"TLS client {seed}", 32)
        server_random = made_up(f"TLS server {seed}", 32)
        self._signing = Ed25519PrivateKey.from_private_bytes(made_up(f"TLS certificate {name}", 32))
        client = X25519PrivateKey.from_private_bytes(made_up(f"TLS client key {seed}", 32))
        server = X25519PrivateKey.from_private_bytes(made_up(f"TLS server key {seed}", 32))
        self._client_share, self._server_share = (
            key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            for key in (client, server)
        )
        randoms = self.client_random + server_random
        self.master = prf(client.exchange(server.public_key()), b"master secret", randoms, 48)
        block = prf(self.master, b"key expansion", server_random + self.client_random, 40)
        self._keys = {True: (AESGCM(block[:16]), block[32:36]), False: (AESGCM(block[16:32]), block[36:40])}
        self._numbers = {True: 0, False: 0}
        self._server_random = server_random
        self._said = b""

    @property
    def keylog(self) -> str:
        """The line of a key log that opens the session."""
        return f"CLIENT_RANDOM {self.client_random.hex()} {self.master.hex()}\n"

    def flights(self) -> list[tuple[bool, bytes]]:
        """Return the octets of the handshake, each with whether the client sends them."""
        groups, signatures = extension(10, sized(X25519, 2)), extension(13, sized(ED25519, 2))
        asked = [server_name(self.name), extension(11, b"\x01\x00"), groups, signatures]
        hello = client_hello(
            self.client_random, [ECDHE_ECDSA_AES_128_GCM], asked, cookie=self.cookie, version=self.version
        )
        share = b"\x03" + X25519 + sized(self._server_share, 1)
        signed = self._signing.sign(self.client_random + self._server_random + share)
        answer = [
            (SERVER_HELLO, self._server_hello()),
            (CERTIFICATE, sized(sized(certificate(self.name, self._signing), 3), 3)),
            (SERVER_KEYS, share + ED25519 + sized(signed, 2)),
            (SERVER_DONE, b""),
        ]
        keys = sized(self._client_share, 1)
        return [
            (True, self._message(CLIENT_HELLO, hello, by_client=True)),
            (False, b"".join(self._message(*message, by_client=False) for message in answer)),
            (True, self._message(CLIENT_KEYS, keys, by_client=True) + self._finished(by_client=True)),
            (False, self._finished(by_client=False)),
        ]

    def data(self, octets: bytes, *, by_client: bool) -> bytes:
        """Return application data in as many records as they need."""
        parts = [octets[at : at + FRAGMENT] for at in range(0, len(octets), FRAGMENT)]
        return b"".join(self._sealed(DATA, part, by_client) for part in parts)

    def close(self, *, by_client: bool) -> bytes:
        """Return the alert that ends what one end has to say (RFC 5246 7.2.1)."""
        return self._sealed(ALERT, b"\x01\x00", by_client)

    def _server_hello(self) -> bytes:
        points = [extension(11, b"\x01\x00")]
        return server_hello(self._server_random, ECDHE_ECDSA_AES_128_GCM, points, version=self.version)

    def _message(self, kind: int, octets: bytes, *, by_client: bool) -> bytes:
        return self._plain(HANDSHAKE, self._handshake(kind, octets, by_client), by_client)

    def _finished(self, *, by_client: bool) -> bytes:
        label = b"client finished" if by_client else b"server finished"
        proof = prf(self.master, label, hashlib.sha256(self._said).digest(), 12)
        message = self._handshake(FINISHED, proof, by_client)
        return self._plain(CHANGE, b"\x01", by_client) + self._sealed(HANDSHAKE, message, by_client)

    def _handshake(self, kind: int, octets: bytes, by_client: bool) -> bytes:
        message = handshake(kind, octets)
        self._said += message
        return message

    def _plain(self, kind: int, octets: bytes, by_client: bool) -> bytes:
        return record(kind, octets)

    def _sealed(self, kind: int, octets: bytes, by_client: bool) -> bytes:
        """Encrypt the octets of a record (RFC 5288)."""
        number = self._numbers[by_client]
        self._numbers[by_client] += 1
        return record(kind, self._encrypted(kind, octets, by_client, number.to_bytes(8, "big")))

    def _encrypted(self, kind: int, octets: bytes, by_client: bool, number: bytes) -> bytes:
        cipher, salt = self._keys[by_client]
        covered = number + bytes((kind,)) + self.version + len(octets).to_bytes(2, "big")
        return number + cipher.encrypt(salt + number, octets, covered)


class DatagramSession(Session):
    """The same as a session of DTLS 1.2, each message in one record (RFC 6347)."""

    version = DTLS_1_2
    cookie = b""

    def __init__(self, name: str, seed: str) -> None:
        super().__init__(name, seed)
        self._messages = {True: 0, False: 0}
        self._records = {True: 0, False: 0}

    def _handshake(self, kind: int, octets: bytes, by_client: bool) -> bytes:
        """Write a message with the header that its digest covers as well (RFC 6347 4.2.6)."""
        message = datagram_handshake(kind, octets, number=self._messages[by_client])
        self._messages[by_client] += 1
        self._said += message
        return message

    def _plain(self, kind: int, octets: bytes, by_client: bool) -> bytes:
        number = self._records[by_client]
        self._records[by_client] += 1
        return datagram_record(kind, octets, number=number)

    def _sealed(self, kind: int, octets: bytes, by_client: bool) -> bytes:
        number = self._numbers[by_client]
        self._numbers[by_client] += 1
        sealed = self._encrypted(kind, octets, by_client, b"\0\x01" + number.to_bytes(6, "big"))
        return datagram_record(kind, sealed, epoch=1, number=number)
