"""MIKEY (RFC 3830) with the Key ID extension of MBMS (RFC 4563) and the modes registered later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dissectors import mikey_ibake, mikey_payloads, mikey_ticket
from dissectors.base import Dissector, Part, Payload
from dissectors.cursor import Bits, Cursor, Layout, Malformed
from dissectors.mikey_keydata import KeyData, KeyDataPlain
from dissectors.mikey_names import ANSWERS, BOOLEANS, DATA_TYPES, MAP_TYPES, PAYLOADS, PRFS, SESSION_TYPES
from dissectors.mikey_values import Error, Extension, Found, Identity, Kemac, Policy, Timestamp, Verification

PORT = 2269  # IANA "mikey", TS 33.246 6.4.1
SHORTEST = 12  # octets: the header with an empty map, and a payload

IDENTITY_BEFORE_KEYS = frozenset((2, 10))  # data types, RFC 3830 3.2, RFC 4738 3.2
SRTP_ID, EMPTY_MAP, GENERIC_ID = 0, 1, 2
_START = Layout(("mikey.version", 1), ("mikey.type", 1, DATA_TYPES), ("mikey.next_payload", 1, PAYLOADS))
_V_AND_PRF = (Bits("mikey.v.set", 0x80, BOOLEANS), Bits("mikey.prf_func", 0x7F, PRFS))
_SESSIONS = Layout(("mikey.csb_id", 4), ("mikey.cs_count", 1), ("mikey.cs_id_map_type", 1, MAP_TYPES))
_SRTP_ID = Layout(("mikey.srtp_id.policy_no", 1), ("mikey.srtp_id.ssrc", 4), ("mikey.srtp_id.roc", 4))
_SRTP_SSRC = Layout(("mikey.generic_id.ssrc", 4))
_SRTP_SEQ = Layout(("mikey.generic_id.ssrc", 4), ("mikey.generic_id.roc", 4), ("mikey.generic_id.seq", 2))
_S_AND_COUNT = (Bits("mikey.generic_id.s", 0x80, BOOLEANS), Bits("mikey.generic_id.policy_count", 0x7F))
READERS = mikey_payloads.READERS | mikey_ticket.READERS | mikey_ibake.READERS


class SrtpId(NamedTuple):
    """An SRTP crypto session: its policy number, SSRC and rollover counter."""

    policy: int
    ssrc: int
    roc: int


class Header(NamedTuple):
    """The common header (RFC 3830 6.1); `srtp_ids` is its CS ID map, empty for another map than SRTP-ID."""

    version: int
    data_type: int
    v: bool
    prf: int
    csb_id: int
    cs_count: int
    map_type: int
    srtp_ids: tuple[SrtpId, ...] = ()


class Mikey(NamedTuple):  # a tuple, as captures have so many
    """One MIKEY message; of a payload that may stand once the first one counts, and None says that there is none.

    `payloads` are the payload types in their order. `key_domain_id`, `msk_id` and `mtk_id` are from the Key ID
    extension of MBMS. `idi` and `idr` are the identities of initiator and responder, `inside` the KEMACs of tickets.
    """

    header: Header
    payloads: tuple[int, ...] = ()
    t: Timestamp | None = None
    rand: bytes | None = None
    identities: tuple[Identity, ...] = ()
    policies: tuple[Policy, ...] = ()
    kemac: Kemac | None = None
    verification: Verification | None = None
    errors: tuple[Error, ...] = ()
    extensions: tuple[Extension, ...] = ()
    notes: tuple[str, ...] = ()
    idi: Identity | None = None
    idr: Identity | None = None
    key_domain_id: bytes | None = None
    msk_id: bytes | None = None
    mtk_id: bytes | None = None
    inside: tuple[Kemac, ...] = ()

    @property
    def version(self) -> int:
        return self.header.version

    @property
    def data_type(self) -> int:
        return self.header.data_type

    @property
    def v(self) -> bool:
        """Whether the initiator asks for a verification message."""
        return self.header.v

    @property
    def prf(self) -> int:
        return self.header.prf

    @property
    def csb_id(self) -> int:
        return self.header.csb_id

    @property
    def cs_count(self) -> int:
        return self.header.cs_count

    @property
    def map_type(self) -> int:
        return self.header.map_type

    @property
    def srtp_ids(self) -> tuple[SrtpId, ...]:
        return self.header.srtp_ids


def matches(payload: Payload) -> bool:
    """Say whether a datagram is MIKEY: by its port, else when it reads as MIKEY from front to back."""
    data = payload.data
    if payload.transport != "udp":
        return False
    if PORT in (payload.dport, payload.sport):
        return bool(data)
    return is_whole(data)


def is_whole(data: bytes) -> bool:
    """Say whether octets read as MIKEY from front to back."""
    if len(data) < SHORTEST or data[0] != 1 or data[1] not in DATA_TYPES or data[9] not in MAP_TYPES:
        return False
    if data[2] == mikey_payloads.LAST or data[2] not in PAYLOADS or data[3] & 0x7F not in PRFS:
        return False
    try:
        parse(Cursor(data))
    except Malformed:
        return False
    return True


def parse(cursor: Cursor) -> Mikey:
    """Read one MIKEY message; raises Malformed with the payloads before the error."""
    with cursor.group("mikey.hdr"):
        header, following = _header(cursor)
    found = Found(header.data_type)
    try:
        mikey_payloads.read_chain(cursor, following, found, READERS)
    except Malformed as wrong:
        # Octets that say another version and then break are no MIKEY of which anything could be trusted.
        wrong.partial = _message(header, found) if header.version == 1 else None
        raise
    return _message(header, found)


def _header(cursor: Cursor) -> tuple[Header, int]:
    version, data_type, following = cursor.numbers(_START)
    v, prf = cursor.bits("", 1, _V_AND_PRF)
    csb_id, cs_count, map_type = cursor.numbers(_SESSIONS)
    srtp_ids: tuple[SrtpId, ...] = ()
    if map_type == SRTP_ID:
        srtp_ids = tuple(_srtp_id(cursor) for _ in range(cs_count))
    elif map_type == GENERIC_ID:
        for _ in range(cs_count):
            _generic_id(cursor)
    elif map_type != EMPTY_MAP:
        raise cursor.fail("mikey.cs_id_map_type", f"map type {map_type} is not known", cursor.pos - 1)
    return Header(version, data_type, bool(v), prf, csb_id, cs_count, map_type, srtp_ids), following


def _srtp_id(cursor: Cursor) -> SrtpId:
    with cursor.group("mikey.srtp_id"):
        return SrtpId(*cursor.numbers(_SRTP_ID))


def _generic_id(cursor: Cursor) -> None:
    # RFC 6043 6.1.1
    with cursor.group("mikey.generic_id"):
        cursor.u8("mikey.generic_id.cs_id")
        protocol = cursor.u8("mikey.generic_id.proto_type", SESSION_TYPES)
        s, policies = cursor.bits("", 1, _S_AND_COUNT)
        cursor.octets("mikey.generic_id.policies", policies)
        size = cursor.u16("mikey.generic_id.session_data_len")
        data = _SRTP_SEQ if s else _SRTP_SSRC
        if protocol == mikey_payloads.SRTP and size == data.size:
            with cursor.window("mikey.generic_id.session_data", size):
                cursor.numbers(data)
        else:
            cursor.octets("mikey.generic_id.session_data", size)
        cursor.octets("mikey.generic_id.spi", cursor.u8("mikey.generic_id.spi_len"))


def _message(header: Header, found: Found) -> Mikey:
    notes = list(found.notes)
    if header.version != 1:
        notes.append(f"version {header.version}")
    if header.map_type == EMPTY_MAP and header.cs_count:
        notes.append(f"empty map for {header.cs_count} crypto sessions")
    key_ids: dict[int, bytes] = {}
    for extension in found.extensions:
        for kind, octets in extension.key_ids:
            key_ids.setdefault(kind, octets)
    return Mikey(
        header=header,
        payloads=tuple(found.payloads),
        t=found.t,
        rand=found.rand,
        identities=tuple(found.identities),
        policies=tuple(found.policies),
        kemac=found.kemac,
        verification=found.verification,
        errors=tuple(found.errors),
        extensions=tuple(found.extensions),
        notes=tuple(notes),
        idi=_identity(header, found.identities, mikey_payloads.INITIATOR),
        idr=_identity(header, found.identities, mikey_payloads.RESPONDER),
        key_domain_id=key_ids.get(mikey_payloads.KEY_DOMAIN_ID),
        msk_id=key_ids.get(mikey_payloads.MSK_ID),
        mtk_id=key_ids.get(mikey_payloads.MTK_ID),
        inside=tuple(found.inside),
    )


def _identity(header: Header, identities: Sequence[Identity], role: int) -> Identity | None:
    for identity in identities:
        if identity.role == role:
            return identity
    plain = [identity for identity in identities if not identity.role]
    if len(plain) != 1:
        # RFC 3830 3.1: IDi stands before IDr
        return plain[role - 1] if plain else None
    # A responder sends its own; TS 33.246 6.4.6.1: IDr is a B-TID, IDi an FQDN, so one with "@" is IDr.
    of_responder = header.data_type in ANSWERS or "@" in plain[0].text
    return plain[0] if (role == mikey_payloads.RESPONDER) is of_responder else None


def inner(body: object) -> tuple[Part, ...]:
    """Return the keys of KEMACs that are not encrypted; where public keys carry them an identity stands before them."""
    if not isinstance(body, Mikey):
        return ()
    outer = (body.kemac,) if body.kemac is not None and body.data_type not in IDENTITY_BEFORE_KEYS else ()
    clear = (
        kemac for kemac in (*outer, *body.inside) if kemac.encr_alg == mikey_payloads.ENCR_NULL and kemac.encr_data
    )
    return tuple(Part("mikey.keydata", kemac.encr_data, kemac.start) for kemac in clear)


def notes(body: object) -> tuple[str, ...]:
    """Return the tolerated oddities of a message."""
    return body.notes if isinstance(body, Mikey) else ()


MIKEY = Dissector("mikey", matches, parse, inner, notes=notes)

__all__ = [
    "MIKEY",
    "Error",
    "Extension",
    "Header",
    "Identity",
    "Kemac",
    "KeyData",
    "KeyDataPlain",
    "Mikey",
    "Policy",
    "SrtpId",
    "Timestamp",
    "Verification",
]
