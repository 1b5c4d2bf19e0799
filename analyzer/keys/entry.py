"""Keys typed in one by one, or a file of them: what can be entered, with which fields, which keyring table it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.keys.keyring import TABLES, Keyring, KeyringError, read_tables
from analyzer.keys.tables import WrongValueError

TYPED = "typed in"  # in place of a file, where errors say where they are


@dataclass(frozen=True, slots=True)
class Place:
    """One field of an entry: its key in the keyring, what it is to people, whether its value is a secret."""

    name: str
    label: str
    secret: bool = False
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be entered: the table of the keyring that it goes to, and its fields."""

    name: str
    title: str
    table: str  # "ue", "ue.gba", "ue.naf", "msk", "mtk", "esp.sa", "tls"
    places: tuple[Place, ...]

    @property
    def reads_again(self) -> bool:
        """Whether captures must be read again for it: ESP and TLS hide what only then becomes messages."""
        return self.table in ("esp.sa", "tls")

    @property
    def keys(self) -> tuple[Place, ...]:
        """The fields of which one must be there at least."""
        return tuple(place for place in self.places if place.secret or place.is_file)


IMPI, B_TID = Place("impi", "IMPI"), Place("b_tid", "B-TID")
FQDN, UA_ID = Place("fqdn", "FQDN of the NAF"), Place("ua_id", "Ua id, 5 octets")
DOMAIN, MSK_ID = Place("key_domain", "Key Domain ID, 3 octets"), Place("msk_id", "MSK ID, 4 octets")
NAF = (IMPI, FQDN, B_TID, UA_ID)

KINDS = (
    Kind(
        "K", "K and OPc of an IMPI", "ue",
        (
            IMPI, Place("k", "K, 16 octets", True), Place("opc", "OPc, 16 octets", True),
            Place("op", "or OP, 16 octets", True), Place("algorithm", "milenage or tuak"),
        ),
    ),
    Kind("Ks", "Ks of a bootstrapping", "ue.gba", (IMPI, B_TID, Place("ks", "Ks, 32 octets", True))),
    Kind(
        "CK, IK", "CK and IK of a bootstrapping", "ue.gba",
        (
            IMPI, B_TID, Place("rand", "RAND, 16 octets"), Place("ck", "CK, 16 octets", True),
            Place("ik", "IK, 16 octets", True), Place("res", "RES, 4 to 16 octets", True),
        ),
    ),
    Kind("Ks_NAF", "Ks_NAF", "ue.naf", (*NAF, Place("ks_naf", "Ks_NAF, 32 octets", True))),
    Kind(
        "Ks_ext_NAF", "Ks_ext_NAF and Ks_int_NAF of GBA_U", "ue.naf",
        (
            *NAF, Place("ks_ext_naf", "Ks_ext_NAF, 32 octets", True),
            Place("ks_int_naf", "Ks_int_NAF, 32 octets", True),
        ),
    ),
    Kind("MUK", "MUK", "ue.naf", (*NAF, Place("muk", "MUK, 32 octets", True))),
    Kind("MRK", "MRK", "ue.naf", (*NAF, Place("mrk", "MRK, 32 octets", True))),
    Kind(
        "MSK", "MSK", "msk",
        (DOMAIN, MSK_ID, Place("value", "MSK, 16 octets", True), Place("rand", "RAND of the MSK message")),
    ),
    Kind(
        "MTK", "MTK", "mtk",
        (
            DOMAIN, MSK_ID, Place("mtk_id", "MTK ID, 2 octets"), Place("value", "MTK, 16 octets", True),
            Place("salt", "salt, 14 octets", True),
        ),
    ),
    Kind(
        "ESP", "ESP security association", "esp.sa",
        (
            Place("spi", "SPI, 8 hex digits"), Place("src", "source"), Place("dst", "destination"),
            Place("encryption", "encryption: null, aes-cbc, des-ede3-cbc, aes-gcm"),
            Place("encryption_key", "its key", True),
            Place("integrity", "integrity: null, hmac-md5-96, hmac-sha-1-96, aes-gmac"),
            Place("integrity_key", "its key", True),
        ),
    ),
    Kind("TLS", "TLS key log, as SSLKEYLOGFILE gives it", "tls", (Place("keylog", "path of the file", is_file=True),)),
)  # fmt: skip


def wrong(kind: Kind, name: str, text: str) -> str:
    """Say what is wrong with the value of a field, "" where nothing is; never the value itself."""
    if any(place.is_file for place in kind.places if place.name == name) and not _path(text).is_file():
        return "there is no such file"
    table = "ue" if name == "impi" else kind.table
    try:
        TABLES[table].keys[name](text.strip())
    except WrongValueError as error:
        return str(error)
    return ""


def tables(kind: Kind, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what a keyring file says of an entry, as TOML reads it; fields that are empty are left out."""
    given = {place.name: text for place in kind.places if (text := values.get(place.name, "").strip())}
    given |= {
        place.name: str(_path(given[place.name])) for place in kind.places if place.is_file and place.name in given
    }
    outer, _, inner = kind.table.partition(".")
    if outer == "esp":
        return {"esp": {inner: [given]}}
    if outer == "tls":
        return {outer: given}
    if not inner:
        return {outer: [given]}
    impi = {"impi": given.pop("impi")} if "impi" in given else {}
    return {outer: [{**impi, inner: [given]}]}


def entered(kind: Kind, values: Mapping[str, str]) -> Keyring:
    """Return the keyring of one entry; raises KeyringError that names the field, never a value."""
    if not any(values.get(place.name, "").strip() for place in kind.keys):
        raise KeyringError(TYPED, kind.name, kind.keys[0].name, "is missing")
    for place in kind.places:
        if place.is_file and (fault := wrong(kind, place.name, values[place.name])):
            raise KeyringError(TYPED, kind.name, place.name, fault)
    return read_tables(tables(kind, values), TYPED)


def _path(text: str) -> Path:
    """Return a file as a keyring in any folder can name it; of octets that no path can have, one that is nowhere."""
    try:
        return Path(text.strip().replace("\0", "")).expanduser().absolute()
    except RuntimeError:  # ~ of a user that there is not
        return Path(text.strip())
