"""The XML bodies of MBMS key management: TS 26.346 clause 11, TS 26.237 annexes H and I, TS 24.109 annex C.

Element names are matched without namespace and case, since published schemas and senders differ.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote
from xml.etree.ElementTree import ParseError  # noqa: S405  # the exception only; defusedxml does the parsing

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from dissectors.base import Cursor, Dissector, Field, Malformed, Payload, Recorder
from dissectors.text import number, to_text

MAX_ELEMENTS = 10_000
MAX_DEPTH = 32
MAX_TEXT = 64 * 1024  # characters of one value that is decoded


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
    | OtherXml
)

# ------------------------------------------------------------------------------------------------ elements


class _TooMuch(Exception):
    """More elements or levels than are read."""


class _Element:
    """One element while the document is read: octets start..end, `name` in lower case without blanks."""

    __slots__ = ("attributes", "children", "end", "name", "namespace", "pieces", "start", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], start: int) -> None:
        namespace, brace, local = tag.rpartition("}")
        self.namespace = namespace[1:] if brace else ""
        self.tag = local
        self.name = local.strip().lower()
        self.attributes = attributes
        self.start = start
        self.end = start
        self.pieces: list[str] = []
        self.children: list[_Element] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    def walk(self) -> Iterator[_Element]:
        yield self
        for child in self.children:
            yield from child.walk()

    def values(self) -> Iterator[tuple[str, str, _Element]]:
        """Yield (name, value, element) of all attributes and texts in here, in their order."""
        for element in self.walk():
            for name, value in element.attributes.items():
                yield name.rpartition("}")[2].strip().lower(), value.strip(), element
            if not element.children:
                yield element.name, element.text, element


class _Builder:
    """Target of the XML parser: builds elements and asks expat where they stand."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.parser = XMLParser(target=self, forbid_dtd=True)
        self.root: _Element | None = None
        self.stack: list[_Element] = []
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.stack) >= MAX_DEPTH:
            raise _TooMuch
        element = _Element(tag, attributes, self.offset())
        if self.stack:
            self.stack[-1].children.append(element)
        else:
            self.root = element
        self.stack.append(element)

    def end(self, tag: str) -> None:
        at = self.offset()
        if self.octets.startswith(b"</", at):
            at = self.octets.find(b">", at) + 1
        self.stack.pop().end = at

    def data(self, text: str) -> None:
        if self.stack:
            self.stack[-1].pieces.append(text)

    def close(self) -> None:
        """Nothing to hand out: the root is taken from here."""

    def offset(self) -> int:
        return int(self.parser.parser.CurrentByteIndex)


def _read(octets: bytes) -> tuple[_Element | None, int, str]:
    """Return the root element as far as it could be read, the offset where it broke, and why."""
    builder = _Builder(octets)
    reason = ""
    try:
        builder.parser.feed(octets)
        builder.parser.close()
    except DefusedXmlException:
        reason = "entity declarations are not accepted"
    except _TooMuch:
        reason = f"more than {MAX_ELEMENTS} elements or {MAX_DEPTH} levels"
    except (ParseError, ValueError, LookupError) as error:
        reason = f"not well-formed XML: {getattr(error, 'msg', type(error).__name__)}"
    at = max(builder.offset(), 0)
    for element in builder.stack:  # cut documents: what is open ends here
        element.end = at
    return builder.root, at, reason


def parse(cursor: Cursor) -> Body:
    """Read one document; raises Malformed, with the typed body when only some of its values are wrong."""
    data = cursor.data[cursor.pos : cursor.end]
    octets = data.lstrip(b" \t\r\n")  # blank lines before the declaration are common in multipart bodies
    shift = cursor.pos + len(data) - len(octets)
    if not octets:
        raise cursor.fail("mbms_xml", "empty document")
    root, at, reason = _read(octets)
    if isinstance(cursor, Recorder) and root is not None:
        cursor.fields.extend(_fields(root, cursor.data, cursor.pos, shift, cursor.end, bool(reason)))
    if root is None or reason:
        raise cursor.fail("mbms_xml", reason or "no element", shift + at)
    wrong: list[_Element] = []
    body = _typed(root, wrong)
    cursor.pos = cursor.end
    if wrong:
        raise Malformed(f"mbms_xml.{wrong[0].tag}", shift + wrong[0].start, "value cannot be decoded", body)
    return body


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


def _typed(root: _Element, wrong: list[_Element]) -> Body:
    names = {_ALIASES.get(element.name, element.name) for element in root.walk()}
    values = [(_ALIASES.get(name, name), value, element) for name, value, element in root.values()]
    present = {name for name, _, _ in values}
    if root.name == "bootstrappinginfo":
        return BootstrappingInfo(root.namespace, _first(values, _B_TID), _first(values, "lifetime"))
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
            return MskStatuses(tuple(MskStatus(name, code) for name, code in items))
        return MskRequest(tuple(name for name, _ in items))
    if _CODE in present or "response" in root.name:
        if "msk" in root.name:
            return MskStatuses(())
        return ServiceStatuses(_service_items(values))
    if _B_TID in present or root.namespace.lower().endswith("bootstrappingtransactionidentifier"):
        return BTids(_all(values, _B_TID))
    if root.name.startswith("mbmsmsk"):
        return MskRequest(())
    kinds = (("deregist", "deregister"), ("authoriz", "authorize"), ("regist", "register"))
    kind = next((kind for part, kind in kinds if part in root.name), "")
    if kind or _ID in present:
        return ServiceList(kind or "services", _all(values, _ID))
    return OtherXml(root.tag, root.namespace)


Values = list[tuple[str, str, _Element]]


def _all(values: Values, wanted: str) -> tuple[str, ...]:
    return tuple(value for name, value, _ in values if name == wanted and value)


def _first(values: Values, wanted: str) -> str | None:
    return next((value for name, value, _ in values if name == wanted), None)


def _service_items(values: Values) -> tuple[ServiceStatus, ...]:
    """Pair ids with codes, whichever comes first."""
    items: list[ServiceStatus] = []
    service: str | None = None
    code: str | None = None
    for name, value, _ in values:
        if name == _ID:
            if service is not None:
                items.append(ServiceStatus(service, _code(code)))
                code = None
            service = value
        elif name == _CODE:
            if service is not None:
                items.append(ServiceStatus(service, _code(value)))
                service, code = None, None
            else:
                code = value
    if service is not None:
        items.append(ServiceStatus(service, _code(code)))
    return tuple(items)


def _msk_items(root: _Element, wrong: list[_Element]) -> list[tuple[MskName, int | None]]:
    """Gather (MSK, status) of each Response, else of each MSK element, else of the whole document."""
    groups = [element for element in root.walk() if element.name == "response" and element is not root]
    groups = groups or [element for element in root.walk() if element.name == "msk"] or [root]
    items: list[tuple[MskName, int | None]] = []
    for group in groups:
        domain, code = b"", None
        first = len(items)
        for tag, value, element in group.values():
            name = _ALIASES.get(tag, tag)
            if name == _DOMAIN:
                domain = _octets(value, 3, element, wrong)
                items[first:] = [(MskName(n.key_domain or domain, n.msk_id), c) for n, c in items[first:]]
            elif name == _MSK_ID:
                items.append((MskName(domain, _octets(value, 4, element, wrong)), code))
            elif name == _CODE:
                code = _code(value)
                items[first:] = [(n, code if c is None else c) for n, c in items[first:]]
    return items


def _naf_key_info(values: Values, wrong: list[_Element]) -> NafKeyInfo:
    muks = tuple(_octets(value, 32, element, wrong) for name, value, element in values if name == "muk")
    return NafKeyInfo(
        ue_addresses=tuple(_address(value) for value in _all(values, "ueipaddress")),
        muks=tuple(muk for muk in muks if muk),
        muk_lifetimes=_all(values, "muklifetime"),
        b_tids=_all(values, _B_TID),
        naf_fqdns=tuple(_fqdn(value) for value in _all(values, "naffqdn")),
    )


# ------------------------------------------------------------------------------------------------ values

_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]+)")
_HOST = re.compile(rb"[A-Za-z0-9._-]{1,255}")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def _code(value: str | None) -> int | None:
    return number((value or "").strip()[:3], 3)


def _octets(value: str, size: int, element: _Element, wrong: list[_Element]) -> bytes:
    """Decode an id or key: hex of the right length, base64 of it, a decimal number, else any base64 or hex."""
    octets = _decoded(value, size)
    if not octets:
        wrong.append(element)
    return octets


def _decoded(value: str, size: int) -> bytes:
    if len(value) > MAX_TEXT:
        return b""
    value = "".join(unquote(value).split()) if "%" in value else "".join(value.split())  # anyURI in I.2
    match = _HEX.fullmatch(value)
    digits = match.group(1) if match else ""
    if len(digits) == 2 * size or (value.startswith("0x") and len(digits) % 2 == 0):
        return bytes.fromhex(digits)
    octets = _base64(value)
    if len(octets) == size:
        return octets
    count = number(value)
    if count is not None and count < 256**size:
        return count.to_bytes(size, "big")
    return octets or (bytes.fromhex(digits) if len(digits) % 2 == 0 else b"")


def _base64(value: str) -> bytes:
    text = value.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _fqdn(value: str) -> str:
    octets = _base64(value) if "." not in value else b""
    return octets.decode("ascii") if b"." in octets and _HOST.fullmatch(octets) else value


def _address(value: str) -> str:
    bare = value.rpartition("://")[2].rstrip("/").strip("[]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare


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


def _fields(root: _Element, data: bytes, start: int, shift: int, end: int, broken: bool) -> list[Field]:
    fields: list[Field] = []
    first = root.start + shift
    if start < first:
        fields.append(Field("xml.prolog", to_text(data[start:first]).strip(), start, first))
    fields.append(_field(root, shift))
    last = fields[-1].end
    if last < end and not broken:
        fields.append(Field("xml.epilog", to_text(data[last:end]).strip(), last, end))
    return fields


def _field(element: _Element, shift: int) -> Field:
    value, note = element.text, ""
    if element.name == "muk":
        octets = _decoded(value, 32)
        value = hashlib.sha256(octets).hexdigest()[:8]
        note = f"key of {len(octets)} octets, fingerprint {value}"
    children = tuple(_field(child, shift) for child in element.children)
    return Field(f"mbms_xml.{element.tag}", value, element.start + shift, element.end + shift, note, children)


def _never(payload: Payload) -> bool:
    return False  # reached by its content type only


MBMS_XML = Dissector("mbms-xml", _never, parse)
