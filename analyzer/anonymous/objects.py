"""Objects that FLUTE carries, and the packets that carry them: key messages, descriptions of sessions, FDTs, DCFs."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from analyzer.analysis import Analysis
from analyzer.anonymous.rekey import Rekeyed
from analyzer.anonymous.texts import Texts
from analyzer.correlate import bodies
from analyzer.keys import dcf, mikey
from analyzer.keys.downloads import mbms_keys
from dissectors import Message, Payload
from dissectors.dcf import Content, Dcf
from dissectors.flute import Flute

READABLE = frozenset({"fdt", "sdp"})  # objects that are text
XML = frozenset({"mbms-xml", "announcement-xml"})
FDT = "application/fdt"  # how the types of FDTs begin: with +xml or not
NO_KEYS = mikey.TgkKeys(b"", b"")


@dataclass(slots=True)
class Objects:
    """Makes objects anew, and of each packet the piece that it carries; `key_message` makes those of MIKEY."""

    analysis: Analysis
    rekeyed: Rekeyed
    texts: Texts
    key_message: Callable[[Message], bytes]
    _made: dict[str, dict[bytes, bytes]] = field(default_factory=dict, repr=False)  # by destination

    def make(self, document: Callable[[bytes, Payload], bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield the packets of FLUTE, before and after; those of objects that are not whole are none of them.

        `document` gives what stands for XML.
        """
        for message in self.analysis.messages:
            if bodies.is_object(message):
                made = self._made.setdefault(message.payload.dst, {})
                if message.payload.data not in made:
                    made[message.payload.data] = self._object(message, document)
        for message in self.analysis.messages:
            if isinstance(message.body, Flute):
                before = message.payload.data
                after = self._packet(message.body, before, self._made.get(message.payload.dst, {}))
                if after is not None:
                    yield before, after

    def _packet(self, body: Flute, data: bytes, made: dict[bytes, bytes]) -> bytes | None:
        if not body.payload:
            return data
        size = len(body.payload)
        for old, new in made.items():
            at = old.find(body.payload)
            if at >= 0 and len(old) == len(new):
                return data[: body.start] + new[at : at + size] + data[body.start + size :]
        return None

    def _object(self, message: Message, document: Callable[[bytes, Payload], bytes]) -> bytes:
        data = message.payload.data
        if message.protocol == "mikey":
            return self.key_message(message)
        if isinstance(message.body, Dcf):
            return self.dcf(message, message.body)
        if message.protocol in XML:
            return document(data, message.payload)
        return self.texts.octets(data) if message.protocol in READABLE else self.rekeyed.names.octets(data, "object")

    # ------------------------------------------------------------------------------------------------- DCF

    def dcf(self, message: Message, body: Dcf) -> bytes:
        """Return a DCF with other contents, encrypted and signed as the old one was."""
        before = message.payload.data
        old, new, reading = next(self._fitting(before, body), (NO_KEYS, NO_KEYS, None))
        data = bytearray(before)
        at = 0
        for content in body.contents:
            data[at : content.start] = self.texts.embedded(before[at : content.start])
            at = content.start + len(content.data)
            data[content.start : at] = self._content(content, old, new)
        signature = body.signature
        if signature is None:
            data[at:] = self.texts.embedded(before[at:])
            return bytes(data)
        value = signature.end - len(signature.value)
        data[at : signature.start] = self.texts.embedded(before[at : signature.start])
        data[value : signature.end] = self.rekeyed.names.octets(signature.value, "signature")
        if reading is not None:
            octets = next(octets for name, octets in dcf.covered(bytes(data), signature) if name == reading)
            data[value : signature.end] = hmac.digest(new.auth_key, octets, "sha1")
        return bytes(data)

    def _content(self, content: Content, old: mikey.TgkKeys, new: mikey.TgkKeys) -> bytes:
        try:
            plain = dcf.decrypt(encr_key=old.encr_key, content=content)
        except ValueError:  # no key, or another one
            return self.rekeyed.names.octets(content.data, "content")
        made = (
            self.texts.octets(plain)
            if content.content_type.startswith(FDT)
            else self.rekeyed.names.octets(plain, "content")
        )
        return dcf.encrypt(encr_key=new.encr_key, content=content, plain=made)

    def _fitting(self, data: bytes, body: Dcf) -> Iterator[tuple[mikey.TgkKeys, mikey.TgkKeys, str | None]]:
        """Yield the keys of a DCF, the new ones, and how it was signed: first those that its MAC vouches for."""
        tried = list(self._keys(body))
        for old, new in tried:
            reading = dcf.verify(auth_key=old.auth_key, data=data, body=body)
            if reading is not None:
                yield old, new, reading
        for old, new in tried:
            if all(_decrypts(old, content) for content in body.contents):
                yield old, new, None

    def _keys(self, body: Dcf) -> Iterator[tuple[mikey.TgkKeys, mikey.TgkKeys]]:
        chain, traffic = self.analysis.story.chain, self.analysis.story.traffic
        sent = [one for message in traffic.mikey if (one := bodies.mikey(message)) is not None]
        rands = {one.rand: None for one in sent if one.rand is not None}
        rands |= {key.rand: None for keys in chain.msks.values() for key in keys if key.rand is not None}
        asked = {(one.csb_id, one.prf): None for one in sent if bodies.is_mtk_message(one)}
        for name in mbms_keys(body):
            for key in chain.mtks.get((name.key_domain, name.msk_id, name.mtk_id), ()):
                for csb_id, prf in asked:
                    for rand in rands:
                        for cs_id in mikey.CS_IDS:
                            old, new = (
                                mikey.tgk_keys(tgk=tgk, cs_id=cs_id, csb_id=csb_id, rand=rand, prf=prf)
                                for tgk in (key.value, self.rekeyed.key(key))
                            )
                            yield old, new


def _decrypts(keys: mikey.TgkKeys, content: Content) -> bool:
    try:
        dcf.decrypt(encr_key=keys.encr_key, content=content)
    except ValueError:
        return False
    return True
