"""The keyring: the TOML file in which the operator enters keys, anywhere in the chain (docs/keyring.md)."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analyzer.keys import aka, gba, tuak
from analyzer.keys.tables import (
    KeyringError,
    Reader,
    Table,
    address,
    count,
    either,
    octets,
    one_of,
    spi,
    text,
    texts,
    time,
)

__all__ = [
    "TABLES",
    "EspSa",
    "GbaRun",
    "Keyring",
    "KeyringError",
    "MskEntry",
    "MtkEntry",
    "NafKeys",
    "UeKeys",
    "load_keyring",
    "merge",
    "parse",
    "read_tables",
]

GBA_TYPES = ("me", "u", "u-me", "2g")
LENGTHS_OF_K = {"milenage": (16,), "tuak": (16, 32)}  # octets
LENGTHS_OF_OPC = {"milenage": (16,), "tuak": (32,)}
AES_KEYS = (16, 24, 32)
SALTED_KEYS = (20, 28, 36)  # RFC 4106 8.1, RFC 4543 5.4: four octets of salt after the key
# TS 33.203 Annexes H and I, with the octets of their keys; CK and IK may be given as AKA makes them
ESP_ENCRYPTIONS = {"null": (), "aes-cbc": AES_KEYS, "des-ede3-cbc": (16, 24), "aes-gcm": SALTED_KEYS}
ESP_INTEGRITIES = {"null": (), "hmac-md5-96": (16,), "hmac-sha-1-96": (16, 20), "aes-gmac": SALTED_KEYS}
READABLE_BY_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class GbaRun:
    """One bootstrapping run; `lifetime` is in nanoseconds since 1970 UTC."""

    b_tid: str | None = None
    rand: bytes | None = None
    ks: bytes | None = field(default=None, repr=False)
    ck: bytes | None = field(default=None, repr=False)
    ik: bytes | None = field(default=None, repr=False)
    res: bytes | None = field(default=None, repr=False)
    lifetime: int | None = None
    type: str = "me"
    kc: bytes | None = field(default=None, repr=False)
    sres: bytes | None = field(default=None, repr=False)
    ks_input: bytes | None = None


@dataclass(frozen=True, slots=True)
class NafKeys:
    """The keys of one NAF."""

    fqdn: str
    ua_id: bytes = gba.UA_MBMS
    b_tid: str | None = None
    ks_naf: bytes | None = field(default=None, repr=False)
    ks_ext_naf: bytes | None = field(default=None, repr=False)
    ks_int_naf: bytes | None = field(default=None, repr=False)
    muk: bytes | None = field(default=None, repr=False)
    mrk: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UeKeys:
    """The keys of one subscription; `opc` is there whenever `k` is, made from `op` where that was given."""

    impi: str
    impu: tuple[str, ...] = ()
    k: bytes | None = field(default=None, repr=False)
    opc: bytes | None = field(default=None, repr=False)
    op: bytes | None = field(default=None, repr=False)
    algorithm: str = "milenage"
    iterations: int = 1
    gba: tuple[GbaRun, ...] = ()
    naf: tuple[NafKeys, ...] = ()


@dataclass(frozen=True, slots=True)
class MskEntry:
    key_domain: bytes
    msk_id: bytes
    value: bytes = field(repr=False)
    rand: bytes | None = None


@dataclass(frozen=True, slots=True)
class MtkEntry:
    key_domain: bytes
    msk_id: bytes
    mtk_id: bytes
    value: bytes = field(repr=False)
    salt: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class EspSa:
    """One ESP security association; no `src` or `dst` stands for any."""

    spi: int
    src: str | None = None
    dst: str | None = None
    encryption: str = "null"
    encryption_key: bytes = field(default=b"", repr=False)
    integrity: str = "null"
    integrity_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """All that the operator supplied; `warnings` are for stderr."""

    ues: tuple[UeKeys, ...] = ()
    msks: tuple[MskEntry, ...] = ()
    mtks: tuple[MtkEntry, ...] = ()
    esp: tuple[EspSa, ...] = ()
    keylog: Path | None = None
    path: Path | None = None
    warnings: tuple[str, ...] = ()


_GBA = Table(
    {
        "b_tid": text,
        "rand": octets(16),
        "ks": octets(32, 48, 64),
        "ck": octets(*tuak.KEY_LENGTHS),
        "ik": octets(*tuak.KEY_LENGTHS),
        "res": octets(*range(4, 17), 32),  # TS 33.102 6.3.2, TS 35.231 6.1
        "lifetime": time,
        "type": one_of(*GBA_TYPES),
        "kc": octets(8),
        "sres": octets(4),
        "ks_input": octets(gba.KS_INPUT_LENGTH),
    },
    together=(("ck", "ik"), ("kc", "sres")),
)
_NAF = Table(
    {
        "fqdn": text,
        "ua_id": octets(5),
        "b_tid": text,
        "ks_naf": octets(32),
        "ks_ext_naf": octets(32),
        "ks_int_naf": octets(32),
        "muk": octets(32),
        "mrk": octets(32),
    },
    required=("fqdn",),
    apart=(("ks_naf", "ks_ext_naf"), ("ks_naf", "ks_int_naf")),
)
_UE = Table(
    {
        "impi": text,
        "impu": texts,
        "k": octets(16, 32),
        "opc": octets(16, 32),
        "op": octets(16, 32),
        "algorithm": one_of(*aka.ALGORITHMS),
        "iterations": count(1, tuak.MAX_ITERATIONS),
    },
    required=("impi",),
    apart=(("opc", "op"),),
)
_MSK = Table(
    {"key_domain": octets(3), "msk_id": octets(4), "value": octets(*AES_KEYS), "rand": octets(*range(1, 256))},
    required=("key_domain", "msk_id", "value"),
)
_MTK = Table(
    {
        "key_domain": octets(3),
        "msk_id": octets(4),
        "mtk_id": octets(2),
        "value": octets(*AES_KEYS),
        "salt": octets(14),
    },
    required=("key_domain", "msk_id", "mtk_id", "value"),
)
_SA = Table(
    {
        "spi": spi,
        "src": address,
        "dst": address,
        "encryption": one_of(*ESP_ENCRYPTIONS),
        "encryption_key": octets(),
        "integrity": one_of(*ESP_INTEGRITIES),
        "integrity_key": octets(),
    },
    required=("spi",),
)
_TLS = Table({"keylog": text})
TABLES = {"ue": _UE, "ue.gba": _GBA, "ue.naf": _NAF, "msk": _MSK, "mtk": _MTK, "esp.sa": _SA, "tls": _TLS}  # by name


def load_keyring(path: str | os.PathLike[str]) -> Keyring:
    """Read a keyring file; raises KeyringError with file, table and key, never a value."""
    file = Path(path)
    try:
        raw = file.read_bytes()
        mode = file.stat().st_mode
    except OSError as error:
        raise KeyringError(str(path), "", "", f"cannot be read: {error.strerror}") from None
    warnings: tuple[str, ...] = ()
    if os.name == "posix" and mode & READABLE_BY_OTHERS:
        warnings = (f"{path}: other users can read this keyring (mode {mode & 0o777:03o}); chmod 600",)
    return _keyring(Reader(str(path)), parse(str(path), raw), file, warnings)


def read_tables(raw: dict[str, Any], name: str) -> Keyring:
    """Return the keyring of tables as TOML reads them; `name` stands for the file in a KeyringError."""
    return replace(_keyring(Reader(name), raw, Path(name), ()), path=None)


def merge(keyrings: Iterable[Keyring]) -> Keyring:
    """Return one keyring that holds the entries of all, each once; the path and key log are of the first that has one.

    Entries that differ about the same thing stay side by side: what fits the capture decides.
    """
    rings = tuple(keyrings)
    return Keyring(
        ues=tuple(dict.fromkeys(entry for ring in rings for entry in ring.ues)),
        msks=tuple(dict.fromkeys(entry for ring in rings for entry in ring.msks)),
        mtks=tuple(dict.fromkeys(entry for ring in rings for entry in ring.mtks)),
        esp=tuple(dict.fromkeys(entry for ring in rings for entry in ring.esp)),
        keylog=next((ring.keylog for ring in rings if ring.keylog is not None), None),
        path=next((ring.path for ring in rings if ring.path is not None), None),
        warnings=tuple(dict.fromkeys(warning for ring in rings for warning in ring.warnings)),
    )


def parse(file: str, raw: bytes) -> dict[str, Any]:
    """Return the tables of a keyring file; raises KeyringError that says where it is no TOML, and no octet of it."""
    # raised outside of the handlers: the errors caught there carry the file's octets
    reason = ""
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 at octet {error.start}"
    except ValueError as error:  # tomllib also lets int() complain of its own
        place = re.search(r"\(at ([^()]+)\)$", str(error))
        reason = f"is not TOML at {place[1] if place else 'some place'}; are the values in quotes?"
    except RecursionError:
        reason = "is nested too deeply"
    raise KeyringError(file, "", "", reason)


def _keyring(reader: Reader, raw: dict[str, Any], file: Path, warnings: tuple[str, ...]) -> Keyring:
    reader.known(raw, ("ue", "msk", "mtk", "esp", "tls"))
    tls, tls_raw = reader.table_of(raw, "tls")
    esp, esp_raw = reader.table_of(raw, "esp")
    esp.known(esp_raw, ("sa",))
    keylog = tls.values(tls_raw, _TLS).get("keylog")
    return Keyring(
        ues=_ues(reader, raw),
        msks=_msks(reader, raw),
        mtks=_mtks(reader, raw),
        esp=_sas(Reader(reader.file), esp_raw),
        keylog=None if keylog is None else file.parent / keylog,
        path=file,
        warnings=warnings,
    )


def _ues(reader: Reader, raw: dict[str, Any]) -> tuple[UeKeys, ...]:
    ues = []
    seen: set[tuple[object, ...]] = set()
    for at, table in reader.tables(raw, "ue"):
        values = at.values(table, _UE, inner=("gba", "naf"))
        at.once(seen, "impi", values["impi"])
        _check_long_term_key(at, values)
        ues.append(UeKeys(**values, gba=_gba(at, table), naf=_naf(at, table)))
    return tuple(ues)


def _check_long_term_key(at: Reader, values: dict[str, Any]) -> None:
    algorithm, iterations = values.get("algorithm", "milenage"), values.get("iterations", 1)
    given = [name for name in ("opc", "op") if name in values]
    if "k" in values and not given:
        raise at.wrong("k", "needs opc or op too")
    if given and "k" not in values:
        raise at.wrong(given[0], "needs k too")
    lengths = {"k": LENGTHS_OF_K[algorithm], "opc": LENGTHS_OF_OPC[algorithm], "op": LENGTHS_OF_OPC[algorithm]}
    for name, allowed in lengths.items():
        if name in values and len(values[name]) not in allowed:
            raise at.wrong(name, f"has {len(values[name])} octets, must have {either(allowed)} for {algorithm}")
    if "op" in values:
        values["opc"] = aka.derive_opc(k=values["k"], op=values["op"], algorithm=algorithm, iterations=iterations)


def _gba(reader: Reader, raw: dict[str, Any]) -> tuple[GbaRun, ...]:
    runs = []
    seen: set[tuple[object, ...]] = set()
    for at, table in reader.tables(raw, "gba", "ue.gba"):
        run = GbaRun(**at.values(table, _GBA))
        if run.b_tid is not None:
            at.once(seen, "b_tid", run.b_tid)
        if run.rand is not None:
            at.once(seen, "rand", run.rand)
        if run.ks is not None and run.ck is not None and run.ik is not None and run.ks != gba.ks(ck=run.ck, ik=run.ik):
            raise at.wrong("ks", "is not ck and ik")
        runs.append(run)
    return tuple(runs)


def _naf(reader: Reader, raw: dict[str, Any]) -> tuple[NafKeys, ...]:
    nafs = []
    seen: set[tuple[object, ...]] = set()
    for at, table in reader.tables(raw, "naf", "ue.naf"):
        naf = NafKeys(**at.values(table, _NAF))
        at.once(seen, "fqdn", naf.fqdn, naf.ua_id, naf.b_tid)
        nafs.append(naf)
    return tuple(nafs)


def _msks(reader: Reader, raw: dict[str, Any]) -> tuple[MskEntry, ...]:
    msks = []
    seen: set[tuple[object, ...]] = set()
    for at, table in reader.tables(raw, "msk"):
        msk = MskEntry(**at.values(table, _MSK))
        at.once(seen, "msk_id", msk.key_domain, msk.msk_id)
        msks.append(msk)
    return tuple(msks)


def _mtks(reader: Reader, raw: dict[str, Any]) -> tuple[MtkEntry, ...]:
    mtks = []
    seen: set[tuple[object, ...]] = set()
    for at, table in reader.tables(raw, "mtk"):
        mtk = MtkEntry(**at.values(table, _MTK))
        at.once(seen, "mtk_id", mtk.key_domain, mtk.msk_id, mtk.mtk_id)
        mtks.append(mtk)
    return tuple(mtks)


def _sas(reader: Reader, raw: dict[str, Any]) -> tuple[EspSa, ...]:
    sas = []
    seen: set[tuple[object, ...]] = set()
    for at, table in reader.tables(raw, "sa", "esp.sa"):
        sa = EspSa(**at.values(table, _SA))
        _check_esp_key(at, "encryption", sa.encryption, sa.encryption_key, ESP_ENCRYPTIONS)
        _check_esp_key(at, "integrity", sa.integrity, sa.integrity_key, ESP_INTEGRITIES)
        _check_esp_pair(at, sa)
        at.once(seen, "spi", sa.spi, sa.src, sa.dst)
        sas.append(sa)
    return tuple(sas)


def _check_esp_key(at: Reader, what: str, algorithm: str, key: bytes, known: dict[str, tuple[int, ...]]) -> None:
    allowed = known[algorithm]
    if key and not allowed:
        raise at.wrong(f"{what}_key", f"is given, but {what} is null")
    if allowed and not key:
        raise at.wrong(f"{what}_key", f"is missing for {algorithm}")
    if allowed and len(key) not in allowed:
        raise at.wrong(f"{what}_key", f"has {len(key)} octets, must have {either(allowed)} for {algorithm}")


def _check_esp_pair(at: Reader, sa: EspSa) -> None:
    if sa.encryption == "aes-gcm" and sa.integrity != "null":
        raise at.wrong("integrity", "cannot be given with aes-gcm, which has its own")
    if sa.integrity == "aes-gmac" and sa.encryption != "null":
        raise at.wrong("encryption", "cannot be given with aes-gmac, which encrypts nothing")
