"""Steps around key management: a UE registers with the IMS and leaves it, and reads what announces a service."""

from __future__ import annotations

from collections.abc import Mapping

from sample_pcaps import forge_xml
from sample_pcaps.forge_text import Edits, Text
from sample_pcaps.stage import BM_SC_FQDN, KEY_DOMAIN, SCF_FQDN, SIP_PORT, Stage, Ue, check_names, date, edit_of

HOME = "home1.net"
EXPIRES = 600000  # s, as TS 24.229 5.1.1.2 has it
REGISTER_MESSAGES = ("register", "ok")
ANNOUNCE_MESSAGES = ("get", "description")
DESCRIPTION_TYPE = "application/mbms-protection-description+xml"
KEY_GROUP = bytes.fromhex("00010000")  # key group 1, Key Number 0


class ImsSteps(Stage):
    """IMS registration on Gm, bundled with access (TS 33.203 Annex T), and the service protection description."""

    def attach(
        self, ue: Ue | None = None, *, call_id: str | None = None, expires: int = EXPIRES, edits: Edits | None = None
    ) -> None:
        """Register with the IMS: messages register, ok.

        A UE that was switched on takes a new Call-ID, which stays until it is switched off (RFC 3261 10.2); `call_id`
        is another.
        """
        check_names(edits, REGISTER_MESSAGES)
        ue = ue or self.ue
        if call_id is None:
            call_id = ue.registration = f"{self.token('registration')}@{ue.ip}"
        self._register(ue, call_id, expires, edits)

    def detach(self, ue: Ue | None = None, *, edits: Edits | None = None) -> None:
        """End the IMS registration, as a UE does that is switched off: messages register, ok."""
        check_names(edits, REGISTER_MESSAGES)
        ue = ue or self.ue
        self._register(ue, ue.registration, 0, edits)

    def _register(self, ue: Ue, call_id: str, expires: int, edits: Edits | None) -> None:
        via = f"SIP/2.0/UDP {ue.ip}:{SIP_PORT};branch=z9hG4bK{self.token('branch')}"
        shared = {
            "Via": via,
            "From": f"<{ue.impu}>;tag={self.token('tag')}",
            "To": f"<{ue.impu}>",
            "Call-ID": call_id,
            "CSeq": f"{self.count(call_id)} REGISTER",
            "Contact": f"<sip:{ue.ip}:{SIP_PORT}>",
            "Expires": str(expires),
        }
        request = Text.of(f"REGISTER sip:{HOME} SIP/2.0", {"Max-Forwards": "70"} | shared)
        answer = Text.of("SIP/2.0 200 OK", shared | {"To": f"<{ue.impu}>;tag={self.token('tag')}"})
        ends = (ue.ip, self.addresses.p_cscf)
        for name, message, (src, dst) in (("register", request, ends), ("ok", answer, ends[::-1])):
            edit = edit_of(edits, name)
            self.datagram(src, SIP_PORT, dst, SIP_PORT, edit.finish(edit.early(message)), edit)

    def announce(
        self,
        ue: Ue | None = None,
        *,
        wait: int = 5,
        back_off: int = 30,
        flows: Mapping[str, bytes] | None = None,
        edits: Edits | None = None,
    ) -> None:
        """Fetch the service protection description (TS 26.346 11.3): messages get, description.

        `wait` and `back_off` are in s. `flows` maps what MSKs protect ("address:port") to their MSK IDs with Key
        Number 0; None: the group of this story.
        """
        check_names(edits, ANNOUNCE_MESSAGES)
        ue = ue or self.ue
        told = {f"{self.addresses.group}:{self.group_port}": KEY_GROUP} if flows is None else flows
        server = f"http://{SCF_FQDN if self.by_sip else BM_SC_FQDN}"
        body = forge_xml.security_description(
            (server,), [(flow, KEY_DOMAIN, msk_id) for flow, msk_id in told.items()], wait=wait, back_off=back_off
        )
        asked = {"Host": BM_SC_FQDN, "User-Agent": "sample-ue/1.0", "Accept": DESCRIPTION_TYPE}
        given = {"Server": "sample-bmsc/1.0", "Date": date(self.now), "Content-Type": DESCRIPTION_TYPE}
        wire = self.connect(ue.ip, self.addresses.bm_sc)
        get, answer = (
            Text.of("GET /announcement/protection.xml HTTP/1.1", asked),
            Text.of("HTTP/1.1 200 OK", given, body),
        )
        for name, message, by_client in (("get", get, True), ("description", answer, False)):
            wire.http(edit_of(edits, name).early(message), by_client=by_client, edit=edit_of(edits, name))
        wire.close()
