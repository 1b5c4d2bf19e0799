"""What a message says, by type: the only place that looks into bodies without knowing a procedure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from analyzer.correlate import secured
from dissectors import Message
from dissectors.dcf import MBMS_KEY, Dcf
from dissectors.diameter import Diameter
from dissectors.fdt import Fdt
from dissectors.flute import Flute
from dissectors.http import Http
from dissectors.mbms_xml import BootstrappingInfo, BTids, MskName, MskRequest, NafKeyInfo, ServiceList
from dissectors.mikey import Mikey
from dissectors.sdp import Sdp
from dissectors.sip import Sip
from dissectors.sip import identities as listed_identities
from dissectors.tls import Tls

Body = TypeVar("Body")

COMMAND_ZN = 310  # Bootstrapping-Info (TS 29.109)
DATA_TYPE_PSK = 0  # RFC 3830 6.1
DATA_TYPE_VERIFICATION = 1
REQUEST_TYPES = frozenset(
    ("authorize", "register", "deregister", "msk-request",
     "sip-based-register", "sip-based-deregister", "sip-based-msk-request")
)  # fmt: skip
ASSERTED, INTENDED = "X-3GPP-Asserted-Identity", "X-3GPP-Intended-Identity"  # TS 24.109 Annex G
# Where the request type is missing or unknown, the content type tells what was meant.
REQUEST_TYPE_OF_CONTENT = {
    "application/mbms-authorize+xml": "authorize",
    "application/mbms-register+xml": "register",
    "application/mbms-deregister+xml": "deregister",
    "application/mbms-msk+xml": "msk-request",
}


def find(message: Message, kind: type[Body]) -> Body | None:
    """Return the first body of a type in a message or in anything inside it."""
    for part in whole(message):
        if isinstance(part.body, kind):
            return part.body
    return None


def find_all(message: Message, kind: type[Body]) -> list[Body]:
    """Return all bodies of a type in a message and inside it."""
    return [part.body for part in whole(message) if isinstance(part.body, kind)]


def whole(message: Message) -> Sequence[Message]:
    """Return a message and all inside it, most often nothing."""
    return list(message.walk()) if message.inner else (message,)


def sip(message: Message) -> Sip | None:
    return message.body if isinstance(message.body, Sip) else None


def http(message: Message) -> Http | None:
    return message.body if isinstance(message.body, Http) else None


def diameter(message: Message) -> Diameter | None:
    return message.body if isinstance(message.body, Diameter) else None


def mikey(message: Message) -> Mikey | None:
    return message.body if isinstance(message.body, Mikey) else None


def dcfs(messages: Iterable[Message]) -> Iterator[tuple[Message, Dcf]]:
    """Yield the DCFs that name an MTK (TS 33.246 6.6.3.2): objects of FLUTE, and bodies of HTTP."""
    for message in messages:
        for part in message.walk() if message.protocol in ("dcf", "http") else ():
            if isinstance(part.body, Dcf) and any(key.kind == MBMS_KEY for c in part.body.contents for key in c.keys):
                yield part, part.body


def is_object(message: Message) -> bool:
    """Say whether a message is an object of FLUTE, and no packet."""
    return message.payload.named == "flute" and message.protocol != "flute"


def sdp(message: Message) -> Sdp | None:
    return find(message, Sdp)


def is_msk_message(body: Mikey) -> bool:
    """A MIKEY message that delivers an MSK or pulls for one: the Key ID has no MTK ID (TS 33.246 6.4.4)."""
    return body.data_type == DATA_TYPE_PSK and body.mtk_id is None and (body.msk_id is not None or body.idr is not None)


def is_mtk_message(body: Mikey) -> bool:
    """A MIKEY message that delivers an MTK: its Key ID names one, or it has no RAND and no identities."""
    if body.data_type != DATA_TYPE_PSK:
        return False
    return body.mtk_id is not None or (body.rand is None and body.idi is None and body.idr is None)


def is_solicited_pull(body: Mikey) -> bool:
    """An MSK message that asks the UE to ask: no key inside (TS 33.246 6.3.2.2.4)."""
    return is_msk_message(body) and body.kemac is not None and not body.kemac.encr_data


def request_type(body: Http) -> str | None:
    """Return what a key management POST asks for, None where it is none.

    The requesttype parameter decides, where it names a known one; else the content type of the body or of its first
    known part, and whether it is of an SCF, which asserts whom it asks for (TS 26.237 10.4.2). An authentication proxy
    asserts too, and leaves in what the UE intended.
    """
    if not body.is_request:
        return None
    content = content_type(body)
    if content == "application/mbms-authorize+xml":
        return "authorize"
    named = (body.request_type or "").strip()
    if named in REQUEST_TYPES:
        return named
    if "keymanagement" not in body.path and named == "":
        return None
    types = (content, *(part.content_type for part in body.parts))
    told = next((REQUEST_TYPE_OF_CONTENT[found] for found in types if found in REQUEST_TYPE_OF_CONTENT), None)
    of_scf = f"sip-based-{told}"
    asserts = body.headers.get(ASSERTED) and not body.headers.get(INTENDED)
    return of_scf if of_scf in REQUEST_TYPES and asserts else told


def content_type(body: Sip | Http) -> str:
    """Return the Content-Type without parameters, in small letters."""
    return (body.headers.get("Content-Type") or "").split(";")[0].strip().lower()


def services(message: Message) -> tuple[str, ...]:
    """Return the MBMS user service ids that a message names, in its order."""
    if not message.inner:
        return ()
    parts = whole(message)
    found = [service for part in parts if isinstance(part.body, ServiceList) for service in part.body.services]
    found += [service for part in parts if isinstance(part.body, Sdp) for service in part.body.mbms_services]
    return tuple(dict.fromkeys(found))


def b_tids(message: Message) -> tuple[str, ...]:
    """Return the B-TIDs that the bodies of a message carry."""
    if not message.inner:
        return ()
    found: list[str] = []
    for part in whole(message):
        match part.body:
            case BTids(b_tids=listed) | NafKeyInfo(b_tids=listed):
                found += listed
            case BootstrappingInfo(b_tid=str(b_tid)):
                found.append(b_tid)
            case _:
                pass
    return tuple(dict.fromkeys(found))


def msk_names(message: Message) -> tuple[MskName, ...]:
    """Return the (Key Domain ID, MSK ID) pairs that a request asks for."""
    request = find(message, MskRequest)
    return () if request is None else request.msks


def unquoted(value: str) -> tuple[str, ...]:
    """Split a header of quoted identities (TS 24.109 Annex G); unquoted ones are taken too."""
    return listed_identities(value)


def public_identity(uri: str) -> str:
    """Return an IMPU with its scheme and host in small letters, as they mean the same in any (RFC 3261 19.1.4)."""
    scheme, colon, rest = uri.partition(":")
    user, at, place = rest.rpartition("@")
    host, semicolon, parameters = place.partition(";")
    return f"{scheme.lower()}{colon}{user}{at}{host.lower()}{semicolon}{parameters}" if at else uri


def identities(body: Sip) -> tuple[str, ...]:
    """Return the public identities a SIP request claims or a proxy asserts: asserted, preferred, From."""
    for name in ("P-Asserted-Identity", "P-Preferred-Identity", "P-Intended-Identity"):
        values = body.headers.all(name)
        if values:
            return tuple(dict.fromkeys(uri for value in values for uri in listed_identities(value)))
    return (body.from_uri,) if body.from_uri else ()


def summary(message: Message) -> str:
    """Return a line that tells a person what a message is."""
    match message.body:
        case Sip() as body:
            return (
                f"{body.method} {body.uri}" if body.is_request else f"{body.status} {body.reason} ({body.cseq_method})"
            )
        case Http() as body:
            return f"{body.method} {body.uri}" if body.is_request else f"{body.status} {body.reason}"
        case Diameter() as body:
            name = "BI" if body.command == COMMAND_ZN else f"command {body.command} "
            return f"{name}{'R' if body.is_request else 'A'} {_result(body)}".strip()
        case Mikey() as body:
            return _mikey_summary(body)
        case Tls() as body:
            return secured.summary(body)
        case Dcf() as body:
            return _dcf_summary(body)
        case Fdt() as body:
            return f"FDT, {len(body.files)} object{'' if len(body.files) == 1 else 's'}"
        case Flute() as body:
            return f"FLUTE TSI {body.tsi}, TOI {body.toi}, block {body.block}, symbol {body.symbol}"
        case _:
            return message.protocol


def _result(body: Diameter) -> str:
    code = result_code(body)
    return "" if code is None else str(code)


def result_code(body: Diameter) -> int | None:
    """Return the Result-Code or Experimental-Result-Code of a Diameter answer."""
    for code in (268, 298):
        value = body.uint(code)
        if value is not None:
            return value
    outer = body.find(297)
    if outer is not None:
        for child in outer.children:
            if child.code == 298:
                return int.from_bytes(child.data, "big")
    return None


def _mikey_summary(body: Mikey) -> str:
    if body.data_type == DATA_TYPE_VERIFICATION:
        return f"MIKEY verification, CSB {body.csb_id:08x}"
    counter = f", T {body.t.value}" if body.t is not None else ""
    msk = (body.msk_id or b"").hex()
    if body.mtk_id is not None:
        return f"MIKEY MTK {body.mtk_id.hex()} under MSK {msk}{counter}"
    if is_solicited_pull(body):
        return f"MIKEY solicited pull, MSK {msk}{counter}"
    if is_msk_message(body):
        return f"MIKEY MSK {msk}{counter}"
    return f"MIKEY data type {body.data_type}"


def _dcf_summary(body: Dcf) -> str:
    types = " and ".join(content.content_type for content in body.contents) or "nothing"
    keys = dict.fromkeys(key for content in body.contents for key in content.keys if key.msk_id)
    under = " and ".join(f"MTK {key.mtk_id.hex()} of MSK {key.msk_id.hex()}" for key in keys)
    return f"DCF with {types}{f' under {under}' if under else ''}"
