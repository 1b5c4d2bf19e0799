"""Documents of GBA between nodes: Zn as a web service (TS 29.109 annex, SOAP), and user security settings (annex A)."""

from __future__ import annotations

from dataclasses import dataclass, field

from dissectors.announcement_xml import attributes, value
from dissectors.xml_tree import Element
from dissectors.xml_values import base64_octets, decoded

UA_ID = 5  # octets of the Ua security protocol identifier at the end of a NAF-Id
NAF_KEY = 32  # octets

REQUEST, RESPONSE, FAULT = (
    "requestbootstrappinginforequest", "requestbootstrappinginforesponse", "requestbootstrappinginfofault",
)  # fmt: skip
MESSAGES = frozenset({REQUEST, RESPONSE, FAULT})
_AWARE = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class ZnRequest:
    """A NAF asks a BSF: B-TID, its NAF-Id as FQDN and Ua id, GAA services; `uicc_aware` None when not told."""

    b_tid: str
    naf_fqdn: str
    ua_id: bytes
    services: tuple[str, ...]
    uicc_aware: bool | None


@dataclass(frozen=True, slots=True)
class Uss:
    """User security settings of one GAA service: identities of the user, and authorization flags."""

    service: str
    kind: str
    naf_group: str
    uids: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """GUSS of a user, or the USSs of it that a NAF may see; what is not told is ""."""

    impi: str
    uicc_type: str
    lifetime: str
    settings: tuple[Uss, ...]


@dataclass(frozen=True, slots=True)
class ZnAnswer:
    """A BSF answers with keys, empty where there are none; times are as sent, see `mbms_xml.parse_time`."""

    impi: str
    me_key: bytes = field(repr=False)
    uicc_key: bytes = field(repr=False)
    expires: str
    created: str
    gba_type: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class ZnFault:
    """A BSF refuses."""

    code: str
    text: str


ZnMessage = ZnRequest | ZnAnswer | ZnFault


def zn_message(root: Element, wrong: list[Element]) -> ZnMessage | None:
    """Return the message of Zn in an envelope or alone, None when there is none; `wrong` gets undecodable elements."""
    for element in root.walk():
        if element.name == REQUEST:
            return _request(element, wrong)
        if element.name == RESPONSE:
            return ZnAnswer(
                value(element, "impi"), _key(element, "mekeymaterial", wrong), _key(element, "uicckeymaterial", wrong),
                value(element, "keyexpirytime"), value(element, "bootstrappinginfocreationtime"),
                value(element, "gbatype"), settings(element),
            )  # fmt: skip
        if element.name == FAULT:
            return ZnFault(value(element, "errorcode"), value(element, "errortext"))
    return None


def _request(element: Element, wrong: list[Element]) -> ZnRequest:
    naf_id = base64_octets(value(element, "nafid"))
    if len(naf_id) <= UA_ID:
        wrong.append(next((each for each in element.walk() if each.name == "nafid"), element))
    services = tuple(each.text for each in element.walk() if each.name == "gsid" and each.text)
    fqdn = naf_id[:-UA_ID].decode("utf-8", "backslashreplace")
    aware = _AWARE.get(value(element, "gbauaware").lower())
    return ZnRequest(value(element, "btid"), fqdn, naf_id[-UA_ID:], services, aware)


def _key(element: Element, name: str, wrong: list[Element]) -> bytes:
    for each in element.walk():
        if each.name == name:
            key = decoded(each.text, NAF_KEY)
            if len(key) != NAF_KEY:
                wrong.append(each)
                return b""
            return key
    return b""


def settings(root: Element) -> Settings:
    """Return the user security settings in a document, or below an element."""
    guss = next((each for each in root.walk() if each.name == "guss"), None)
    impi = "" if guss is None else attributes(guss).get("id", "")
    found = [_uss(each) for each in root.walk() if each.name == "uss"]
    return Settings(impi, value(root, "uicctype"), value(root, "lifetime"), tuple(found))


def _uss(element: Element) -> Uss:
    told = {name.lower(): text for name, text in attributes(element).items()}
    uids = [each.text for each in element.walk() if each.name == "uid" and each.text]
    flags = [each.text for each in element.walk() if each.name == "flag" and each.text]
    return Uss(told.get("id", ""), told.get("type", ""), told.get("nafgroup", ""), tuple(uids), tuple(flags))
