"""Steps on Ua: registration, deregistration and MSK request of the HTTP variant (TS 33.246 6.3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sample_pcaps import forge_text as text
from sample_pcaps.forge_text import Edits, Text
from sample_pcaps.stage import BM_SC_FQDN, KEY_DOMAIN, Ue, authorization, check_names, date, edit_of
from sample_pcaps.story_gba import GbaSteps

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
        secret = password or _base64(run.mrk(self.naf_fqdn, self.ua_id))
        own_realm = realm or f"3GPP-bootstrapping@{BM_SC_FQDN}"
        uri = f"{path}?requesttype={asked if requesttype is None else requesttype}"
        base = Text(
            f"POST {uri} HTTP/1.1",
            tuple(
                (name, value)
                for name, value in (
                    ("Host", host),
                    ("User-Agent", user_agent),
                    ("Date", date(self.now)),
                    ("Accept", "*/*"),
                    ("X-3GPP-Intended-Identity", identity if identity is not None else f'"{ue.impu}"'),
                    ("Content-Type", content_type or CONTENT.get(asked, CONTENT["register"])),
                )
                if value is not None
            ),
            body,
        )
        known = ue.nonces.get(user)
        challenged = challenge if challenge is not None else known is None
        first_use = known is None
        wire = self.connect(ip or ue.ip, self.addresses.bm_sc)

        def credentials(which: str, nonce: str, count: str) -> tuple[Text, dict[str, str | None]]:
            edit = edit_of(edits, which)
            message = edit.early(base)
            given: dict[str, str | None] = {
                "username": user, "realm": own_realm, "nonce": nonce, "uri": uri, "algorithm": algorithm, "qop": qop,
                "nc": count, "cnonce": self.token("cnonce"), "response": "", "opaque": opaque,
            }  # fmt: skip
            given |= edit.digest
            if "response" not in edit.digest:
                given["response"] = response_of(given, secret, "POST", message.body)
            given |= edit.claim
            if "Authorization" not in edit.headers:
                message = message.with_header("Authorization", authorization(given))
            return message, given

        opaque = self.token("opaque")
        if challenged:
            edit = edit_of(edits, "request")
            if preauthorize:
                nonce, count = known or (self.token("nonce"), 0)
                message, _ = credentials("request", nonce, f"{count + 1:08x}")
                ue.nonces[user] = (nonce, count + 1)
            else:
                message = edit.early(base)
            wire.http(message, by_client=True, edit=edit)
            if preauthorize and zn:
                self.zn(ue, **({"b_tid": user} | (dict(zn) if isinstance(zn, Mapping) else {})))  # type: ignore[arg-type]
            fresh = self.octets("nonce", 16).hex()
            offered: dict[str, str | None] = {
                "realm": own_realm, "nonce": fresh, "algorithm": algorithm, "qop": "auth,auth-int", "opaque": opaque,
                "stale": "true" if stale else None,
            }  # fmt: skip
            edit = edit_of(edits, "challenge")
            offered |= edit.digest
            offered |= edit.claim
            reply = Text("HTTP/1.1 401 Unauthorized", (("Server", "sample-bmsc/1.0"), ("Date", date(self.now))))
            reply = reply.with_header("WWW-Authenticate", authorization(offered, bare=("algorithm", "stale")))
            wire.http(edit.early(reply), by_client=False, edit=edit)
            ue.nonces[user] = (fresh, 0)
        if challenged and not retry:
            wire.close()
            return
        nonce, count = ue.nonces.get(user) or (self.token("nonce"), 0)
        ue.nonces[user] = (nonce, count + 1)
        message, given = credentials("authorized", nonce, nc or f"{count + 1:08x}")
        wire.http(message, by_client=True, edit=edit_of(edits, "authorized"))
        if zn if zn is not None else first_use and not preauthorize:
            self.zn(ue, **({"b_tid": user} | (dict(zn) if isinstance(zn, Mapping) else {})))  # type: ignore[arg-type]
        edit = edit_of(edits, "answer")
        kind = answer_type or (MSK_RESPONSE if asked == "msk-request" else RESPONSE)
        good = status.startswith("200")
        reply = Text(
            f"HTTP/1.1 {status}",
            (("Server", "sample-bmsc/1.0"), ("Date", date(self.now)), *((("Content-Type", kind),) if good else ())),
            answer if good else b"",
        )
        reply = edit.early(reply)
        if good and "Authentication-Info" not in edit.headers:
            told = given | dict(edit.digest)
            shown: dict[str, str | None] = {
                "qop": told["qop"],
                "rspauth": response_of(told, secret, "", reply.body),
                "cnonce": told["cnonce"],
                "nc": told["nc"],
            }
            shown |= edit.claim
            reply = reply.with_header("Authentication-Info", text.directives(shown))
        wire.http(reply, by_client=False, edit=edit)
        wire.close()
        if good:
            ue.used = user


def response_of(given: Mapping[str, str | None], password: bytes, method: str, body: bytes) -> str:
    """Compute the response over directives as they stand, or with an empty method the rspauth."""

    def of(name: str) -> str:
        return given.get(name) or ""

    return text.digest_response(
        username=of("username"), realm=of("realm"), password=password, nonce=of("nonce"), uri=of("uri"),
        qop=of("qop"), cnonce=of("cnonce"), nc=of("nc"), method=method, body=body,
    )  # fmt: skip


def _base64(octets: bytes) -> bytes:
    return text.base64_of(octets).encode()
