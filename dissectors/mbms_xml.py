"""The XML bodies of MBMS key management: TS 26.346 clause 11, TS 26.237 annexes H and I, TS 24.109 annex C, TS 29.109.

Element names are matched without namespace and case, since published schemas and senders differ.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dissectors.announcement_xml import SecurityDescription, UserServices, security_description, user_services
from dissectors.base import Dissector, Payload
from dissectors.cursor import Cursor, Field, Malformed, Recorder, filled
from dissectors.gba_xml import MESSAGES, Settings, ZnAnswer, ZnFault, ZnRequest, settings, zn_message
from dissectors.text import number, to_text
from dissectors.xml_tree import Element, read
from dissectors.xml_values import address, decoded, fqdn

REMEMBERED = 512  # documents
MAX_REMEMBERED = 1024  # octets of each


@dataclass(frozen=True, slots=True)
class ServiceList:
    """MBMS user service ids; `kind` is "register", "deregister", "authorize", or "services" when not told."""

    kind: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The status of one service, an HTTP code; None when it is missing or no number."""

    service: str
    code: int | None


@dataclass(frozen=True, slots=True)
class ServiceStatuses:
    """Answer to a registration or deregistration."""

    items: tuple[ServiceStatus, ...]


@dataclass(frozen=True, slots=True)
class MskName:
    """Key Domain ID (3 octets) and MSK ID (4 octets); other lengths as sent, empty when missing."""

    key_domain: bytes
    msk_id: bytes


@dataclass(frozen=True, slots=True)
class MskRequest:
    """The MSKs that are asked for."""

    msks: tuple[MskName, ...]


@dataclass(frozen=True, slots=True)
class MskStatus:
    """The status of one MSK, an HTTP code; None when it is missing or no number."""

    msk: MskName
    code: int | None


@dataclass(frozen=True, slots=True)
class MskStatuses:
    """Answer to an MSK request."""

    items: tuple[MskStatus, ...]


@dataclass(frozen=True, slots=True)
class BTids:
    """The B-TIDs that a UE sends to the SCF (TS 26.237 I.1)."""

    b_tids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NafKeyInfo:
    """What the SCF tells the BM-SC about a UE (TS 26.237 I.2); lifetimes are as sent, see `parse_time`."""

    ue_addresses: tuple[str, ...]
    muks: tuple[bytes, ...] = field(repr=False)
    muk_lifetimes: tuple[str, ...]
    b_tids: tuple[str, ...]
    naf_fqdns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BootstrappingInfo:
    """The answer of a BSF on Ub (TS 24.109 annex C); `lifetime` is as sent, see `parse_time`."""

    namespace: str
    b_tid: str | None
    lifetime: str | None


@dataclass(frozen=True, slots=True)
class SecurityProcedure:
    """MBMSSecurityProcedure of the services announced (TS 26.237 annex H): "SIP" or "HTTP", in their order."""

    values: tuple[str, ...]

    @property
    def value(self) -> str:
        """The first of them."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class OtherXml:
    """Any other document: its root element and namespace."""

    root: str
    namespace: str


Body = (
    ServiceList
    | ServiceStatuses
    | MskRequest
    | MskStatuses
    | BTids
    | NafKeyInfo
    | BootstrappingInfo
    | SecurityProcedure
    | SecurityDescription
    | UserServices
    | ZnRequest
    | ZnAnswer
    | ZnFault
    | Settings
    | OtherXml
)


def parse(cursor: Cursor) -> Body:
    """Read one document; raises Malformed, with the typed body when only some of its values are wrong."""
    data = cursor.data[cursor.pos : cursor.end]
    octets = data.lstrip(b" \t\r\n")  # blank lines before the declaration are common in multipart bodies
    shift = cursor.pos + len(data) - len(octets)
    if not octets:
        raise cursor.fail("mbms_xml", "empty document")
    known = None if isinstance(cursor, Recorder) else _known.get(octets)
    if known is not None:
        cursor.pos = cursor.end
        return known
    document = read(octets)
    root = document.root
    if isinstance(cursor, Recorder) and root is not None:
        fields = _fields(root, cursor.data, cursor.pos, shift, cursor.end, bool(document.problem))
        cursor.fields.extend(filled(fields, "xml"))
    if root is None or document.problem:
        raise cursor.fail("mbms_xml", document.problem or "no element", shift + document.end)
    wrong: list[Element] = []
    body = _typed(root, wrong)
    cursor.pos = cursor.end
    if wrong:
        raise Malformed(f"mbms_xml.{wrong[0].tag}", shift + wrong[0].start, "value cannot be decoded", body)
    _remember(octets, body)
    return body


_known: dict[bytes, Body] = {}  # what documents say that all UEs of a service send, or get, in the same octets
_COMMON = (ServiceList, ServiceStatuses, MskRequest, MskStatuses, SecurityProcedure, SecurityDescription, UserServices)


def _remember(octets: bytes, body: Body) -> None:
    if isinstance(body, _COMMON) and len(octets) <= MAX_REMEMBERED:
        if len(_known) >= REMEMBERED:
            _known.clear()
        _known[octets] = body


# ------------------------------------------------------------------------------------------------ typed bodies

_ID, _CODE, _DOMAIN, _MSK_ID, _B_TID = "serviceid", "responsecode", "keydomainid", "mskid", "btid"
_ALIASES = {
    "userserviceid": _ID,
    "mbmsuserserviceid": _ID,
    "mbms_serviceid": _ID,
    "statuscode": _CODE,
    "status": _CODE,
    "code": _CODE,
    "msk_id": _MSK_ID,
    "key_domain_id": _DOMAIN,
    "b-tid": _B_TID,
    "b_tid": _B_TID,
}
_KNOWN = {_ID, _CODE, _DOMAIN, _MSK_ID, _B_TID, "msk", "response"}


def _typed(root: Element, wrong: list[Element]) -> Body:
    elements = root.walk()
    values = [
        (_ALIASES.get(name, name), value, element) for element in elements for name, value in element.own_values()
    ]
    if root.name == "bootstrappinginfo":
        return BootstrappingInfo(root.namespace, _first(values, _B_TID), _first(values, "lifetime"))
    names = {_ALIASES.get(element.name, element.name) for element in elements}
    present = {name for name, _, _ in values}
    other = _other(root, names, wrong)
    if other is not None:
        return other
    if "mbmssecurityprocedure" in names:
        return SecurityProcedure(_all(values, "mbmssecurityprocedure"))
    own = root.name.startswith("mbms") and not root.name.startswith("mbmsuserservice")
    if not own and not names - {root.name} <= _KNOWN:
        return OtherXml(root.tag, root.namespace)
    # TS 26.237 I.1 and I.2 share the name of their root
    if "muk" in present or root.namespace.lower().endswith("nafkeyinfo"):
        return _naf_key_info(values, wrong)
    if _MSK_ID in present:
        items = _msk_items(root, wrong)
        if _CODE in present or "response" in root.name:
            return MskStatuses(items)
        return MskRequest(tuple(item.msk for item in items))
    if _CODE in present or "response" in root.name:
        if "msk" in root.name:
            return MskStatuses(())
        records = _records(root, _ID)
        return ServiceStatuses(tuple(ServiceStatus(r[_ID][0], _code(r.get(_CODE))) for r in records))
    if _B_TID in present or root.namespace.lower().endswith("bootstrappingtransactionidentifier"):
        return BTids(_all(values, _B_TID))
    if root.name.startswith("mbmsmsk"):
        return MskRequest(())
    kinds = (("deregist", "deregister"), ("authoriz", "authorize"), ("regist", "register"))
    kind = next((kind for part, kind in kinds if part in root.name), "")
    if kind or _ID in present:
        return ServiceList(kind or "services", _all(values, _ID))
    return OtherXml(root.tag, root.namespace)


def _other(root: Element, names: set[str], wrong: list[Element]) -> Body | None:
    """Return the body of a document that is told by its root, or by the message in its envelope."""
    if root.name in MESSAGES or (root.name == "envelope" and names & MESSAGES):
        return zn_message(root, wrong)
    if root.name in ("guss", "usslist", "uss"):
        return settings(root)
    if root.name == "securitydescription":
        return security_description(root)
    if root.name in ("userservicedescription", "bundledescription"):
        return user_services(root)
    return None


Values = list[tuple[str, str, Element]]


def _all(values: Values, wanted: str) -> tuple[str, ...]:
    return tuple(value for name, value, _ in values if name == wanted and value)


def _first(values: Values, wanted: str) -> str | None:
    return next((value for name, value, _ in values if name == wanted), None)


_Valued = tuple[str, Element]  # a value and the element that holds it


def _records(root: Element, key: str) -> list[dict[str, _Valued]]:
    """Gather the values that belong to each `key`, in whichever order, from Response and MSK elements or none.

    A Response that holds several keys gives its code, and every group its key domain, to those that have none.
    """
    groups: list[tuple[Element, list[dict[str, _Valued]]]] = [(root, [{}])]
    for element in root.walk():
        records = groups[-1][1]
        if element.name == "response" and element is not root:
            records = [{}]
            groups.append((element, records))
        elif element.name == "msk" and key in records[-1]:
            records.append({})
        for tag, value in element.own_values():
            name = _ALIASES.get(tag, tag)
            if name in (key, _CODE, _DOMAIN):
                if name in records[-1]:
                    records.append({})
                records[-1][name] = (value, element)
    found: list[dict[str, _Valued]] = []
    for element, records in groups:
        codes = [] if element is root else [record[_CODE] for record in records if _CODE in record]
        shared = {_CODE: codes[0]} if codes else {}
        for record in records:
            if _DOMAIN in record:
                shared[_DOMAIN] = record[_DOMAIN]
            if key in record:
                found.append(shared | record)
    return found


def _msk_items(root: Element, wrong: list[Element]) -> tuple[MskStatus, ...]:
    items: list[MskStatus] = []
    for record in _records(root, _MSK_ID):
        domain = _octets(*record[_DOMAIN], 3, wrong) if _DOMAIN in record else b""
        items.append(MskStatus(MskName(domain, _octets(*record[_MSK_ID], 4, wrong)), _code(record.get(_CODE))))
    return tuple(items)


def _naf_key_info(values: Values, wrong: list[Element]) -> NafKeyInfo:
    muks = tuple(_octets(value, element, 32, wrong) for name, value, element in values if name == "muk")
    return NafKeyInfo(
        ue_addresses=tuple(address(value) for value in _all(values, "ueipaddress")),
        muks=tuple(muk for muk in muks if muk),
        muk_lifetimes=_all(values, "muklifetime"),
        b_tids=_all(values, _B_TID),
        naf_fqdns=tuple(fqdn(value) for value in _all(values, "naffqdn")),
    )


# ------------------------------------------------------------------------------------------------ values

_STATUS = re.compile(r"[0-9]{3}(?![0-9])")
_DATE_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def _code(valued: _Valued | None) -> int | None:
    match = _STATUS.match(valued[0]) if valued is not None else None  # "200 OK" is accepted
    return None if match is None else int(match.group())


def _octets(value: str, element: Element, size: int, wrong: list[Element]) -> bytes:
    octets = decoded(value, size)
    if not octets:
        wrong.append(element)
    return octets


def parse_time(text: str) -> int | None:
    """Return nanoseconds of an xs:dateTime since 1970 UTC, or of a plain number of seconds; None for neither.

    A dateTime without a zone is taken as UTC. Plain seconds may be a duration: small values are for the
    caller to add to the time of the message.
    """
    text = text.strip()
    seconds = number(text, 11)
    if seconds is not None:
        return seconds * 1_000_000_000
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    zone = match.group(8) or "Z"
    shift = 0 if zone == "Z" else int(zone[0] + "60") * (int(zone[1:3]) * 60 + int(zone[4:6]))
    whole = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) + second - min(second, 59) - shift
    return whole * 1_000_000_000 + int((match.group(7) or "").ljust(9, "0")[:9])


# ------------------------------------------------------------------------------------------------ fields


def _fields(root: Element, data: bytes, start: int, shift: int, end: int, broken: bool) -> list[Field]:
    fields: list[Field] = []
    first = root.start + shift
    if start < first:
        fields.append(Field("xml.prolog", to_text(data[start:first]).strip(), start, first))
    fields.append(_field(root, shift))
    last = fields[-1].end
    if last < end and not broken:
        fields.append(Field("xml.epilog", to_text(data[last:end]).strip(), last, end))
    return fields


_KEYS = frozenset({"muk", "mekeymaterial", "uicckeymaterial"})


def _field(element: Element, shift: int) -> Field:
    value, note = element.text, ""
    if element.name in _KEYS:
        octets = decoded(value, 32)
        value = hashlib.sha256(octets).hexdigest()[:8] if octets else "(hidden)"
        note = f"key of {len(octets)} octets"
    children = tuple(_field(child, shift) for child in element.children)
    return Field(f"mbms_xml.{element.tag}", value, element.start + shift, element.end + shift, note, children)


def _never(payload: Payload) -> bool:
    return False  # reached by its content type only


MBMS_XML = Dissector("mbms-xml", _never, parse)
