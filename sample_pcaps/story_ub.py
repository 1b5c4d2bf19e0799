"""Steps of GBA bootstrapping on Ub (TS 24.109 clause 4)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from sample_pcaps import forge_text as text
from sample_pcaps.forge import SECOND
from sample_pcaps.forge_keys import Vector, auts, b_tid_of, milenage, tmpi_of
from sample_pcaps.forge_text import Edits, Text, digest_of
from sample_pcaps.forge_tuak import Sim
from sample_pcaps.stage import BSF_FQDN, HOUR, Gba, Stage, Ue, authorization, check_names, date, edit_of
from sample_pcaps.wire import Wire

TOKEN = "3gpp-gba-tmpi"  # a product token
UB_MESSAGES = ("first", "challenge", "resync", "second-challenge", "second", "ok")
INFO_TYPE = "application/vnd.3gpp.bsf+xml"

Directives = dict[str, str | None]


class UbSteps(Stage):
    """Bootstrapping."""

    def bootstrap(
        self,
        ue: Ue | None = None,
        *,
        lifetime: float = HOUR,
        username: str | None = None,
        user_agent: str | None = f"sample-ue/1.0 {TOKEN}",
        server: str | None = f"sample-bsf/1.0 {TOKEN}",
        realm: str = BSF_FQDN,
        rand: bytes | None = None,
        k: bytes | None = None,
        server_data: bytes = b"",
        sim: Sim | None = None,
        nonce: str | None = None,
        challenge: Mapping[str, str | None] | None = None,
        res: bytes | None = None,
        xres: bytes | None = None,
        resync: bool = False,
        resync_rand: bytes | None = None,
        b_tid: str | None = None,
        lifetime_text: str | None = None,
        status: str = "200 OK",
        stop_after: str | None = None,
        edits: Edits | None = None,
    ) -> Gba:
        """Run Ub: messages first, challenge, [resync, second-challenge,] second, ok.

        `lifetime` is in s from now, `lifetime_text` what the XML says instead. `username` is the IMPI, after a run
        with the token 3gpp-gba-tmpi on both sides the TMPI. `k` makes the vector with another key than the
        keyring's (AUTN fails). `sim` makes it 2G GBA, with `server_data` for its Ks-input. `nonce` replaces
        base64(RAND || AUTN || server_data); `challenge` overrides directives of WWW-Authenticate (None drops one).
        `res`, `xres` are what the UE and the BSF compute with.
        `resync` puts an AUTS between; the new RAND is `resync_rand` or a fresh one. `b_tid` replaces the one in
        the XML. `stop_after` names the last message sent. Edit.digest and Edit.claim of "first", "second" and
        "resync" are directives of Authorization, of "ok" those of Authentication-Info; an edit that sets such a
        header itself has the last word. The run is the UE's newest from now on, whatever the edits did.
        """
        check_names(edits, UB_MESSAGES)
        ue = ue or self.ue
        wire = self.connect(edit_of(edits, "first").src or ue.ip, self.addresses.bsf)
        talk = _Ub(self, wire, edits, username or ue.tmpi or ue.impi, user_agent, server, realm, stop_after)

        def vector_of(own_rand: bytes | None) -> Vector:
            fresh = own_rand or self.octets("RAND", 16)
            if sim is not None:
                return sim.vector(fresh, server_data)
            return (ue.tuak.vector if ue.tuak else milenage)(k or ue.k, ue.opc, fresh, ue.sqn.to_bytes(6, "big"))

        talk.ask("first", {"username": talk.name, "realm": realm, "nonce": "", "uri": "/", "response": ""}, None)
        ue.sqn += 32
        vector = vector_of(rand)
        offered = talk.offer("challenge", nonce or _nonce(vector, server_data), challenge)
        if resync and not talk.stopped:
            ahead = (ue.sqn + 64).to_bytes(6, "big")
            token = base64.b64encode((ue.tuak.auts if ue.tuak else auts)(ue.k, ue.opc, vector.rand, ahead)).decode()
            talk.ask("resync", talk.answer(offered) | {"auts": token}, b"")
            ue.sqn += 96
            vector = vector_of(resync_rand)
            offered = talk.offer("second-challenge", nonce or _nonce(vector, server_data), challenge)
        until = self.now + round(lifetime * SECOND)
        run = Gba(vector, ue.impi, b_tid_of(vector.rand, BSF_FQDN), until, sim, server_data if sim is not None else b"")
        if not talk.stopped:
            given = talk.ask("second", talk.answer(offered), vector.res if res is None else res)
            body = text.bootstrapping_info(b_tid or run.b_tid, lifetime_text or self.iso(run.lifetime))
            talk.grant(given, xres or vector.res, status, body)
        wire.close()
        if TOKEN in (user_agent or "") and TOKEN in (server or ""):
            ue.tmpi = tmpi_of(vector, ue.impi, BSF_FQDN)
        ue.gba.append(run)
        return run


@dataclass
class _Ub:
    """One run while it goes on: after the message `stop_after` nothing more is sent."""

    stage: Stage
    wire: Wire
    edits: Edits | None
    name: str
    user_agent: str | None
    server: str | None
    realm: str
    stop_after: str | None
    stopped: bool = False

    def send(self, message: Text, which: str, *, by_client: bool) -> None:
        if not self.stopped:
            self.wire.http(message, by_client=by_client, edit=edit_of(self.edits, which))
            self.stopped = which == self.stop_after

    def ask(self, which: str, given: Directives, password: bytes | None) -> Directives:
        """Send a GET; return its credentials as they went into the digest."""
        edit = edit_of(self.edits, which)
        get = edit.early(Text.of("GET / HTTP/1.1", {"Host": BSF_FQDN, "User-Agent": self.user_agent}))
        used = given | dict(edit.digest)
        if password is not None and "response" not in edit.digest:
            used["response"] = digest_of(used, password, "GET", get.body)
        if "Authorization" not in edit.headers:
            get = get.with_header("Authorization", authorization(used | dict(edit.claim)))
        self.send(get, which, by_client=True)
        return used

    def offer(self, which: str, nonce: str, challenge: Mapping[str, str | None] | None) -> Directives:
        """Send a 401 with a fresh opaque; return its directives."""
        if self.stopped:
            return {}
        given: Directives = {
            "realm": self.realm,
            "nonce": nonce,
            "algorithm": "AKAv1-MD5",
            "qop": "auth-int",
            "opaque": self.stage.token("opaque"),
        }
        given |= challenge or {}
        reply = Text.of("HTTP/1.1 401 Unauthorized", {"Server": self.server, "Date": date(self.stage.now)})
        reply = reply.with_header("WWW-Authenticate", authorization(given, bare=("algorithm",)))
        self.send(edit_of(self.edits, which).early(reply), which, by_client=False)
        return given

    def answer(self, offered: Directives) -> Directives:
        """Return the credentials that answer a challenge, the response still to be computed."""
        return {
            "username": self.name,
            "realm": offered["realm"],
            "nonce": offered["nonce"],
            "uri": "/",
            "qop": "auth-int",
            "nc": "00000001",
            "cnonce": self.stage.token("cnonce"),
            "response": "",
            "opaque": offered["opaque"],
            "algorithm": offered["algorithm"],
        }

    def grant(self, given: Directives, xres: bytes, status: str, body: bytes) -> None:
        """Send the 200 with B-TID and lifetime."""
        edit = edit_of(self.edits, "ok")
        named = {"Server": self.server, "Date": date(self.stage.now), "Content-Type": INFO_TYPE}
        reply = edit.early(Text.of(f"HTTP/1.1 {status}", named, body))
        if "Authentication-Info" not in edit.headers:
            told = given | dict(edit.digest)
            shown: Directives = {"qop": told["qop"], "rspauth": digest_of(told, xres, "", reply.body)}
            shown |= {"cnonce": told["cnonce"], "nc": told["nc"]}
            reply = reply.with_header("Authentication-Info", text.directives(shown | dict(edit.claim)))
        self.send(reply, "ok", by_client=False)


def _nonce(vector: Vector, server_data: bytes) -> str:
    """Return the nonce of a challenge (RFC 3310 3.2)."""
    return base64.b64encode(vector.rand + vector.autn + server_data).decode()
