"""MIKEY messages with other names and keys in them: encrypted and authenticated as they were, under the new keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.analysis import Analysis
from analyzer.anonymous.rekey import Rekeyed
from analyzer.anonymous.texts import Texts
from analyzer.correlate import bodies
from analyzer.keys import mikey
from analyzer.keys.chain import Opened
from dissectors import Message, tree
from dissectors.mikey import Kemac, KeyDataPlain, Mikey, Verification

# Fields that may name somebody or be keys, which nothing here opens (RFC 3830 6, RFC 6043, RFC 6267, RFC 6509)
STRANGE = frozenset(f"mikey.{name}" for name in (
    "unread", "cert.data", "chash.data", "pke.data", "dh.value", "sign.data", "generic_id.session_data", "ext.data",
    "ext.bcast.data", "ext.key_id.data", "err.reserved", "sakke.data", "ticket.data", "thdr.data", "ibake.data",
    "esk.data", "sk.data", "eccpt.point", "eccpt.pad", "sp.patam.value",
))  # fmt: skip
TEXTS = frozenset({"mikey.ext.value"})
COUNTERS = (0, 32)  # bits by which a counter may stand further left in the IV


@dataclass(slots=True)
class MikeyMessages:
    """Makes them anew; a message that nothing opened keeps its form, and stays shut."""

    analysis: Analysis
    rekeyed: Rekeyed
    texts: Texts
    made: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    _sent: tuple[dict[bytes, list[Mikey]], dict[int, list[Message]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Sort MSK messages by MSK ID, and by CSB ID."""
        self._sent = {}, {}
        for message in self.analysis.story.traffic.mikey:
            sent = bodies.mikey(message)
            if sent is not None and sent.rand is not None:
                self._sent[0].setdefault(sent.msk_id or b"", []).append(sent)
                self._sent[1].setdefault(sent.csb_id, []).append(message)

    def octets(self, message: Message) -> bytes:
        """Return the octets of a message, as many."""
        before = message.payload.data
        if before not in self.made:
            self.made[before] = bytes(self._made(message))
        return self.made[before]

    def _made(self, message: Message) -> bytearray:
        body, data = message.body, bytearray(message.payload.data)
        if not isinstance(body, Mikey):
            data[:] = self.rekeyed.names.octets(bytes(data), "MIKEY")
            return data
        self._strange(message, data)
        first = self.analysis.story.traffic.folded.again.get(id(message), message)
        for identity in body.identities:
            begin = identity.end - len(identity.data)
            data[begin : identity.end] = self.texts.octets(identity.data)
        for kemac in (body.kemac, *body.inside):
            if kemac is not None:
                self._kemac(message, first, body, kemac, data)
        if body.verification is not None:
            self._verification(first, body, body.verification, data)
        return data

    def _strange(self, message: Message, data: bytearray) -> None:
        for outer in tree(message):
            for each in outer.walk():
                octets = bytes(data[each.start : each.end])
                if each.name in TEXTS:
                    data[each.start : each.end] = self.texts.opaque(octets.decode("latin-1")).encode("latin-1")
                elif each.name in STRANGE and not each.children:
                    data[each.start : each.end] = self.rekeyed.names.octets(octets, "MIKEY")

    def _kemac(self, message: Message, first: Message, body: Mikey, kemac: Kemac, data: bytearray) -> None:
        opened = self.analysis.story.chain.opening(first)
        under = None if opened is None else self._under(opened, body, kemac)
        end, names = kemac.mac_start + len(kemac.mac), self.rekeyed.names
        if opened is None or under is None:
            plain = next((part for part in message.inner if isinstance(part.body, KeyDataPlain)), None)
            hidden = names.octets(kemac.encr_data, "KEMAC")
            data[kemac.start : kemac.start + len(kemac.encr_data)] = self._plain(plain) if plain is not None else hidden
            data[kemac.mac_start : end] = names.octets(bytes(kemac.mac), "MAC")
            return
        csb_id, rand = under
        keys = [
            mikey.psk_keys(
                psk=psk, csb_id=csb_id, rand=rand, prf=body.prf, encr_alg=kemac.encr_alg, mac_alg=kemac.mac_alg
            )
            for psk in (opened.key.value, self.rekeyed.key(opened.key))
        ]
        if opened.plain is not None:
            for counter in _counters(body):
                given = {"encr_alg": kemac.encr_alg, "csb_id": csb_id, "t": counter}
                try:
                    fits = mikey.decrypt(keys=keys[0], data=kemac.encr_data, **given) == opened.plain.payload.data
                except ValueError:
                    continue
                if fits:
                    made = mikey.encrypt(keys=keys[1], data=self._plain(opened.plain), **given)
                    data[kemac.start : kemac.start + len(kemac.encr_data)] = made
                    break
        covered = bytes(data[: kemac.mac_start]) + (bytes(data[end:]) if "behind the KEMAC" in opened.variant else b"")
        data[kemac.mac_start : end] = mikey.kemac_mac(auth_key=keys[1].auth_key, covered=covered, mac_alg=kemac.mac_alg)

    def _plain(self, plain: Message) -> bytes:
        """Return the keys in a KEMAC with others in their place."""
        data = plain.payload.data
        for key in plain.body.keys if isinstance(plain.body, KeyDataPlain) else ():
            for value in (key.key, key.salt):
                if value:
                    data = data.replace(value, self.rekeyed.octets(value))
        return data

    def _under(self, opened: Opened, body: Mikey, kemac: Kemac) -> tuple[int, bytes] | None:
        """Return the CSB ID and the RAND that a message was opened with."""
        for csb_id, rand in self._tried(body, opened):
            keys = mikey.psk_keys(
                psk=opened.key.value, csb_id=csb_id, rand=rand, prf=body.prf, encr_alg=kemac.encr_alg,
                mac_alg=kemac.mac_alg,
            )  # fmt: skip
            if keys.auth_key == opened.auth_key:
                return csb_id, rand
        return None

    def _tried(self, body: Mikey, opened: Opened) -> Iterator[tuple[int, bytes]]:
        """Yield its own CSB ID and RAND first, or that of its MSK, then those of all messages with this MSK."""
        for rand in (body.rand, opened.key.rand):
            if rand is not None:
                yield body.csb_id, rand
        sent = self._sent[0].get(body.msk_id or b"", ())
        for csb_id in dict.fromkeys((body.csb_id, *(one.csb_id for one in sent))):
            for rand in dict.fromkeys(one.rand for one in sent):
                if rand is not None:
                    yield csb_id, rand

    def _verification(self, message: Message, body: Mikey, verification: Verification, data: bytearray) -> None:
        begin = verification.start
        at = bytes(message.payload.data).rfind(verification.data)
        checked = self.analysis.story.chain.verification(message)
        made = self.rekeyed.names.octets(verification.data, "V")
        if checked.ok and body.t is not None:
            for request in self._sent[1].get(body.csb_id, ()):
                found = self._v(request, message, body, verification, data[:begin])
                if found is not None:
                    made = found
                    break
        data[at : at + len(verification.data)] = made

    def _v(
        self, request: Message, message: Message, body: Mikey, verification: Verification, covered: bytearray
    ) -> bytes | None:
        """Return V as the UE makes it for a request, None where it was not for this one."""
        sent, opened = bodies.mikey(request), self.analysis.story.chain.opening(request)
        if sent is None or opened is None or sent.csb_id != body.csb_id or sent.rand is None or body.t is None:
            return None
        texts = request.payload.data, self.octets(request)
        tried: list[Iterator[tuple[str, bytes]]] = []
        for asking, psk, over in zip(
            texts, (opened.key.value, self.rekeyed.key(opened.key)),
            (message.payload.data[: verification.start], bytes(covered)), strict=True,
        ):  # fmt: skip
            keys = mikey.psk_keys(
                psk=psk, csb_id=sent.csb_id, rand=sent.rand, prf=sent.prf, mac_alg=verification.auth_alg
            )
            whole = [asking[each.start : each.end] if each is not None else b"" for each in (sent.idi, sent.idr)]
            bare = [
                one[len(one) - len(each.data) :] if each is not None else b""
                for one, each in zip(whole, (sent.idi, sent.idr), strict=True)
            ]
            tried.append(
                mikey.verification_macs(
                    auth_key=keys.auth_key, mac_alg=verification.auth_alg, covered=over, idi=bare[0], idr=bare[1],
                    idi_payload=whole[0], idr_payload=whole[1], t4=body.t.octets, t8=body.t.octets.rjust(8, b"\0"),
                )
            )  # fmt: skip
        before, after = tried
        for (_, old), (_, new) in zip(before, after, strict=True):
            if old == verification.data:
                return new
        return None


def _counters(body: Mikey) -> Iterator[int]:
    for bits in COUNTERS:
        yield 0 if body.t is None else body.t.value << bits
