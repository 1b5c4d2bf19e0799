"""Another hop between P-CSCF and SCF: a proxy (RFC 3261 16), or a B2BUA, which begins dialogs of its own (RFC 7092)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sample_pcaps.forge_text import Text


@dataclass
class Proxy:
    """Hands on what comes, with a Via and a Record-Route of its own."""

    address: str
    token: Callable[[str], str]
    branches: dict[str, str] = field(default_factory=dict)  # by the top Via that came

    def request(self, message: Text) -> Text:
        """Return a request as it goes on to the SCF."""
        vias = _all(message, "Via")
        branch = self.branches.setdefault(vias[0], f"z9hG4bK{self.token('relay branch')}")
        onwards = message.with_header("Via", [f"SIP/2.0/UDP {self.address}:5060;branch={branch}", *vias])
        routes = _all(message, "Record-Route")
        if routes:
            onwards = onwards.with_header("Record-Route", [f"<sip:{self.address};lr>", *routes])
        return onwards.with_header("Max-Forwards", _fewer(message))

    def answer(self, message: Text) -> Text:
        """Return an answer as the SCF gave it, from the one that goes back to the P-CSCF."""
        vias = _all(message, "Via")
        own = f"SIP/2.0/UDP {self.address}:5060;branch={self.branches[vias[0]]}"
        onwards = message.with_header("Via", [own, *vias])
        routes = _all(message, "Record-Route")
        return onwards.with_header("Record-Route", [f"<sip:{self.address};lr>", *routes]) if routes else onwards


@dataclass
class Leg:
    """The dialog of a B2BUA with the SCF that stands for one of a UE."""

    call_id: str
    tag: str
    scf_tag: str
    cseq: int


@dataclass
class B2bua:
    """Ends the dialog of the UE and has one of its own with the SCF: other Call-ID, tags, CSeq, Via and Contact."""

    address: str
    token: Callable[[str], str]
    legs: dict[str, Leg] = field(default_factory=dict)  # by the Call-ID of the UE
    branches: dict[str, str] = field(default_factory=dict)

    def leg(self, message: Text) -> Leg:
        call_id = message.get("Call-ID") or ""
        if call_id not in self.legs:
            own = f"{self.token('relay call')}@{self.address}"
            self.legs[call_id] = Leg(own, self.token("relay tag"), self.token("relay scf tag"), 7000)
        return self.legs[call_id]

    def request(self, message: Text) -> Text:
        """Return a request as it goes on to the SCF."""
        onwards = self._renamed(message).with_header("Max-Forwards", "70")
        onwards = onwards.with_header("Route", None).with_header("Record-Route", None)
        return onwards.with_header("Contact", f"<sip:{self.address}:5060>") if message.get("Contact") else onwards

    def answer(self, message: Text) -> Text:
        """Return an answer as the SCF gave it, from the one that goes back to the P-CSCF."""
        return self._renamed(message).with_header("Record-Route", None)

    def _renamed(self, message: Text) -> Text:
        leg = self.leg(message)
        number, _, method = (message.get("CSeq") or "").partition(" ")
        via = _all(message, "Via")[0]
        branch = self.branches.setdefault(via, f"z9hG4bK{self.token('relay branch')}")
        caller, _, _ = (message.get("From") or "").partition(";tag=")
        called, tagged, _ = (message.get("To") or "").partition(";tag=")
        return (
            message.with_header("Via", f"SIP/2.0/UDP {self.address}:5060;branch={branch}")
            .with_header("From", f"{caller};tag={leg.tag}")
            .with_header("To", f"{called};tag={leg.scf_tag}" if tagged else called)
            .with_header("Call-ID", leg.call_id)
            .with_header("CSeq", f"{leg.cseq + int(number)} {method}")
        )


Relay = Proxy | B2bua


def _all(message: Text, name: str) -> list[str]:
    return [value for key, value in message.headers if key.lower() == name.lower()]


def _fewer(message: Text) -> str:
    return str(int(message.get("Max-Forwards") or 70) - 1)
