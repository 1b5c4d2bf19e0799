"""What the payloads of a MIKEY message hold (RFC 3830 6), and what is gathered while they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from dissectors.cursor import Cursor


class Timestamp(NamedTuple):
    """T (RFC 3830 6.6): `value` is the number in its `octets`, 8 for NTP, 4 for a counter."""

    ts_type: int
    value: int
    octets: bytes


class Identity(NamedTuple):
    """ID or IDR; start..end is the whole payload. `role` is 0 for ID, whose place tells whose it is."""

    id_type: int
    data: bytes
    start: int
    end: int
    role: int = 0

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "backslashreplace")


class Policy(NamedTuple):
    """SP (RFC 3830 6.10): a security policy as (type, value) parameters; `proto_type` 0 is SRTP."""

    number: int
    proto_type: int
    params: tuple[tuple[int, bytes], ...]

    def value(self, kind: int) -> int | None:
        """Return the value of a parameter, as last given; None where there is none."""
        found = [int.from_bytes(octets, "big") for known, octets in self.params if known == kind]
        return found[-1] if found else None


class Kemac(NamedTuple):
    """KEMAC (RFC 3830 6.2): `encr_data` begins at `start` of the message, `mac` at `mac_start`."""

    encr_alg: int
    encr_data: bytes  # keys in the clear when encr_alg is NULL
    start: int
    mac_alg: int
    mac: bytes
    mac_start: int

    def __repr__(self) -> str:
        """Leave the keys out."""
        return f"Kemac({self.encr_alg}, {self.mac_alg}, mac={self.mac!r})"


class Verification(NamedTuple):
    """V (RFC 3830 6.9): the MAC of a verification message, which begins at `start`."""

    auth_alg: int
    data: bytes
    start: int


class Error(NamedTuple):
    """ERR (RFC 3830 6.12)."""

    number: int


class Extension(NamedTuple):
    """General Extension (RFC 3830 6.15); `key_ids` are (type, octets) of a Key ID one (RFC 4563)."""

    kind: int
    data: bytes
    key_ids: tuple[tuple[int, bytes], ...] = ()


@dataclass(slots=True)
class Found:
    """What has been read of a message so far."""

    data_type: int
    payloads: list[int] = field(default_factory=list)
    t: Timestamp | None = None
    rand: bytes | None = None
    identities: list[Identity] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    kemac: Kemac | None = None
    verification: Verification | None = None
    errors: list[Error] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    inside: list[Kemac] = field(default_factory=list)  # of tickets
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """How a payload is called in field names, and who reads what follows its next payload octet."""

    name: str
    read: Callable[[Cursor, Found], None]
