"""Steps of SIP: the INVITE of the HTTP variant with its authorization, and all of the SIP variant (TS 26.237 10.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sample_pcaps import forge_text as text
from sample_pcaps import forge_websocket
from sample_pcaps.forge_text import NO_EDIT, Edit, Edits, Text
from sample_pcaps.stage import (
    BM_SC_FQDN,
    KEY_DOMAIN,
    P_CSCF_FQDN,
    PSI,
    SCF_FQDN,
    SIP_PORT,
    Dialog,
    Ue,
    check_names,
    date,
    edit_of,
)
from sample_pcaps.story_gba import GbaSteps
from sample_pcaps.story_relay import Relay
from sample_pcaps.story_ua import CONTENT, CURRENT, MSK_RESPONSE, RESPONSE, Pair
from sample_pcaps.wire import Wire

SIP_MESSAGES = (
    "gm-invite", "gm-100", "isc-invite", "isc-100", "post", "post-answer", "isc-ok", "gm-ok", "gm-ack", "isc-ack",
)  # fmt: skip
BYE_MESSAGES = ("gm-bye", "isc-bye", "isc-ok", "gm-ok")
B_TID_TYPE = "application/mbms-bootstrapping-transaction-identifier+xml"
KEY_INFO_TYPE = "application/mbms-naf-key-info+xml"
SDP_TYPE = "application/sdp"

Parts = list[tuple[str, bytes]]
ChangeParts = Callable[[Parts], Parts]


class SipSteps(GbaSteps):
    """Calls between UE, P-CSCF and SCF, and the POSTs that the SCF makes for them; `relay` stands before the SCF."""

    relay: Relay | None = None

    def invite(
        self,
        ue: Ue | None = None,
        *,
        services: Sequence[str] | None = None,
        posted_services: Sequence[str] | None = None,
        asserted: str | None = None,
        posted_identity: str | None = None,
        uri: str = PSI,
        to: str | None = None,
        direction: str = "recvonly",
        group: str | None = None,
        answer_group: str | None = None,
        answer_direction: str = "sendonly",
        authorize: str = "before",
        post_status: str = "200 OK",
        status: str = "200 OK",
        edits: Edits | None = None,
    ) -> None:
        """Initiate the session of the HTTP variant (10.4.1.1.1): INVITE, the SCF's authorize POST, 200, ACK.

        Messages: gm-invite, gm-100, isc-invite, isc-100, post, post-answer, isc-ok, gm-ok, gm-ack, isc-ack; "ok"
        is the final answer whatever its `status`. `authorize` is when the SCF asks the BM-SC: "before" the 200,
        "late" (the POST before it, the answer after it), "after" it, or "never". `asserted` is the identity that
        the P-CSCF asserts, `posted_identity` the one in the POST (quoted as given), both otherwise the IMPU.
        """
        check_names(edits, SIP_MESSAGES)
        ue = ue or self.ue
        own = self.services if services is None else tuple(services)
        offer = self._sdp(ue.ip, group or self.addresses.group, own, direction)
        answer = self._sdp(self.addresses.scf, answer_group or group or self.addresses.group, own, answer_direction)
        post = Text(
            "POST /keymanagement?requesttype=authorize HTTP/1.1",
            (
                ("Host", BM_SC_FQDN),
                ("User-Agent", "sample-scf/1.0"),
                ("Date", date(self.now)),
                ("X-3GPP-Asserted-Identity", f'"{ue.impu}"' if posted_identity is None else posted_identity),
                ("Content-Type", "application/mbms-authorize+xml"),
            ),
            text.authorize_xml(own if posted_services is None else posted_services),
        )
        reply = Text(f"HTTP/1.1 {post_status}", (("Server", "sample-bmsc/1.0"), ("Date", date(self.now))))
        self._call(
            ue, uri=uri, to=to or uri, body=(SDP_TYPE, offer), asserted=asserted or ue.impu, status=status,
            answer=(SDP_TYPE, answer), post=(post, reply), when=authorize, in_dialog=False, edits=edits,
        )  # fmt: skip

    def sip(
        self,
        asked: str = "register",
        ue: Ue | None = None,
        *,
        services: Sequence[str] | None = None,
        pairs: Sequence[Pair] = ((KEY_DOMAIN, CURRENT),),
        b_tid: str | None = None,
        statuses: Mapping[object, int] | None = None,
        in_dialog: bool | None = None,
        uri: str = f"sip:{SCF_FQDN}",
        asserted: str | None = None,
        posted_identity: str | None = None,
        requesttype: str | None = None,
        posted_services: Sequence[str] | None = None,
        posted_pairs: Sequence[Pair] | None = None,
        key_info: Mapping[str, object] | bool | None = None,
        ue_parts: ChangeParts | None = None,
        post_parts: ChangeParts | None = None,
        ok_parts: ChangeParts | None = None,
        zn: bool | Mapping[str, object] | None = None,
        post: str = "before",
        post_status: str = "200 OK",
        status: str = "200 OK",
        edits: Edits | None = None,
    ) -> None:
        """One INVITE or re-INVITE of the SIP variant (10.4.2); `asked` is register, deregister or msk-request.

        Messages as in `invite`; between isc-100 and post the SCF asks the BSF when the B-TID is new to it (`zn`
        None; a mapping holds keywords of `zn`). `in_dialog` None: a re-INVITE once there is a dialog. `key_info`
        None puts Annex I.2 into the POST of a registration and whenever keys were fetched; True and False force
        it; a mapping overrides ue_ip, muk, lifetime, b_tid, naf_fqdn (None drops one). `ue_parts`, `post_parts`,
        `ok_parts` take and return the list of (Content-Type, octets) of INVITE, POST and SIP 200. `post` is
        "before" the SIP 200, "late", "after" or "never".
        """
        check_names(edits, SIP_MESSAGES)
        ue = ue or self.ue
        run = ue.of_b_tid(b_tid) if b_tid in {r.b_tid for r in ue.gba} else ue.last
        named = b_tid or run.b_tid
        own = self.services if services is None else tuple(services)
        dialog = ue.dialog is not None if in_dialog is None else in_dialog
        content = CONTENT[asked]

        def listed(about: Sequence[str], of: Sequence[Pair]) -> bytes:
            if asked == "msk-request":
                return text.msk_xml(of)
            return text.deregister_xml(about) if asked == "deregister" else text.register_xml(about)

        offer = self._sdp(ue.ip, self.addresses.group, own, "recvonly")
        parts: Parts = [(SDP_TYPE, offer), (content, listed(own, pairs)), (B_TID_TYPE, text.b_tid_xml(named))]
        parts = parts if ue_parts is None else ue_parts(parts)
        fetched = zn is not False and (bool(zn) or ue.known_to_scf != named)
        about = own if posted_services is None else posted_services
        posted: Parts = [(content, listed(about, pairs if posted_pairs is None else posted_pairs))]
        told = key_info if key_info is not None else asked == "register" or fetched
        if told is not False:
            info: dict[str, object] = {
                "ue_ip": ue.ip,
                "muk": run.naf_key(self.naf_fqdn, self.ua_id),
                "lifetime": self.iso(run.lifetime),
                "b_tid": named,
                "naf_fqdn": self.naf_fqdn,
            }
            info |= told if isinstance(told, Mapping) else {}
            posted.append((KEY_INFO_TYPE, text.naf_key_info_xml(**info)))  # type: ignore[arg-type]
        posted = posted if post_parts is None else post_parts(posted)
        request = Text(
            f"POST /keymanagement?requesttype={requesttype or f'sip-based-{asked}'} HTTP/1.1",
            (
                ("Host", BM_SC_FQDN),
                ("User-Agent", "sample-scf/1.0"),
                ("Date", date(self.now)),
                ("X-3GPP-Asserted-Identity", f'"{ue.impu}"' if posted_identity is None else posted_identity),
                ("Content-Type", _content_type(posted)),
            ),
            _body(posted),
        )
        if asked == "msk-request":
            result, kind = text.msk_statuses_xml({p: (statuses or {}).get(p, 200) for p in pairs}), MSK_RESPONSE
        else:
            result, kind = text.service_statuses_xml({s: (statuses or {}).get(s, 200) for s in own}), RESPONSE
        good = post_status.startswith("200")
        reply = Text(
            f"HTTP/1.1 {post_status}",
            (("Server", "sample-bmsc/1.0"), ("Date", date(self.now)), *((("Content-Type", kind),) if good else ())),
            result if good else b"",
        )
        answer: Parts = [
            (SDP_TYPE, self._sdp(self.addresses.scf, self.addresses.group, own, "sendonly")),
            (kind, result),
        ]
        answer = answer if ok_parts is None else ok_parts(answer)
        keys: Mapping[str, object] | None = None
        if fetched:
            keys = {"b_tid": named} | (dict(zn) if isinstance(zn, Mapping) else {})
        self._call(
            ue, uri=uri, to=uri, body=(_content_type(parts), _body(parts)), asserted=asserted or ue.impu,
            status=status, answer=(_content_type(answer), _body(answer)), post=(request, reply), when=post,
            in_dialog=dialog, keys=keys, edits=edits,
        )  # fmt: skip
        if status.startswith("200"):
            ue.known_to_scf = named
            ue.used = named

    def bye(self, ue: Ue | None = None, *, edits: Edits | None = None) -> None:
        """End the session (8.3.5): messages gm-bye, isc-bye, isc-ok, gm-ok."""
        check_names(edits, BYE_MESSAGES)
        ue = ue or self.ue
        call = _Call(self, ue, f"sip:{SCF_FQDN}", f"sip:{SCF_FQDN}" if self.by_sip else PSI, "BYE", edits)
        call.request("gm-bye", call.gm(), "gm")
        call.request("isc-bye", call.isc(None), "isc")
        call.answer("isc-ok", "200 OK", "isc")
        call.answer("gm-ok", "200 OK", "gm")
        ue.dialog = None

    # -------------------------------------------------------------------------------------------- inside

    def _sdp(self, ip: str, group: str, services: Sequence[str], direction: str) -> bytes:
        return text.sdp(
            ip=ip, group=group, port=self.group_port, services=services, direction=direction, tsi=self.tsi,
            source=self.addresses.bm_sc,
        )  # fmt: skip

    def _call(
        self, ue: Ue, *, uri: str, to: str, body: tuple[str, bytes], asserted: str, status: str,
        answer: tuple[str, bytes], post: tuple[Text, Text], when: str, in_dialog: bool, edits: Edits | None,
        keys: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        if when not in {"before", "late", "after", "never"}:
            raise ValueError(f"no such time for a POST: {when}")
        if not in_dialog:
            ue.dialog = None
        call = _Call(self, ue, uri, to, "INVITE", edits)
        preferred = None if in_dialog else ("P-Preferred-Identity", f"<{ue.impu}>")
        call.request("gm-invite", call.gm(preferred, body), "gm")
        call.answer("gm-100", "100 Trying", "gm", tagged=False)
        call.request("isc-invite", call.isc(("P-Asserted-Identity", f"<{asserted}>"), body), "isc")
        call.answer("isc-100", "100 Trying", "isc", tagged=False)
        if keys is not None:
            self.zn(ue, **keys)  # type: ignore[arg-type]
        good = status.startswith("2")
        wire = None
        if when in {"before", "late"}:
            wire = self.connect(self.addresses.scf, self.addresses.bm_sc)
            wire.http(edit_of(edits, "post").early(post[0]), by_client=True, edit=edit_of(edits, "post"))
        if when == "before" and wire is not None:
            self._answer_post(wire, post[1], edits)
        call.answer("isc-ok", status, "isc", answer if good else None)
        if not good:
            call.request("isc-ack", call.ack("isc", of_refusal=True), "isc")
        call.answer("gm-ok", status, "gm", answer if good else None)
        call.request("gm-ack", call.ack("gm", of_refusal=not good), "gm")
        if good:
            call.request("isc-ack", call.ack("isc", of_refusal=False), "isc")
        if when == "after":
            wire = self.connect(self.addresses.scf, self.addresses.bm_sc)
            wire.http(edit_of(edits, "post").early(post[0]), by_client=True, edit=edit_of(edits, "post"))
        if when in {"late", "after"} and wire is not None:
            self._answer_post(wire, post[1], edits)

    def _answer_post(self, wire: Wire, answer: Text, edits: Edits | None) -> None:
        edit = edit_of(edits, "post-answer")
        wire.http(edit.early(answer), by_client=False, edit=edit)
        wire.close()


class _Call:
    """One request in a dialog on both legs: Gm between UE and P-CSCF, ISC between P-CSCF and SCF."""

    def __init__(self, steps: SipSteps, ue: Ue, uri: str, to: str, method: str, edits: Edits | None) -> None:
        self.steps, self.ue, self.uri, self.method, self.edits = steps, ue, uri, method, edits
        if ue.dialog is None:
            ue.dialog = Dialog(f"{steps.token('call')}@{_host(ue.ip)}", steps.token("tag"))
        self.dialog = ue.dialog
        self.dialog.cseq += 1
        self.old_tag = self.dialog.scf_tag
        self.dialog.scf_tag = self.old_tag or steps.token("tag")
        self.to = f"<{to}>"
        self.ue_via = self._ue_via()
        self.p_cscf_via = self._via(steps.addresses.p_cscf)

    def _ue_via(self) -> str:
        if self.steps.websocket:  # RFC 7118 5.2: a browser does not know its address
            return f"SIP/2.0/WS ue{self.ue.number}.invalid;branch=z9hG4bK{self.steps.token('branch')}"
        return self._via(self.ue.ip)

    def _via(self, address: str) -> str:
        return f"SIP/2.0/UDP {_host(address)}:{SIP_PORT};branch=z9hG4bK{self.steps.token('branch')}"

    def _to(self, tag: str) -> str:
        return f"{self.to};tag={tag}" if tag else self.to

    def gm(self, more: tuple[str, str] | None = None, body: tuple[str, bytes] | None = None) -> Text:
        """Return the request as the UE sends it."""
        route = f"<sip:{P_CSCF_FQDN};lr>" + ("" if self.old_tag else ", <sip:orig@scscf.home1.net;lr>")
        return self._request(self.method, [("Via", self.ue_via)], route, 70, more, body, self.old_tag)

    def isc(self, more: tuple[str, str] | None, body: tuple[str, bytes] | None = None) -> Text:
        """Return the request as it reaches the SCF."""
        vias = [("Via", self.p_cscf_via), ("Via", self.ue_via)]
        if not self.old_tag:
            vias.append(("Record-Route", f"<sip:{P_CSCF_FQDN};lr>"))
        return self._request(self.method, vias, f"<sip:{SCF_FQDN};lr>", 69, more, body, self.old_tag)

    def ack(self, leg: str, *, of_refusal: bool) -> Text:
        """Return the ACK on a leg: of a 2xx a transaction of its own, of a refusal that of the INVITE."""
        if not of_refusal and leg == "gm":
            self.ue_via, self.p_cscf_via = self._ue_via(), self._via(self.steps.addresses.p_cscf)
        vias = [("Via", self.ue_via)] if leg == "gm" else [("Via", self.p_cscf_via), ("Via", self.ue_via)]
        if of_refusal and leg == "isc":
            vias = vias[:1]
        route = f"<sip:{P_CSCF_FQDN};lr>" if leg == "gm" else f"<sip:{SCF_FQDN};lr>"
        message = self._request("ACK", vias, route, 70 if leg == "gm" else 69, None, None, self.dialog.scf_tag)
        # RFC 3261 12.2.1.1: in the dialog the target is the Contact of the SCF
        return message if of_refusal else replace(message, line=f"ACK sip:{SCF_FQDN} SIP/2.0")

    def _request(
        self, method: str, vias: list[tuple[str, str]], route: str, hops: int, more: tuple[str, str] | None,
        body: tuple[str, bytes] | None, tag: str,
    ) -> Text:  # fmt: skip
        headers = [
            *vias,
            ("Max-Forwards", str(hops)),
            ("Route", route),
            ("From", f"<{self.ue.impu}>;tag={self.dialog.ue_tag}"),
            ("To", self._to(tag)),
            ("Call-ID", self.dialog.call_id),
            ("CSeq", f"{self.dialog.cseq} {method}"),
            *([more] if more else []),
        ]
        if method == "INVITE":
            headers += [("Contact", f"<sip:{_host(self.ue.ip)}:{SIP_PORT}>"), ("Recv-Info", "ContentReportConfig")]
        if body is not None:
            headers.append(("Content-Type", body[0]))
        return Text(f"{method} {self.uri} SIP/2.0", tuple(headers), b"" if body is None else body[1])

    def request(self, name: str, message: Text, leg: str) -> None:
        edit = edit_of(self.edits, name)
        addresses = self.steps.addresses
        src, dst = (self.ue.ip, addresses.p_cscf) if leg == "gm" else (addresses.p_cscf, addresses.scf)
        relay, said = self.steps.relay, edit.early(message)
        if relay is None or leg == "gm":
            self._send(src, dst, edit.finish(said), edit)
            return
        self._send(src, relay.address, edit.finish(said), edit)
        self._send(relay.address, dst, edit.finish(relay.request(said)), edit)

    def answer(
        self, name: str, status: str, leg: str, body: tuple[str, bytes] | None = None, *, tagged: bool = True
    ) -> None:
        edit = edit_of(self.edits, name)
        addresses = self.steps.addresses
        src, dst = (addresses.p_cscf, self.ue.ip) if leg == "gm" else (addresses.scf, addresses.p_cscf)
        headers = [("Via", self.ue_via)] if leg == "gm" else [("Via", self.p_cscf_via), ("Via", self.ue_via)]
        if tagged and not self.old_tag and self.method == "INVITE":
            headers.append(("Record-Route", f"<sip:{P_CSCF_FQDN};lr>"))
        headers += [
            ("From", f"<{self.ue.impu}>;tag={self.dialog.ue_tag}"),
            ("To", self._to(self.dialog.scf_tag if tagged else self.old_tag)),
            ("Call-ID", self.dialog.call_id),
            ("CSeq", f"{self.dialog.cseq} {self.method}"),
        ]
        if body is not None:
            headers += [
                ("Contact", f"<sip:{SCF_FQDN}>"),
                ("Recv-Info", "ContentReportConfig"),
                ("Content-Type", body[0]),
            ]
        said = edit.early(Text(f"SIP/2.0 {status}", tuple(headers), b"" if body is None else body[1]))
        relay = self.steps.relay
        if relay is None or leg == "gm":
            self._send(src, dst, edit.finish(said), edit)
            return
        self._send(src, relay.address, edit.finish(relay.answer(said)), edit)
        self._send(relay.address, dst, edit.finish(said), edit)

    def _send(self, src: str, dst: str, octets: bytes, edit: Edit) -> None:
        plain = Edit(
            drop=edit.drop, delay=edit.delay, shift=edit.shift, repeat=edit.repeat, src=edit.src, dst=edit.dst
        ) if edit is not NO_EDIT else edit  # fmt: skip
        if self.steps.websocket and self.ue.ip in (src, dst):
            self._send_framed(src == self.ue.ip, octets, plain)
        else:
            self.steps.datagram(src, SIP_PORT, dst, SIP_PORT, octets, plain)

    def _send_framed(self, by_client: bool, octets: bytes, edit: Edit) -> None:
        """Send over the WebSocket of the UE: requests of the UE in two frames, with a pong between them."""
        mask = self.steps.octets("mask", 4) if by_client else b""
        between = [forge_websocket.frame(forge_websocket.PONG, b"", mask=mask)] if by_client else []
        size = len(octets) // 2 + 1 if by_client else len(octets)
        framed = forge_websocket.fragments(octets, size, mask=mask, between=between)
        self.steps.socket(self.ue).send(framed, by_client=by_client, edit=edit)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _content_type(parts: Parts) -> str:
    return parts[0][0] if len(parts) == 1 else f"multipart/mixed;boundary={text.BOUNDARY}"


def _body(parts: Parts) -> bytes:
    return parts[0][1] if len(parts) == 1 else text.multipart(parts)
