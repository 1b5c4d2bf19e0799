"""All fields that dissectors leave: name, type, meaning, and whether Wireshark calls it the same.

Most stand in fields.tsv; the AVPs of Diameter and the parameters of SRTP come from the tables they are read by.
A name that ends in `*` stands for all that begin so: names that come from the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dissectors.diameter_avps import AVPS, AvpType
from dissectors.mikey_names import SRTP_POLICY, TESLA_POLICY

TABLE = Path(__file__).with_name("fields.tsv")
FAMILY = "*"
MAX_NEAR = 3  # such names that are told
ALIKE = 0.05  # how much less like it than the nearest the others may be
CLOSE = 0.75  # how like another a name is that was meant to be that
_TYPES = {"uint": "number", "int": "number", "naf_id": "group", "grouped": "group", "address": "group", "time": "time"}
_OURS = frozenset(("NAF-Id", "Privileged-Sender-Indication"))  # otherwise in Wireshark
_POLICY_OURS = frozenset(("roc_rate", *(name for kind, (name, _) in SRTP_POLICY.items() if kind > 13)))


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field that messages can have; `origin` is both (Wireshark's name too) or ours."""

    name: str
    kind: str  # number, text, octets, address, time or group
    origin: str
    meaning: str

    @property
    def protocol(self) -> str:
        """What the name begins with."""
        return self.name.partition(".")[0]


@lru_cache(maxsize=1)
def fields() -> dict[str, FieldType]:
    """Return all fields by name, in the order of their protocols and names."""
    found = sorted((*_listed(), *_avps(), *_policies()), key=lambda each: (each.protocol, each.name))
    return {each.name: each for each in found}


def unknown(name: str) -> str:
    """Say why a name is none of a protocol or field, "" where it is one."""
    known = fields()
    if name in known:
        return ""
    begun = [each for each in known if each.startswith(name) and FAMILY not in each]
    if begun:
        return f"{name!r} is only the beginning of a name such as {begun[0]}"
    near = _near(name)
    if near:
        return f"no field or protocol is called {name!r}: did you mean {' or '.join(near)}?"
    if any(each.endswith(FAMILY) and name.startswith(each[:-1]) and name != each[:-1] for each in known):
        return ""
    return f"no field or protocol is called {name!r}: `keyshark fields` lists them"


def _near(name: str) -> list[str]:
    import difflib  # noqa: PLC0415  # only where a name is not known

    protocol = name.partition(".")[0]
    family = any(each.endswith(FAMILY) and name.startswith(each[:-1]) for each in fields())
    own = [each for each in fields() if FAMILY not in each and (each.partition(".")[0] == protocol or not family)]
    near = difflib.get_close_matches(name, own, n=MAX_NEAR, cutoff=0.9 if family else CLOSE)
    likes = [difflib.SequenceMatcher(None, each, name).ratio() for each in near]
    return [each for each, like in zip(near, likes, strict=True) if like > likes[0] - ALIKE]


def _listed() -> Iterator[FieldType]:
    _, *rows = TABLE.read_text(encoding="utf-8").splitlines()
    for row in rows:
        yield FieldType(*row.split("\t"))


def _avps() -> Iterator[FieldType]:
    for (vendor, code), known in AVPS.items():
        origin = "ours" if known.name in _OURS else "both"
        meaning = f"AVP {code} of {'3GPP' if vendor else 'the IETF'}"
        yield FieldType(f"diameter.{known.name}", _TYPES.get(known.kind, known.kind), origin, meaning)
        yield from _below(known)


def _below(known: AvpType) -> Iterator[FieldType]:
    name = f"diameter.{known.name}"
    if known.kind == "address":
        yield FieldType(f"{name}.addr_family", "number", "both", "address family")
        yield FieldType(f"{name}.IPv4", "address", "both", "the address")
        yield FieldType(f"{name}.IPv6", "address", "both", "the address")
        yield FieldType(f"{name}.Bytes", "octets", "both", "an address of another family")
    if known.kind in ("grouped", "address"):
        yield FieldType(f"{name}.rest", "octets", "ours", "octets after the last one that was read")


def _policies() -> Iterator[FieldType]:
    for kind, (name, _) in SRTP_POLICY.items():
        origin = "ours" if name in _POLICY_OURS else "both"
        yield FieldType(f"mikey.sp.{name}", "number", origin, f"SRTP policy, parameter {kind}")
    for kind, (name, _) in TESLA_POLICY.items():
        yield FieldType(f"mikey.sp.tesla.{name}", "number", "ours", f"TESLA policy, parameter {kind}")
    for name in ("mikey.sp.params", "mikey.ext.data", "mikey.ext.key_id"):
        yield FieldType(f"{name}.rest", "octets", "ours", "octets after the last one that was read")
