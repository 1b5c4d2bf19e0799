"""Steps of GBA: bootstrapping on Ub, and NAF keys on Zn (TS 29.109)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sample_pcaps import forge_diameter as diameter
from sample_pcaps import forge_xml
from sample_pcaps.forge_diameter import Avp
from sample_pcaps.forge_text import Edits
from sample_pcaps.stage import BSF_FQDN, DIAMETER_PORT, Ue, check_names, edit_of
from sample_pcaps.story_ub import UbSteps
from sample_pcaps.wire import Wire

ZN_MESSAGES = ("bir", "bia")
MBMS = "4"  # GAA service (TS 29.109 annex B)
ChangeAvps = Callable[[list[Avp]], list[Avp]]


class GbaSteps(UbSteps):
    """Ub and Zn."""

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
        uids: Sequence[str] | None = None,
        bir_avps: ChangeAvps | None = None,
        bia_avps: ChangeAvps | None = None,
        answer_hop: int | None = None,
        edits: Edits | None = None,
    ) -> None:
        """Ask the BSF for NAF keys over Diameter (TS 29.109): messages bir, bia.

        `result` other than 2001 is an Experimental-Result from 5400 on, otherwise a Result-Code; no keys then.
        `uicc_key` adds UICC-Key-Material, `aware` the GBA_U-Awareness-Indicator. `expiry` is in ns. `uids`
        are the IMPUs in the user security settings (None: no settings). `bir_avps` and `bia_avps` take and return the
        list of (code, octets). The connection, with its capabilities exchange, is opened by the first step and stays
        open. edits={"bia": Edit(drop=True)} leaves the BIR unanswered.
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
            (diameter.SERVICE, MBMS.encode()),
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
                (diameter.GBA_TYPE, diameter.number(int(run.sim is not None))),  # 1 is 2G GBA
                *([(diameter.GBA_SETTINGS, _settings(impi or ue.impi, uids))] if uids is not None else []),
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


def _settings(impi: str, uids: Sequence[str]) -> bytes:
    return forge_xml.guss(impi, forge_xml.uss(MBMS, *uids))


def _bootstrapping_info(avps: list[Avp], *, request: bool, hop_by_hop: int, end_to_end: int) -> bytes:
    return diameter.message(
        avps, command=diameter.BOOTSTRAPPING_INFO, app=diameter.APP_ZN, request=request, hop_by_hop=hop_by_hop,
        end_to_end=end_to_end,
    )  # fmt: skip
