"""Diameter without names and keys: AVPs that are known keep their form, of others nothing stays but their length."""

from __future__ import annotations

import string
from collections import Counter
from dataclasses import dataclass, field

from analyzer.anonymous.contents import UA_ID, Contents, is_text
from analyzer.anonymous.rekey import Rekeyed
from dissectors import Message, Payload, tree
from dissectors.cursor import Field

# AVPs without names, by what follows "diameter."
PLAIN = frozenset({
    "Digest-Algorithm", "Digest-CNonce", "Digest-Method", "Digest-Nonce", "Digest-Nextnonce", "Digest-Nonce-Count",
    "Digest-Opaque", "Digest-Qop", "Digest-Stale", "GAA-Service-Identifier", "Security-Feature-Request",
    "Security-Feature-Response", "Service-Indication", "SIP-Method", "SIP-Supported-User-Data-Type",
    "SIP-User-Data-Type", "UICC-App-Label", "3GPP-SIP-Authentication-Scheme", "NAF-SA-Identifier", "DSAI-Tag",
})  # fmt: skip
FREE = frozenset({"Error-Message", "Product-Name", "Reason-Info", "SIP-Reason-Info"})
DIGESTS = frozenset({"Digest-HA1", "Digest-Response", "Digest-Response-Auth", "Digest-Entity-Body-Hash"})
DOCUMENTS = frozenset({
    "GBA-UserSecSettings", "Cx-User-Data", "Sh-User-Data", "SIP-User-Data-Contents", "GBA-Push-Info",
})  # fmt: skip
NOBODYS = frozenset({"avp.unknown", "avp.invalid-data", "avp.pad"})
MSISDN = "MSISDN"
MAX_NUMBER = 10  # digits of the parts of a session id that count (RFC 6733 8.8)

UNKNOWN = "octets of AVPs that keyshark does not know blanked"


@dataclass(slots=True)
class DiameterMessages:
    """Makes them anew, each of as many octets."""

    rekeyed: Rekeyed
    contents: Contents
    counts: Counter[str] = field(default_factory=Counter)

    def octets(self, message: Message) -> bytes:
        """Return the octets of a message."""
        data = bytearray(message.payload.data)
        for outer in tree(message):
            for each in outer.walk():
                if not each.children and not isinstance(each.value, int) and each.start < each.end:
                    octets = message.payload.data[each.start : each.end]
                    data[each.start : each.end] = self._avp(each, octets, message.payload)
        return bytes(data)

    def _avp(self, avp: Field, octets: bytes, payload: Payload) -> bytes:
        name = avp.name.removeprefix("diameter.")
        if name in NOBODYS:
            if name != "avp.pad" and any(octets):
                self.counts[UNKNOWN] += len(octets)
            return bytes(len(octets))
        names, texts = self.rekeyed.names, self.contents.texts
        shown = avp.value if isinstance(avp.value, str) else ""
        address = names.address(shown)
        if address != shown and shown.encode() != octets:
            size = 4 if "." in shown else 16
            return octets[:-size] + names.packed(octets[-size:])
        if name == "Session-Id":
            return self._session(octets.decode("latin-1")).encode("latin-1")
        if name in FREE:
            return self.contents.opaque(octets)
        if name in DOCUMENTS and octets.lstrip().startswith(b"<"):
            return self.contents.document(octets, payload)
        if name == MSISDN:
            return self._bcd(octets)
        if is_text(octets) or (len(octets) > 2 * UA_ID and is_text(octets[:-UA_ID])):
            made = self.contents.printed(octets)
        else:
            made = texts.embedded(octets)
        if made != octets or name in PLAIN or avp.name == name:  # not of an AVP
            return made
        if name in DIGESTS:
            return self._digest(octets)
        return names.host(octets.decode()).encode() if is_text(octets) else names.octets(octets, "AVP")

    def _session(self, text: str) -> str:
        """Return a session id: the host that made it, two numbers, and what that host thought of (RFC 6733 8.8)."""
        host, *rest = text.split(";")
        made = self.contents.texts.text(host)
        made = self.rekeyed.names.host(host) if made == host else made
        numbers = (
            one if one.isdigit() and len(one) <= MAX_NUMBER else self.rekeyed.names.word(one) for one in rest[:2]
        )
        return ";".join((made, *numbers, *map(self.contents.texts.opaque, rest[2:])))

    def _bcd(self, octets: bytes) -> bytes:
        """Return a number in telephony BCD (TS 29.002): the first digit is in the lower half of an octet."""
        digits = "".join(f"{octet & 0x0F:x}{octet >> 4:x}" for octet in octets)
        made = self.rekeyed.names.word(digits.rstrip("f")).ljust(len(digits), "f")
        made = "".join(new if old in string.digits else old for old, new in zip(digits, made, strict=True))
        return bytes(int(made[at], 16) | int(made[at + 1], 16) << 4 for at in range(0, len(made), 2))

    def _digest(self, octets: bytes) -> bytes:
        try:
            return self.contents.texts.hex(octets.decode()).encode()
        except ValueError:
            return self.contents.opaque(octets)
