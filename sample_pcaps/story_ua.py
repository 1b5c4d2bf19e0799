"""Steps on Ua: registration, deregistration and MSK request of the HTTP variant (TS 33.246 6.3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sample_pcaps import forge_text as text
from sample_pcaps.forge_text import Edits, Text
from sample_pcaps.stage import BM_SC_FQDN, KEY_DOMAIN, Stage, Ue, authorization, check_names, date, edit_of
from sample_pcaps.story_gba import GbaSteps
from sample_pcaps.wire import Wire

UA_MESSAGES = ("request", "challenge", "authorized", "answer")
CONTENT = {
    "register": "application/mbms-register+xml",
    "deregister": "application/mbms-deregister+xml",
    "msk-request": "application/mbms-msk+xml",
}
RESPONSE = "application/mbms-register-response+xml"
MSK_RESPONSE = "application/mbms-msk-response+xml"
CURRENT = bytes.fromhex("00010000")  # key group 1, Key Number 0: the current MSK

Pair = tuple[bytes, bytes]


class UaSteps(GbaSteps):
    """What a UE asks of the BM-SC over HTTP."""

    def register(
        self,
        ue: Ue | None = None,
        *,
        services: Sequence[str] | None = None,
        statuses: Mapping[str, int] | None = None,
        zn: bool | Mapping[str, object] | None = None,
        edits: Edits | None = None,
        **more: object,
    ) -> None:
        """POST requesttype=register; `statuses` maps each service to its code in the answer, 200 where not given.

        Further keywords are those of `ua`.
        """
        asked = self.services if services is None else tuple(services)
        told = dict.fromkeys(asked, 200) | dict(statuses or {})
        self.ua(
            "register", ue, body=text.register_xml(asked), answer=text.service_statuses_xml(told), zn=zn, edits=edits,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip

    def deregister(
        self,
        ue: Ue | None = None,
        *,
        services: Sequence[str] | None = None,
        statuses: Mapping[str, int] | None = None,
        edits: Edits | None = None,
        **more: object,
    ) -> None:
        """POST requesttype=deregister; further keywords are those of `ua`."""
        asked = self.services if services is None else tuple(services)
        told = dict.fromkeys(asked, 200) | dict(statuses or {})
        self.ua(
            "deregister", ue, body=text.deregister_xml(asked), answer=text.service_statuses_xml(told), edits=edits,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip

    def msk_request(
        self,
        ue: Ue | None = None,
        *,
        pairs: Sequence[Pair] = ((KEY_DOMAIN, CURRENT),),
        statuses: Mapping[Pair, int] | None = None,
        edits: Edits | None = None,
        **more: object,
    ) -> None:
        """POST requesttype=msk-request for (Key Domain ID, MSK ID) pairs; further keywords are those of `ua`."""
        told = dict.fromkeys(pairs, 200) | dict(statuses or {})
        self.ua(
            "msk-request", ue, body=text.msk_xml(pairs), answer=text.msk_statuses_xml(told), edits=edits,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip

    def ua(
        self,
        asked: str,
        ue: Ue | None = None,
        *,
        body: bytes,
        answer: bytes,
        requesttype: str | None = None,
        path: str = "/keymanagement",
        host: str = BM_SC_FQDN,
        content_type: str | None = None,
        answer_type: str | None = None,
        identity: str | None = None,
        user_agent: str | None = "sample-ue/1.0 3gpp-gba",
        realm: str | None = None,
        algorithm: str = "MD5",
        b_tid: str | None = None,
        password: bytes | None = None,
        qop: str = "auth-int",
        nc: str | None = None,
        challenge: bool | None = None,
        stale: bool = False,
        preauthorize: bool = False,
        retry: bool = True,
        status: str = "200 OK",
        zn: bool | Mapping[str, object] | None = None,
        ip: str | None = None,
        edits: Edits | None = None,
    ) -> None:
        """One request on Ua with its digest: messages request, challenge, authorized, answer.

        `challenge` None means: 401 to the first request with a B-TID, later ones use the nonce with the next nc.
        True sends a request, gets a 401 and repeats; False goes without. With `preauthorize` the request that
        meets the 401 carries credentials too (a renegotiation, or with `stale` a new nonce). `retry` False ends
        after the 401. `zn` None asks the BSF the first time that the B-TID is used, before the answer; with
        `preauthorize` True asks it before the 401; a mapping holds keywords of `zn`. `identity` replaces the quoted
        IMPU, `password` base64(MRK), `requesttype` the one in the URI. Edit.digest and Edit.claim of "request" and
        "authorized" are directives of Authorization, of "answer" those of Authentication-Info (an edit that sets
        that header itself to None drops it).
        """
        check_names(edits, UA_MESSAGES)
        ue = ue or self.ue
        run = ue.of_b_tid(b_tid) if b_tid in {r.b_tid for r in ue.gba} else ue.last
        user = b_tid or run.b_tid
        uri = f"{path}?requesttype={asked if requesttype is None else requesttype}"
        headers = {
            "Host": host,
            "User-Agent": user_agent,
            "Date": date(self.now),
            "Accept": "*/*",
            "X-3GPP-Intended-Identity": f'"{ue.impu}"' if identity is None else identity,
            "Content-Type": content_type or CONTENT.get(asked, CONTENT["register"]),
        }
        known = ue.nonces.get(user)
        talk = _Ua(
            stage=self,
            wire=self.connect(ip or ue.ip, self.addresses.bm_sc),
            edits=edits,
            post=Text.of(f"POST {uri} HTTP/1.1", headers, body),
            secret=password or text.base64_of(run.mrk(self.naf_fqdn, self.ua_id)).encode(),
            given={
                "username": user,
                "realm": realm or f"3GPP-bootstrapping@{BM_SC_FQDN}",
                "uri": uri,
                "algorithm": algorithm,
                "qop": qop,
                "opaque": self.token("opaque"),
            },
        )
        keywords: dict[str, object] = {"b_tid": user} | (dict(zn) if isinstance(zn, Mapping) else {})
        if known is None if challenge is None else challenge:
            if preauthorize:
                nonce, count = known or (self.token("nonce"), 0)
                talk.ask("request", nonce, f"{count + 1:08x}")
            else:
                talk.ask("request")
            if preauthorize and zn:
                self.zn(ue, **keywords)  # type: ignore[arg-type]
            ue.nonces[user] = (talk.refuse(stale=stale), 0)
            if not retry:
                talk.wire.close()
                return
        nonce, count = ue.nonces.get(user) or (self.token("nonce"), 0)
        ue.nonces[user] = (nonce, count + 1)
        given = talk.ask("authorized", nonce, nc or f"{count + 1:08x}")
        if zn if zn is not None else known is None and not preauthorize:
            self.zn(ue, **keywords)  # type: ignore[arg-type]
        talk.reply(given, status, answer_type or (MSK_RESPONSE if asked == "msk-request" else RESPONSE), answer)
        talk.wire.close()
        if status.startswith("200"):
            ue.used = user


@dataclass
class _Ua:
    """One request on Ua while it goes on; `given` are the directives that all its credentials share."""

    stage: Stage
    wire: Wire
    edits: Edits | None
    post: Text
    secret: bytes = field(repr=False)
    given: Mapping[str, str | None]

    def ask(self, which: str, nonce: str | None = None, count: str = "") -> dict[str, str | None]:
        """Send the POST, with a nonce authorized; return its credentials as they went into the digest."""
        edit = edit_of(self.edits, which)
        message = edit.early(self.post)
        used: dict[str, str | None] = {}
        if nonce is not None:
            used = self._credentials(nonce, count) | dict(edit.digest)
            if "response" not in edit.digest:
                used["response"] = text.digest_of(used, self.secret, "POST", message.body)
            if "Authorization" not in edit.headers:
                message = message.with_header("Authorization", authorization(used | dict(edit.claim)))
        self.wire.http(message, by_client=True, edit=edit)
        return used

    def _credentials(self, nonce: str, count: str) -> dict[str, str | None]:
        shared = self.given
        return {
            "username": shared["username"],
            "realm": shared["realm"],
            "nonce": nonce,
            "uri": shared["uri"],
            "algorithm": shared["algorithm"],
            "qop": shared["qop"],
            "nc": count,
            "cnonce": self.stage.token("cnonce"),
            "response": "",
            "opaque": shared["opaque"],
        }

    def refuse(self, *, stale: bool) -> str:
        """Send a 401 with a fresh nonce; return the nonce."""
        fresh = self.stage.octets("nonce", 16).hex()
        edit = edit_of(self.edits, "challenge")
        offered: dict[str, str | None] = {
            "realm": self.given["realm"],
            "nonce": fresh,
            "algorithm": self.given["algorithm"],
            "qop": "auth,auth-int",
            "opaque": self.given["opaque"],
            "stale": "true" if stale else None,
        }
        offered |= edit.digest
        offered |= edit.claim
        reply = self._answer("401 Unauthorized")
        reply = reply.with_header("WWW-Authenticate", authorization(offered, bare=("algorithm", "stale")))
        self.wire.http(edit.early(reply), by_client=False, edit=edit)
        return fresh

    def reply(self, given: Mapping[str, str | None], status: str, content_type: str, body: bytes) -> None:
        """Send the final answer, a 200 with Authentication-Info."""
        edit = edit_of(self.edits, "answer")
        good = status.startswith("200")
        reply = edit.early(self._answer(status, content_type, body) if good else self._answer(status))
        if good and "Authentication-Info" not in edit.headers:
            told = dict(given) | dict(edit.digest)
            shown: dict[str, str | None] = {
                "qop": told["qop"],
                "rspauth": text.digest_of(told, self.secret, "", reply.body),
                "cnonce": told["cnonce"],
                "nc": told["nc"],
            }
            reply = reply.with_header("Authentication-Info", text.directives(shown | dict(edit.claim)))
        self.wire.http(reply, by_client=False, edit=edit)

    def _answer(self, status: str, content_type: str | None = None, body: bytes = b"") -> Text:
        named = {"Server": "sample-bmsc/1.0", "Date": date(self.stage.now), "Content-Type": content_type}
        return Text.of(f"HTTP/1.1 {status}", named, body)
