"""Steps of GBA: bootstrapping on Ub, and NAF keys on Zn."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from sample_pcaps import forge_diameter as diameter
from sample_pcaps import forge_text as text
from sample_pcaps.forge import SECOND
from sample_pcaps.forge_diameter import Avp
from sample_pcaps.forge_keys import auts, b_tid_of, milenage, tmpi_of
from sample_pcaps.forge_text import Edit, Edits, Text
from sample_pcaps.stage import (
    BSF_FQDN,
    DIAMETER_PORT,
    HOUR,
    Gba,
    Stage,
    Ue,
    Wire,
    authorization,
    check_names,
    date,
    edit_of,
)  # fmt: skip

TOKEN = "3gpp-gba-tmpi"  # a product token
UB_MESSAGES = ("first", "challenge", "resync", "second-challenge", "second", "ok")
ZN_MESSAGES = ("bir", "bia")
ChangeAvps = Callable[[list[Avp]], list[Avp]]


class GbaSteps(Stage):
    """Ub and Zn."""

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
        """Run Ub (TS 24.109 clause 4): messages first, challenge, [resync, second-challenge,] second, ok.

        `lifetime` is in s from now, `lifetime_text` what the XML says instead. `username` is the IMPI, after a run
        with the token 3gpp-gba-tmpi on both sides the TMPI. `k` makes the vector with another key than the
        keyring's (AUTN fails). `nonce` replaces base64(RAND || AUTN || server_data); `challenge` overrides
        directives of WWW-Authenticate (None drops one). `res`, `xres` are what the UE and the BSF compute with.
        `resync` puts an AUTS between; the new RAND is `resync_rand` or a fresh one. `b_tid` replaces the one in
        the XML. `stop_after` names the last message sent. Edit.digest and Edit.claim of "first", "second" and
        "resync" are directives of Authorization, of "ok" those of Authentication-Info. The run is the UE's
        newest from now on, whatever the edits did.
        """
        check_names(edits, UB_MESSAGES)
        ue = ue or self.ue
        name = username or ue.tmpi or ue.impi
        wire = self.connect(edit_of(edits, "first").src or ue.ip, self.addresses.bsf)
        agent = {"User-Agent": user_agent}

        def send(message: Text, which: str, by_client: bool) -> bool:
            wire.http(message, by_client=by_client, edit=edit_of(edits, which))
            return which == stop_after

        def ask(which: str, given: dict[str, str | None], password: bytes | None) -> bool:
            edit = edit_of(edits, which)
            get = edit.early(_headers("GET / HTTP/1.1", {"Host": BSF_FQDN, **agent}))
            given |= edit.digest
            if password is not None and "response" not in edit.digest:
                given["response"] = _response(given, password, "GET", get.body)
            given |= edit.claim
            return send(get.with_header("Authorization", authorization(given)), which, True)

        first: dict[str, str | None] = {"username": name, "realm": realm, "nonce": "", "uri": "/", "response": ""}
        stopped = ask("first", first, None)
        ue.sqn += 32
        vector = milenage(k or ue.k, ue.opc, rand or self.octets("RAND", 16), ue.sqn.to_bytes(6, "big"))

        def offer(which: str) -> tuple[bool, dict[str, str | None]]:
            octets = vector.rand + vector.autn + server_data
            given: dict[str, str | None] = {
                "realm": realm,
                "nonce": nonce if nonce is not None else base64.b64encode(octets).decode(),
                "algorithm": "AKAv1-MD5",
                "qop": "auth-int",
                "opaque": self.token("opaque"),
            }
            given |= challenge or {}
            reply = _headers("HTTP/1.1 401 Unauthorized", {"Server": server, "Date": date(self.now)})
            value = authorization(given, bare=("algorithm",))
            return send(edit_of(edits, which).early(reply.with_header("WWW-Authenticate", value)), which, False), given

        def answered(given: Mapping[str, str | None]) -> dict[str, str | None]:
            return {
                "username": name,
                "realm": given["realm"],
                "nonce": given["nonce"],
                "uri": "/",
                "qop": "auth-int",
                "nc": "00000001",
                "cnonce": self.token("cnonce"),
                "response": "",
                "opaque": given["opaque"],
                "algorithm": given["algorithm"],
            }

        offered: dict[str, str | None] = {}
        if not stopped:
            stopped, offered = offer("challenge")
        if not stopped and resync:
            token = base64.b64encode(auts(ue.k, ue.opc, vector.rand, (ue.sqn + 64).to_bytes(6, "big"))).decode()
            stopped = ask("resync", answered(offered) | {"auts": token}, b"")
            ue.sqn += 96
            fresh = resync_rand or self.octets("RAND", 16)
            vector = milenage(k or ue.k, ue.opc, fresh, ue.sqn.to_bytes(6, "big"))
            if not stopped:
                stopped, offered = offer("second-challenge")
        run = Gba(vector, ue.impi, b_tid_of(vector.rand, BSF_FQDN), self.now + round(lifetime * SECOND))
        if not stopped:
            edit = edit_of(edits, "second")
            given = answered(offered) | dict(edit.digest)
            stopped = ask("second", given, vector.res if res is None else res)
        if not stopped:
            self._ub_ok(
                wire, run, given, xres or vector.res, server, b_tid, lifetime_text, status, edit_of(edits, "ok")
            )
        wire.close()
        if TOKEN in (user_agent or "") and TOKEN in (server or ""):
            ue.tmpi = tmpi_of(vector, ue.impi, BSF_FQDN)
        ue.gba.append(run)
        return run

    def _ub_ok(
        self, wire: Wire, run: Gba, given: Mapping[str, str | None], xres: bytes, server: str | None,
        b_tid: str | None, lifetime_text: str | None, status: str, edit: Edit,
    ) -> None:  # fmt: skip
        body = text.bootstrapping_info(b_tid or run.b_tid, lifetime_text or self.iso(run.lifetime))
        kind = "application/vnd.3gpp.bsf+xml"
        reply = _headers(
            f"HTTP/1.1 {status}", {"Server": server, "Date": date(self.now), "Content-Type": kind}, body
        )  # fmt: skip
        reply = edit.early(reply)
        told = dict(given) | dict(edit.digest)
        rspauth = _response(told, xres, "", reply.body)
        shown: dict[str, str | None] = {
            "qop": told["qop"], "rspauth": rspauth, "cnonce": told["cnonce"], "nc": told["nc"],
        }  # fmt: skip
        shown |= edit.claim
        if "Authentication-Info" not in edit.headers:
            reply = reply.with_header("Authentication-Info", text.directives(shown))
        wire.http(reply, by_client=False, edit=edit)

    # -------------------------------------------------------------------------------------------- Zn

    def zn(
        self,
        ue: Ue | None = None,
        *,
        b_tid: str | None = None,
        naf_fqdn: str | None = None,
        ua_id: bytes | None = None,
        result: int = 2001,
        impi: str | None = None,
        me_key: bytes | None = None,
        uicc_key: bytes | None = None,
        aware: bool | None = None,
        expiry: int | None = None,
        bir_avps: ChangeAvps | None = None,
        bia_avps: ChangeAvps | None = None,
        answer_hop: int | None = None,
        edits: Edits | None = None,
    ) -> None:
        """Ask the BSF for NAF keys over Diameter (TS 29.109): messages bir, bia.

        `result` other than 2001 is an Experimental-Result from 5400 on, otherwise a Result-Code; no keys then.
        `uicc_key` adds UICC-Key-Material, `aware` the GBA_U-Awareness-Indicator. `expiry` is in ns. `bir_avps`
        and `bia_avps` take and return the list of (code, octets). The connection, with its capabilities exchange,
        is opened by the first step and stays open. edits={"bia": Edit(drop=True)} leaves the BIR unanswered.
        """
        check_names(edits, ZN_MESSAGES)
        ue = ue or self.ue
        asked = b_tid or ue.last.b_tid
        naf_id = (naf_fqdn or self.naf_fqdn).encode() + (self.ua_id if ua_id is None else ua_id)
        run = next((run for run in ue.gba if run.b_tid == asked), ue.last)
        wire = self.open_zn()
        host, realm = (("scf1", "home1.net") if self.by_sip else ("bmsc", "home1.net"))  # fmt: skip
        session = f"{host}.{realm};{self.count('zn session')};1".encode()
        hop = 0x1000 + self.count("hop")
        avps: list[Avp] = [
            (diameter.SESSION_ID, session),
            diameter.vendor_application(),
            (diameter.ORIGIN_HOST, f"{host}.{realm}".encode()),
            (diameter.ORIGIN_REALM, realm.encode()),
            (diameter.DESTINATION_REALM, BSF_FQDN.encode()),
            (diameter.DESTINATION_HOST, BSF_FQDN.encode()),
            (diameter.SERVICE, b"4"),
            (diameter.TRANSACTION, asked.encode()),
            (diameter.NAF_ID, naf_id),
            *([(diameter.AWARENESS, diameter.number(int(aware)))] if aware is not None else []),
            (diameter.AUTH_STATE, diameter.number(1)),
        ]
        changed = avps if bir_avps is None else bir_avps(avps)
        bir = _bootstrapping_info(changed, request=True, hop_by_hop=hop, end_to_end=hop)
        wire.send(bir, by_client=True, edit=edit_of(edits, "bir"))
        key = me_key or run.naf_key(naf_fqdn or self.naf_fqdn, self.ua_id if ua_id is None else ua_id)
        expires = run.lifetime if expiry is None else expiry
        ok = result == 2001
        outcome = diameter.experimental(result) if result >= 5400 else (diameter.RESULT_CODE, diameter.number(result))
        answer: list[Avp] = [
            (diameter.SESSION_ID, session),
            diameter.vendor_application(),
            outcome,
            (diameter.ORIGIN_HOST, BSF_FQDN.encode()),
            (diameter.ORIGIN_REALM, BSF_FQDN.encode()),
            (diameter.AUTH_STATE, diameter.number(1)),
        ]
        if ok:
            answer += [
                (diameter.USER_NAME, (impi or ue.impi).encode()),
                (diameter.ME_KEY, key),
                *([(diameter.UICC_KEY, uicc_key)] if uicc_key is not None else []),
                (diameter.EXPIRY, diameter.time_of(expires)),
                (diameter.CREATED, diameter.time_of(self.now)),
                (diameter.GBA_TYPE, diameter.number(0)),
            ]
        changed = answer if bia_avps is None else bia_avps(answer)
        bia = _bootstrapping_info(changed, request=False, hop_by_hop=answer_hop or hop, end_to_end=hop)
        wire.send(bia, by_client=False, edit=edit_of(edits, "bia"))

    _zn_open: Wire | None = None

    def open_zn(self) -> Wire:
        """Return the connection to the BSF; the first time it is opened, with its capabilities exchange."""
        if self._zn_open is None:
            naf = self.addresses.scf if self.by_sip else self.addresses.bm_sc
            wire = self._zn_open = self.connect(naf, self.addresses.bsf, DIAMETER_PORT)
            host = "scf1.home1.net" if self.by_sip else "bmsc.home1.net"
            wire.send(diameter.capabilities(host, "home1.net", naf, request=True), by_client=True)
            wire.send(diameter.capabilities(BSF_FQDN, BSF_FQDN, self.addresses.bsf, request=False), by_client=False)
        return self._zn_open


def _bootstrapping_info(avps: list[Avp], *, request: bool, hop_by_hop: int, end_to_end: int) -> bytes:
    return diameter.message(
        avps, command=diameter.BOOTSTRAPPING_INFO, app=diameter.APP_ZN, request=request, hop_by_hop=hop_by_hop,
        end_to_end=end_to_end,
    )  # fmt: skip


def _headers(line: str, headers: Mapping[str, str | None], body: bytes = b"") -> Text:
    return Text(line, tuple((name, value) for name, value in headers.items() if value is not None), body)


def _response(given: Mapping[str, str | None], password: bytes, method: str, body: bytes) -> str:
    def of(name: str) -> str:
        return given.get(name) or ""

    return text.digest_response(
        username=of("username"), realm=of("realm"), password=password, nonce=of("nonce"), uri=of("uri"),
        qop=of("qop"), cnonce=of("cnonce"), nc=of("nc"), method=method, body=body,
    )  # fmt: skip
