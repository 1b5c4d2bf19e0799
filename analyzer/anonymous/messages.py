"""What stands for each message of a case: its text, its octets, and the digests over them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.analysis import Analysis
from analyzer.anonymous.contents import Contents
from analyzer.anonymous.diameter_messages import DiameterMessages
from analyzer.anonymous.mikey_messages import MikeyMessages
from analyzer.anonymous.rekey import Rekeyed
from analyzer.anonymous.texts import Texts
from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange
from analyzer.keys import digest
from analyzer.keys.aka import flipped_res
from analyzer.keys.chain import Checked
from analyzer.keys.digests import FLIPPED_RES, MRK_VARIANTS
from dissectors import Message, dissect, tree
from dissectors.digest import Auth, parse_info
from dissectors.http import Http

TEXT = frozenset({"sip", "http"})
AKA_V1 = "the password of AKAv1"


@dataclass(slots=True)
class Messages:
    """Makes them anew, each from the octets it had; `made` are by these."""

    analysis: Analysis
    rekeyed: Rekeyed
    texts: Texts
    mikey: MikeyMessages
    contents: Contents
    diameter: DiameterMessages
    made: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    _first: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict, repr=False)

    def make(self) -> None:
        """Make all messages of the case."""
        for message in self.analysis.messages:
            before = message.payload.data
            if before not in self.made:
                after = self._octets(message)
                if after is not None:
                    self.made[before] = after
        for exchange in self._exchanges():
            self._digests(exchange)

    def _octets(self, message: Message) -> bytes | None:
        if message.protocol == "mikey":
            return self.mikey.octets(message)
        if message.protocol == "diameter":
            return self.diameter.octets(message)
        if message.protocol not in TEXT:
            return None
        if isinstance(message.body, Http) and message.body.stream is not None:
            return self._http2(message)
        return self.contents.message(message)

    def _http2(self, message: Message) -> bytes:
        """Return a message of HTTP/2, which has lengths before its header fields and its body."""
        data = bytearray(message.payload.data)
        for outer in tree(message):
            for each in outer.walk():
                if each.name == "http2.header":
                    name, value = (
                        next(one for one in each.children if one.name == f"http2.header.{what}")
                        for what in ("name", "value")
                    )
                    before = bytes(data[name.start : name.end] + b": " + data[value.start : value.end])
                    after = self.contents.header(before.partition(b": ")[0].decode("latin-1"), before)
                    data[value.start : value.end] = after[name.end - name.start + 2 :]
                elif each.name == "http2.data.data" and isinstance(message.body, Http):
                    made = self.contents.content(
                        message.body.headers, bytes(data[each.start : each.end]), message.payload
                    )
                    data[each.start : each.end] = made
        return bytes(data)

    # ------------------------------------------------------------------------------------------------- digests

    def _exchanges(self) -> Iterator[Exchange]:
        traffic = self.analysis.story.traffic
        seen = set()
        for exchange in (*(e for run in traffic.bootstrappings for e in run.exchanges), *traffic.exchanges):
            if exchange.protocol == "http" and id(exchange) not in seen:
                seen.add(id(exchange))
                yield exchange

    def _digests(self, exchange: Exchange) -> None:
        chain = self.analysis.story.chain
        for request in exchange.requests:
            old, new = self._bodies(request)
            given = None if old is None else gba.authorization(old)
            changed = None if new is None else gba.authorization(new)
            if old is None or new is None or given is None or changed is None or not given.get("response"):
                continue
            checked = chain.digest(request)
            response = given.get("response") or ""
            first = self._secret(checked, given, changed) if checked.ok else None
            if first is None and _response(old, given, _empty(given)) == response.lower():
                first = _empty(changed)
            made = self._drawn(response) if first is None else _response(new, changed, first)
            self._replace(request, response, made)
            for answer in exchange.answers:
                self._answer(answer, given, changed, first)

    def _answer(self, answer: Message, given: Auth, changed: Auth, first: str | None) -> None:
        old, new = self._bodies(answer)
        value = None if old is None else old.headers.get("Authentication-Info")
        if old is None or new is None or value is None:
            return
        told = parse_info(value)
        proof = told.get("rspauth") or ""
        if not proof:
            return
        made = self._drawn(proof)
        if first is not None and self.analysis.story.chain.digest(answer).ok:
            fresh = parse_info(new.headers.get("Authentication-Info") or "")
            made = digest.rspauth(
                ha1=first, uri=changed.get("uri") or "", nonce=changed.get("nonce") or "",
                nc=fresh.get("nc") or changed.get("nc") or "",
                cnonce=fresh.get("cnonce") or changed.get("cnonce") or "",
                qop=fresh.get("qop") or changed.get("qop") or "", body=new.raw,
                algorithm=changed.get("algorithm") or "MD5",
            )  # fmt: skip
        self._replace(answer, proof, made)

    def _bodies(self, message: Message) -> tuple[Http | None, Http | None]:
        made = self.made.get(message.payload.data)
        new = None if made is None else dissect(message.payload._replace(data=made), "http")
        return bodies.http(message), None if new is None else bodies.http(new)

    def _replace(self, message: Message, old: str, new: str) -> None:
        data = message.payload.data
        if len(old) == len(new):
            before, after = (text.encode("latin-1", "replace") for text in (self._drawn(old), new))
            self.made[data] = self.made[data].replace(before, after)

    def _drawn(self, value: str) -> str:
        """Return what the texts have in the place of a digest."""
        try:
            return self.texts.hex(value)
        except ValueError:
            return value

    def _secret(self, checked: Checked, given: Auth, changed: Auth) -> str | None:
        """Return HA1 of the new password, in the session of the old one; None where it is not known what was one."""
        who = given.get("username") or "", given.get("realm") or ""
        own = given.get("nonce") or "", given.get("cnonce") or ""
        password = self._password(checked, given)
        if password is None:
            return None
        begun = self._first.setdefault(who, own)
        nonce, cnonce = (begun[0], begun[1]) if digest.has_sessions(given.get("algorithm") or "") else own
        return digest.ha1(
            username=changed.get("username") or "", realm=changed.get("realm") or "", password=password,
            algorithm=changed.get("algorithm") or "MD5", cnonce=cnonce,
            nonce=self.rekeyed.nonce(nonce) or self.texts.text(nonce),
        )  # fmt: skip

    def _password(self, checked: Checked, given: Auth) -> bytes | None:
        key, variant = checked.key, checked.variant
        if key is not None and key.kind == "MRK":
            encoding = next((name for name, called in MRK_VARIANTS.items() if called == variant), None)
            return dict(digest.mrk_passwords(mrk=self.rekeyed.key(key))).get(encoding or "")
        vector = gba.nonce_vector(given.get("nonce"))
        runs = [] if vector is None else self.rekeyed.runs.get(vector[0], [])
        proven = [(old, new) for old, new in runs if old.mac_ok] or runs
        if not proven:
            return None
        run = proven[0][1]
        res = flipped_res(res=run.res) if FLIPPED_RES in variant else run.res
        if variant.startswith("RES in base64"):
            return base64.b64encode(run.res)
        if variant.startswith("RES in hex"):
            return run.res.hex().encode()
        second = (given.get("algorithm") or "").upper().startswith("AKAV2")
        if second and not variant.startswith(AKA_V1):
            return digest.aka_v2_password(res=res, ik=run.ik, ck=run.ck)
        return res


def _empty(given: Auth) -> str:
    """Return HA1 of no password, as beside an AUTS (RFC 3310 3.4)."""
    return digest.ha1(
        username=given.get("username") or "", realm=given.get("realm") or "", password=b"",
        algorithm=given.get("algorithm") or "MD5", nonce=given.get("nonce") or "", cnonce=given.get("cnonce") or "",
    )  # fmt: skip


def _response(body: Http, given: Auth, first: str) -> str:
    return digest.response(
        ha1=first, method=body.method or "", uri=given.get("uri") or "", nonce=given.get("nonce") or "",
        nc=given.get("nc") or "", cnonce=given.get("cnonce") or "", qop=given.get("qop") or "", body=body.raw,
        algorithm=given.get("algorithm") or "MD5",
    )  # fmt: skip
