"""What announces a service: its protection description and its description (TS 26.346 11.2, 11.3).

Names are matched without namespace and case; what a document leaves out stays empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from dissectors.text import number
from dissectors.xml_tree import Element
from dissectors.xml_values import decoded

_TRUE = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class ProtectedFlow:
    """The media flows ("address:port") that MSKs protect, each MSK as Key Domain ID and MSK ID."""

    flows: tuple[str, ...]
    msks: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class SecurityDescription:
    """securityDescription: where keys are asked for, and which protect what.

    `servers` are the URIs of BM-SC or SCF. `wait_time` and `max_back_off` are in seconds; what is not told is None.
    `fec` has the attributes of fecProtection.
    """

    servers: tuple[str, ...]
    wait_time: int | None
    max_back_off: int | None
    uicc_keys: bool | None
    allows_2g: bool | None
    protected: tuple[ProtectedFlow, ...]
    fec: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class UserService:
    """One MBMS user service: the URIs of its session and protection descriptions, in their order."""

    service: str
    names: tuple[str, ...]
    sessions: tuple[str, ...]
    protections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UserServices:
    """userServiceDescription, alone or in a bundle: the services described."""

    services: tuple[UserService, ...]


def security_description(root: Element) -> SecurityDescription:
    """Return what a securityDescription says."""
    keys = next(iter(_all(root, "keymanagement")), root)
    told = {name.lower(): value for name, value in attributes(keys).items()}
    fec = next(iter(_all(root, "fecprotection")), None)
    return SecurityDescription(
        tuple(each.text for each in _all(keys, "serveruri") if each.text),
        number(told.get("waittime", "")),
        number(told.get("maxbackoff", "")),
        _TRUE.get(told.get("uicckeymanagement", "").lower()),
        _TRUE.get(next((value.lower() for name, value in told.items() if "2g" in name), "")),
        tuple([_protected(each) for each in _all(root, "keyid")]),
        () if fec is None else tuple(attributes(fec).items()),
    )


def _protected(element: Element) -> ProtectedFlow:
    flows = [value for each in _all(element, "mediaflow") for value in (attributes(each).get("flowID", each.text),)]
    msks = [_msk(each) for each in _all(element, "msk")]
    return ProtectedFlow(tuple(flow for flow in flows if flow), tuple(msks))


def _msk(element: Element) -> tuple[bytes, bytes]:
    domain, msk_id = (value(element, name) for name in ("keydomainid", "mskid"))
    return decoded(domain, 3), decoded(msk_id, 4)


def user_services(root: Element) -> UserServices:
    """Return what a userServiceDescription or a bundle of them says."""
    described = [each for each in root.walk() if each.name == "userservicedescription"]
    return UserServices(tuple([_service(each) for each in described]))


def _service(element: Element) -> UserService:
    methods = _all(element, "deliverymethod")

    def told(name: str) -> tuple[str, ...]:
        found = [text for each in methods for key, text in each.own_values() if key == name]
        found += [each.text for method in methods for each in _all(method, name) if each.text]
        return tuple(dict.fromkeys(found))

    service = next((text for name, text in attributes(element).items() if name.lower() == "serviceid"), "")
    names = tuple(each.text for each in element.children if each.name == "name" and each.text)
    return UserService(service, names, told("sessiondescriptionuri"), told("protectiondescriptionuri"))


def attributes(element: Element) -> dict[str, str]:
    """Return the attributes of an element by their names without namespace."""
    return {name.rpartition("}")[2]: text.strip() for name, text in element.attributes.items()}


def value(element: Element, name: str) -> str:
    """Return the first value of a name (in lower case) in an element or below it, "" when there is none."""
    return next((text for each in element.walk() for key, text in each.own_values() if key == name), "")


def _all(element: Element, name: str) -> list[Element]:
    return [each for each in element.walk() if each.name == name]
