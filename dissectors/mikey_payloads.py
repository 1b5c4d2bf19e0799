"""The payloads of a MIKEY message, each read by a function of its own (RFC 3830 6.2 to 6.15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dissectors.base import Bits, Cursor, Layout, Recorder, type_names
from dissectors.mikey_keydata import read_validity
from dissectors.mikey_names import (
    BCAST_TYPES,
    CACHE,
    CERTIFICATES,
    DH_GROUPS,
    DH_OCTETS,
    DHHMAC,
    DHHMAC_ALGS,
    DHHMAC_OCTETS,
    ENCR_ALGS,
    ERRORS,
    EXTENSIONS,
    HASH_OCTETS,
    HASHES,
    IDENTITIES,
    KEY_IDS,
    MAC_ALGS,
    MAC_OCTETS,
    ROLES,
    SAKKE_PARAMETERS,
    SAKKE_SCHEMES,
    SESSION_TYPES,
    SIGNATURES,
    SRTP_POLICY,
    TIME_ROLES,
    TIMESTAMP_OCTETS,
    TIMESTAMPS,
    VALIDITIES,
)

MAX_PARAMS = 256  # parameters of one policy; a type is one octet
MAX_KEY_IDS = 64  # Key ID sub-payloads of one extension

INITIATOR, RESPONDER = 1, 2  # roles of RFC 6043 6.6
ENCR_NULL = 0
NTP_UTC, NTP, COUNTER, NTP_UTC_32 = 0, 1, 2, 3
BYTE_STRING = 2
SRTP = 0
VENDOR_ID, SDP_IDS, KEY_ID, BCAST = 0, 1, 3, 5
KEY_DOMAIN_ID, MSK_ID, MTK_ID = 0, 1, 2
_KEY_ID_FIELDS = {
    KEY_DOMAIN_ID: "mikey.ext.key_domain_id", MSK_ID: "mikey.ext.msk_id", MTK_ID: "mikey.ext.mtk_id",
}  # fmt: skip
_KEMAC = Layout(("mikey.kemac.encr_alg", 1, ENCR_ALGS), ("mikey.kemac.key_data_len", 2))
_IDENTITY = Layout(("mikey.id.type", 1, IDENTITIES), ("mikey.id.len", 2))
_CERTIFICATE = Layout(("mikey.cert.type", 1, CERTIFICATES), ("mikey.cert.len", 2))
_POLICY = Layout(("mikey.sp.no", 1), ("mikey.sp.proto_type", 1, SESSION_TYPES), ("mikey.sp.param_len", 2))
_PARAM = Layout(("mikey.sp.param.type", 1), ("mikey.sp.param.len", 1))
_SRTP_FIELDS = {kind: (f"mikey.sp.{name}", names) for kind, (name, names) in SRTP_POLICY.items()}
_EXTENSION = Layout(("mikey.ext.type", 1, EXTENSIONS), ("mikey.ext.len", 2))
_KEY_ID = Layout(("mikey.ext.key_id.type", 1, KEY_IDS), ("mikey.ext.key_id.len", 1))
_NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """T (RFC 3830 6.6): `value` is the number in its `octets`, 8 for NTP, 4 for a counter."""

    ts_type: int
    value: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """ID or IDR; start..end is the whole payload. `role` is 0 for ID, whose place tells whose it is."""

    id_type: int
    data: bytes
    start: int
    end: int
    role: int = 0

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Policy:
    """SP (RFC 3830 6.10): a security policy as (type, value) parameters; `proto_type` 0 is SRTP."""

    number: int
    proto_type: int
    params: tuple[tuple[int, bytes], ...]

    def value(self, kind: int) -> int | None:
        """Return the value of a parameter, as last given; None where there is none."""
        found = [int.from_bytes(octets, "big") for known, octets in self.params if known == kind]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Kemac:
    """KEMAC (RFC 3830 6.2): `encr_data` begins at `start` of the message, `mac` at `mac_start`."""

    encr_alg: int
    encr_data: bytes = field(repr=False)  # keys in the clear when encr_alg is NULL
    start: int
    mac_alg: int
    mac: bytes
    mac_start: int


@dataclass(frozen=True, slots=True)
class Verification:
    """V (RFC 3830 6.9): the MAC of a verification message, which begins at `start`."""

    auth_alg: int
    data: bytes
    start: int


@dataclass(frozen=True, slots=True)
class Error:
    """ERR (RFC 3830 6.12)."""

    number: int


@dataclass(frozen=True, slots=True)
class Extension:
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
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """How a payload is called in field names, and who reads what follows its next payload octet."""

    name: str
    read: Callable[[Cursor, Found], None]


def _code(cursor: Cursor, name: str, names: dict[int, str], sizes: dict[int, int]) -> tuple[int, int]:
    """Read a code that tells a length, and return both."""
    code = cursor.u8(name, names)
    if code not in sizes:
        raise cursor.fail(name, f"{code} is not known, nor the length that it means", cursor.pos - 1)
    return code, sizes[code]


def _kemac(cursor: Cursor, found: Found) -> None:
    encr_alg, size = cursor.numbers(_KEMAC)
    start = cursor.pos
    encr_data = cursor.octets("mikey.kemac.key_data", size)
    # RFC 4650 4.2 gives the codes the other way round
    names, sizes = (DHHMAC_ALGS, DHHMAC_OCTETS) if found.data_type in DHHMAC else (MAC_ALGS, MAC_OCTETS)
    mac_alg, size = _code(cursor, "mikey.kemac.mac_alg", names, sizes)
    mac_start = cursor.pos
    mac = cursor.octets("mikey.kemac.mac", size)
    if found.kemac is None:
        found.kemac = Kemac(encr_alg, encr_data, start, mac_alg, mac, mac_start)
    else:
        found.notes.append("more than one KEMAC")


def _pke(cursor: Cursor, found: Found) -> None:
    _, size = cursor.bits("", 2, (Bits("mikey.pke.c", 0xC000, CACHE), Bits("mikey.pke.len", 0x3FFF)))
    cursor.octets("mikey.pke.data", size)


def _dh(cursor: Cursor, found: Found) -> None:
    _, size = _code(cursor, "mikey.dh.group", DH_GROUPS, DH_OCTETS)
    cursor.octets("mikey.dh.value", size)
    _, kv = cursor.bits("", 1, (Bits("mikey.dh.reserv", 0xF0), Bits("mikey.dh.kv", 0x0F, VALIDITIES)))
    read_validity(cursor, kv)


def _sign(cursor: Cursor, found: Found) -> None:
    _, size = cursor.bits("", 2, (Bits("mikey.sign.type", 0xF000, SIGNATURES), Bits("mikey.sign.len", 0x0FFF)))
    cursor.octets("mikey.sign.data", size)


def _t(cursor: Cursor, found: Found) -> None:
    ts_type, size = _code(cursor, "mikey.t.ts_type", TIMESTAMPS, TIMESTAMP_OCTETS)
    start = cursor.pos
    name, told = _TIMES[ts_type]
    value = cursor.uint(name, size, told)
    if found.t is None:
        found.t = Timestamp(ts_type, value, cursor.data[start : cursor.pos])
    else:
        found.notes.append("more than one T")


def _moment(value: int) -> str:
    # RFC 5905 6: seconds since 1900 in the upper half, their fraction in the lower
    return _since_1900(value >> 32, (value & 0xFFFFFFFF) * 1_000_000 >> 32)


def _since_1900(seconds: int, microseconds: int = 0) -> str:
    return (_NTP_EPOCH + timedelta(seconds=seconds, microseconds=microseconds)).isoformat()


_TIMES: dict[int, tuple[str, Callable[[int], str] | None]] = {
    NTP_UTC: ("mikey.t.ntp", _moment),
    NTP: ("mikey.t.ntp", _moment),
    COUNTER: ("mikey.t.counter", None),
    NTP_UTC_32: ("mikey.t.ntp_utc_32", _since_1900),
}


def _tr(cursor: Cursor, found: Found) -> None:
    cursor.u8("mikey.t.role", TIME_ROLES)  # RFC 6043 6.4
    _t(cursor, found)


def _id(cursor: Cursor, found: Found) -> None:
    _identity(cursor, found, cursor.pos - 1, 0)


def _idr(cursor: Cursor, found: Found) -> None:
    start = cursor.pos - 1
    _identity(cursor, found, start, cursor.u8("mikey.id.role", ROLES))


def _identity(cursor: Cursor, found: Found, start: int, role: int) -> None:
    id_type, size = cursor.numbers(_IDENTITY)
    first = cursor.pos
    if id_type == BYTE_STRING:
        cursor.octets("mikey.id.data", size)
    else:
        cursor.string("mikey.id.data", size)
    found.identities.append(Identity(id_type, cursor.data[first : cursor.pos], start, cursor.pos, role))


def _cert(cursor: Cursor, found: Found) -> None:
    _, size = cursor.numbers(_CERTIFICATE)
    cursor.octets("mikey.cert.data", size)


def _chash(cursor: Cursor, found: Found) -> None:
    _, size = _code(cursor, "mikey.chash.func", HASHES, HASH_OCTETS)
    cursor.octets("mikey.chash.data", size)


def _v(cursor: Cursor, found: Found) -> None:
    auth_alg, size = _code(cursor, "mikey.v.auth_alg", MAC_ALGS, MAC_OCTETS)
    start = cursor.pos
    data = cursor.octets("mikey.v.ver_data", size)
    if found.verification is None:
        found.verification = Verification(auth_alg, data, start)
    else:
        found.notes.append("more than one V")


def _sp(cursor: Cursor, found: Found) -> None:
    number, proto_type, size = cursor.numbers(_POLICY)
    params = _plain_params(cursor, size)
    if params is None:
        params = _params(cursor, size, _SRTP_FIELDS if proto_type == SRTP else {})
    found.policies.append(Policy(number, proto_type, params))


def _plain_params(cursor: Cursor, size: int) -> tuple[tuple[int, bytes], ...] | None:
    """Read parameters that are whole and that nobody records: half of what an MSK message costs otherwise."""
    data, at, end = cursor.data, cursor.pos, cursor.pos + size
    if end > cursor.end or isinstance(cursor, Recorder):
        return None
    params: list[tuple[int, bytes]] = []
    while at + 1 < end:
        after = at + 2 + data[at + 1]
        params.append((data[at], data[at + 2 : after]))
        at = after
    if at != end or len(params) > MAX_PARAMS:
        return None
    cursor.pos = end
    return tuple(params)


def _params(
    cursor: Cursor, size: int, fields: Mapping[int, tuple[str, type_names | None]]
) -> tuple[tuple[int, bytes], ...]:
    params: list[tuple[int, bytes]] = []
    with cursor.window("mikey.sp.params", size):
        while cursor.pos < cursor.end:
            if len(params) == MAX_PARAMS:
                raise cursor.fail("mikey.sp.param", f"more than {MAX_PARAMS} parameters")
            with cursor.group("mikey.sp.param"):
                params.append(_param(cursor, fields))
    return tuple(params)


def _param(cursor: Cursor, fields: Mapping[int, tuple[str, type_names | None]]) -> tuple[int, bytes]:
    kind, size = cursor.numbers(_PARAM)
    start, known = cursor.pos, fields.get(kind)
    if known is None or not size:
        cursor.octets("mikey.sp.patam.value", size)  # as Wireshark spells it
    else:
        cursor.uint(known[0], size, known[1])
    return kind, cursor.data[start : cursor.pos]


def _rand(cursor: Cursor, found: Found) -> None:
    rand = cursor.octets("mikey.rand.data", cursor.u8("mikey.rand.len"))
    if found.rand is None:
        found.rand = rand
    else:
        found.notes.append("more than one RAND")


def _randr(cursor: Cursor, found: Found) -> None:
    cursor.u8("mikey.rand.role", ROLES)  # RFC 6043 6.8
    _rand(cursor, found)


def _err(cursor: Cursor, found: Found) -> None:
    found.errors.append(Error(cursor.u8("mikey.err.no", ERRORS)))
    cursor.octets("mikey.err.reserved", 2)


def _ext(cursor: Cursor, found: Found) -> None:
    kind, size = cursor.numbers(_EXTENSION)
    start = cursor.pos
    key_ids: list[tuple[int, bytes]] = []
    if kind == KEY_ID:
        with cursor.window("mikey.ext.data", size):
            while cursor.pos < cursor.end:
                if len(key_ids) == MAX_KEY_IDS:
                    raise cursor.fail("mikey.ext.key_id", f"more than {MAX_KEY_IDS} key IDs")
                with cursor.group("mikey.ext.key_id"):
                    key_ids.append(_key_id(cursor))
    elif kind == BCAST and size:
        # RFC 5410: what follows the subtype is OMA's
        with cursor.window("mikey.ext.data", size):
            cursor.u8("mikey.ext.bcast.type", BCAST_TYPES)
            cursor.octets("mikey.ext.bcast.data", cursor.left)
    elif kind in (VENDOR_ID, SDP_IDS):
        cursor.string("mikey.ext.value", size)
    else:
        cursor.octets("mikey.ext.data", size)
    found.extensions.append(Extension(kind, cursor.data[start : start + size], tuple(key_ids)))


def _key_id(cursor: Cursor) -> tuple[int, bytes]:
    # RFC 4563 4
    kind, size = cursor.numbers(_KEY_ID)
    return kind, cursor.octets(_KEY_ID_FIELDS.get(kind, "mikey.ext.key_id.data"), size)


def _sakke(cursor: Cursor, found: Found) -> None:
    # RFC 6509 4.2
    cursor.u8("mikey.sakke.params", SAKKE_PARAMETERS)
    cursor.u8("mikey.sakke.idscheme", SAKKE_SCHEMES)
    cursor.octets("mikey.sakke.data", cursor.u16("mikey.sakke.len"))


READERS = {
    1: Reader("mikey.kemac", _kemac),
    2: Reader("mikey.pke", _pke),
    3: Reader("mikey.dh", _dh),
    4: Reader("mikey.sign", _sign),
    5: Reader("mikey.t", _t),
    6: Reader("mikey.id", _id),
    7: Reader("mikey.cert", _cert),
    8: Reader("mikey.chash", _chash),
    9: Reader("mikey.v", _v),
    10: Reader("mikey.sp", _sp),
    11: Reader("mikey.rand", _rand),
    12: Reader("mikey.err", _err),
    13: Reader("mikey.tr", _tr),
    14: Reader("mikey.idr", _idr),
    15: Reader("mikey.randr", _randr),
    21: Reader("mikey.ext", _ext),
    26: Reader("mikey.sakke", _sakke),
}
