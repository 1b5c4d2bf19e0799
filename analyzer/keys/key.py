"""The nouns of the key ladder: a Key, and what one run of AKA gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

FINGERPRINT_DIGITS = 8
SECRET = ("value", "salt")
KEYRING = "keyring"  # the origin of a key that the user gave


class Key(NamedTuple):  # a tuple, as dozens are made for a UE of which one or two open something
    """One key of the ladder: what it is, how it came to be known, and what it belongs to.

    `kind` is K, Ks, Ks_NAF, Ks_ext_NAF, Ks_int_NAF, MUK, MRK, MSK or MTK; `status` is supplied, seen,
    derived or decrypted. `rand` is the RAND of the MSK message for an MSK, that of AKA for a Ks.
    `valid_from` and `valid_to` are SEQl and SEQu of an MSK; `expires` is in nanoseconds since 1970 UTC.
    `variant` names the reading of the specifications that fitted, where they leave a choice.
    """

    kind: str
    value: bytes
    origin: str
    status: str
    b_tid: str | None = None
    naf: str | None = None
    ua_id: bytes | None = None
    impi: str | None = None
    key_domain: bytes | None = None
    msk_id: bytes | None = None
    mtk_id: bytes | None = None
    rand: bytes | None = None
    salt: bytes = b""
    valid_from: int | None = None
    valid_to: int | None = None
    expires: int | None = None
    parents: tuple[Key, ...] = ()
    capture: int | None = None
    frame: int | None = None
    variant: str = ""

    def __repr__(self) -> str:
        """Leave the octets out."""
        shown = {name: told for name, told in self._asdict().items() if name not in SECRET}
        return f"Key({', '.join(f'{name}={told!r}' for name, told in shown.items())})"

    @property
    def fingerprint(self) -> str:
        """The first hex digits of SHA-256 over the octets: the name of a key that may be shown."""
        return hashlib.sha256(self.value).hexdigest()[:FINGERPRINT_DIGITS]


@dataclass(frozen=True, slots=True)
class AkaKeys:
    """What f2 to f5 give: the response, the cipher and integrity keys, and the anonymity key."""

    res: bytes = field(repr=False)
    ck: bytes = field(repr=False)
    ik: bytes = field(repr=False)
    ak: bytes = field(repr=False)
