"""Key data sub-payloads (RFC 3830 6.13): the plaintext of a KEMAC."""

from __future__ import annotations

from dataclasses import dataclass, field

from dissectors.base import Dissector, Payload
from dissectors.cursor import Bits, Cursor, Malformed
from dissectors.mikey_names import KEYS, PAYLOADS, SALTED, VALIDITIES

MAX_KEYS = 64  # key data sub-payloads that are read

LAST, KEY_DATA = 0, 20
SPI, INTERVAL = 1, 2
_TYPE_AND_KV = (Bits("mikey.key.type", 0xF0, KEYS), Bits("mikey.key.kv", 0x0F, VALIDITIES))


@dataclass(frozen=True, slots=True)
class Validity:
    """Key validity data (RFC 3830 6.14): an interval, or an SPI or MKI; None what is not there."""

    valid_from: bytes | None = None
    valid_to: bytes | None = None
    spi: bytes | None = None


@dataclass(frozen=True, slots=True)
class KeyData:
    """One key: `kind` is 0 TGK, 1 TGK+SALT, 2 TEK, 3 TEK+SALT …, `kv` 0 no validity data, 1 SPI, 2 interval."""

    kind: int
    kv: int
    key: bytes = field(repr=False)
    salt: bytes = field(default=b"", repr=False)
    validity: Validity = Validity()

    @property
    def valid_from(self) -> bytes | None:
        """SEQl in an MSK message."""
        return self.validity.valid_from

    @property
    def valid_to(self) -> bytes | None:
        """SEQu in an MSK message."""
        return self.validity.valid_to


@dataclass(frozen=True, slots=True)
class KeyDataPlain:
    """The decrypted content of a KEMAC."""

    keys: tuple[KeyData, ...]


def parse(cursor: Cursor) -> KeyDataPlain:
    """Read a chain of key data sub-payloads; raises Malformed with the keys before the error."""
    keys: list[KeyData] = []
    following = KEY_DATA
    try:
        while following == KEY_DATA:
            if len(keys) == MAX_KEYS:
                raise cursor.fail("mikey.next_payload", f"more than {MAX_KEYS} keys", cursor.pos)
            with cursor.group("mikey.key"):
                before = cursor.pos
                following = cursor.u8("mikey.next_payload", PAYLOADS)
                if following not in (LAST, KEY_DATA):
                    raise cursor.fail("mikey.next_payload", f"payload type {following} after key data", before)
                keys.append(_key(cursor))
        if cursor.left:
            raise cursor.fail("mikey.keydata", f"{cursor.left} octets after the last key")
    except Malformed as wrong:
        wrong.partial = KeyDataPlain(tuple(keys)) if keys else None
        raise
    return KeyDataPlain(tuple(keys))


def _key(cursor: Cursor) -> KeyData:
    kind, kv = cursor.bits("", 1, _TYPE_AND_KV)
    if kind not in KEYS:
        raise cursor.fail("mikey.key.type", f"key type {kind} is not known", cursor.pos - 1)
    key = cursor.octets("mikey.key.data", cursor.u16("mikey.key.data.len"))
    salt = cursor.octets("mikey.key.salt", cursor.u16("mikey.key.salt.len")) if kind in SALTED else b""
    return KeyData(kind, kv, key, salt, read_validity(cursor, kv))


def read_validity(cursor: Cursor, kv: int) -> Validity:
    """Read key validity data of type `kv`."""
    if kv == SPI:
        return Validity(spi=cursor.octets("mikey.key.kv.spi", cursor.u8("mikey.key.kv.spi.len")))
    if kv == INTERVAL:
        valid_from = cursor.octets("mikey.key.kv.from", cursor.u8("mikey.key.kv.from.len"))
        return Validity(valid_from, cursor.octets("mikey.key.kv.to", cursor.u8("mikey.key.kv.to.len")))
    if kv:
        raise cursor.fail("mikey.key.kv", f"key validity type {kv} is not known", cursor.pos)
    return Validity()


def _never(payload: Payload) -> bool:
    return False  # only ever inside a KEMAC


KEYDATA = Dissector("mikey.keydata", _never, parse)
