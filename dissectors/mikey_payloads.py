"""The payloads of a MIKEY message, each read by a function of its own (RFC 3830 6.2 to 6.15), and their chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from dissectors.cursor import Bits, Cursor, Layout, Recorder, type_names
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
    PAYLOADS,
    RAND_ROLES,
    ROLES,
    SESSION_TYPES,
    SIGNATURES,
    SRTP_POLICY,
    TESLA_POLICY,
    TESLA_TIMES,
    TIME_ROLES,
    TIMESTAMP_OCTETS,
    TIMESTAMPS,
    VALIDITIES,
)
from dissectors.mikey_values import (
    Error,
    Extension,
    Found,
    Identity,
    Kemac,
    Policy,
    Reader,
    Timestamp,
    Verification,
)

MAX_PAYLOADS = 64  # in one chain
MAX_PARAMS = 256  # parameters of one policy; a type is one octet
MAX_KEY_IDS = 64  # Key ID sub-payloads of one extension

LAST, SIGN = 0, 4
INITIATOR, RESPONDER = 1, 2  # roles of RFC 6043 6.6
ENCR_NULL = 0
NTP_UTC, NTP, COUNTER, NTP_UTC_32 = 0, 1, 2, 3
INTERVAL = 4  # role of a time that is a number of seconds, RFC 6043 6.10
BYTE_STRING = 2
SRTP, TESLA = 0, 1
VENDOR_ID, SDP_IDS, KEY_ID, CSB_ID, BCAST = 0, 1, 3, 4, 5
CSB_OCTETS = 4
KEY_DOMAIN_ID, MSK_ID, MTK_ID = 0, 1, 2
_KEY_ID_FIELDS = {
    KEY_DOMAIN_ID: "mikey.ext.key_domain_id", MSK_ID: "mikey.ext.msk_id", MTK_ID: "mikey.ext.mtk_id",
}  # fmt: skip
_KEMAC = Layout(("mikey.kemac.encr_alg", 1, ENCR_ALGS), ("mikey.kemac.key_data_len", 2))
_IDENTITY = Layout(("mikey.id.type", 1, IDENTITIES), ("mikey.id.len", 2))
_CERTIFICATE = Layout(("mikey.cert.type", 1, CERTIFICATES), ("mikey.cert.len", 2))
_POLICY = Layout(("mikey.sp.no", 1), ("mikey.sp.proto_type", 1, SESSION_TYPES), ("mikey.sp.param_len", 2))
_PARAM = Layout(("mikey.sp.param.type", 1), ("mikey.sp.param.len", 1))
_EXTENSION = Layout(("mikey.ext.type", 1, EXTENSIONS), ("mikey.ext.len", 2))
_KEY_ID = Layout(("mikey.ext.key_id.type", 1, KEY_IDS), ("mikey.ext.key_id.len", 1))
_NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


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
    _timestamp(cursor, found, True)


def _timestamp(cursor: Cursor, found: Found, is_time: bool) -> None:
    ts_type, size = _code(cursor, "mikey.t.ts_type", TIMESTAMPS, TIMESTAMP_OCTETS)
    start = cursor.pos
    name, told = _TIMES[ts_type]
    value = cursor.uint(name, size, told if is_time else None)
    if found.t is None:
        found.t = Timestamp(ts_type, value, cursor.data[start : cursor.pos])
    else:
        found.notes.append("more than one T")


def _moment(value: int) -> str:
    # RFC 5905 6: seconds since 1900 in the upper half, their fraction in the lower
    return _since_1900(value >> 32, (value & 0xFFFFFFFF) * 1_000_000 >> 32)


def _since_1900(seconds: int, microseconds: int = 0) -> str:
    # RFC 4330 3, which RFC 6043 6.3 demands: a time with the top bit clear is after 7 February 2036
    seconds += 0 if seconds >> 31 else 1 << 32
    return (_NTP_EPOCH + timedelta(seconds=seconds, microseconds=microseconds)).isoformat()


_TIMES: dict[int, tuple[str, Callable[[int], str] | None]] = {
    NTP_UTC: ("mikey.t.ntp", _moment),
    NTP: ("mikey.t.ntp", _moment),
    COUNTER: ("mikey.t.counter", None),
    NTP_UTC_32: ("mikey.t.ntp_utc_32", _since_1900),
}


def _tr(cursor: Cursor, found: Found) -> None:
    role = cursor.u8("mikey.t.role", TIME_ROLES)  # RFC 6043 6.4
    _timestamp(cursor, found, role != INTERVAL)


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


def _time_of_64_bits(value: int) -> str:
    return _moment(value) if value >> 64 == 0 else ""


# by protocol and type: the field of a parameter, and what tells its value
_POLICIES: dict[int, dict[int, tuple[str, type_names | None]]] = {
    SRTP: {kind: (f"mikey.sp.{name}", names) for kind, (name, names) in SRTP_POLICY.items()},
    TESLA: {
        kind: (f"mikey.sp.tesla.{name}", _time_of_64_bits if kind in TESLA_TIMES else names)
        for kind, (name, names) in TESLA_POLICY.items()
    },
}


def _sp(cursor: Cursor, found: Found) -> None:
    number, proto_type, size = cursor.numbers(_POLICY)
    params = _plain_params(cursor, size)
    if params is None:
        params = _params(cursor, size, _POLICIES.get(proto_type, {}))
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
    cursor.u8("mikey.rand.role", RAND_ROLES)  # RFC 6043 6.8
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
    elif kind == CSB_ID and size == CSB_OCTETS:
        cursor.u32("mikey.ext.csb_id")  # RFC 4738 3.9.3
    elif kind in (VENDOR_ID, SDP_IDS):
        cursor.string("mikey.ext.value", size)
    else:
        cursor.octets("mikey.ext.data", size)
    found.extensions.append(Extension(kind, cursor.data[start : start + size], tuple(key_ids)))


def _key_id(cursor: Cursor) -> tuple[int, bytes]:
    # RFC 4563 4
    kind, size = cursor.numbers(_KEY_ID)
    return kind, cursor.octets(_KEY_ID_FIELDS.get(kind, "mikey.ext.key_id.data"), size)


def read_chain(cursor: Cursor, following: int, found: Found, readers: Mapping[int, Reader]) -> None:
    """Read payloads up to the end of the octets, the first of type `following`; raises Malformed."""
    before = 2  # where the type of the next payload stands
    while following != LAST:
        if len(found.payloads) == MAX_PAYLOADS:
            raise cursor.fail("mikey.next_payload", f"more than {MAX_PAYLOADS} payloads", before)
        reader = readers.get(following)
        if reader is None:
            named = (
                f"{PAYLOADS[following]} ({following}) does not stand here"
                if following in PAYLOADS
                else f"{following} is not known"
            )
            raise cursor.fail("mikey.next_payload", f"payload type {named}", before)
        kind = following
        with cursor.group(reader.name):
            if cursor.pos == cursor.end:
                raise cursor.fail(reader.name, "the message ends before this payload")
            before = cursor.pos
            # RFC 3830 6.5: SIGN has no next payload, it is the last one
            following = LAST if kind == SIGN else cursor.u8("mikey.next_payload", PAYLOADS)
            reader.read(cursor, found)
        found.payloads.append(kind)
    if cursor.left:
        raise cursor.fail("mikey", f"{cursor.left} octets after the last payload")


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
}
