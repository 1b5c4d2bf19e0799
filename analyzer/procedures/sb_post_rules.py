"""Rules on the POSTs of the SCF in the SIP based procedure, and on their answers (TS 26.237 10.4.2, Annex I)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address

from analyzer import profiles
from analyzer.correlate import bodies
from analyzer.correlate.exchanges import status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.procedures import history
from analyzer.procedures.invites import (
    SIP_DEAUTHORIZATION,
    SIP_MSK_REFRESH,
    asserted,
    posts,
    sent_by_ue,
    sips,
)
from analyzer.procedures.roles import outcome
from analyzer.procedures.sb_key_rules import key_info, named_in, zn_requests
from analyzer.procedures.sb_rules import (
    ALL,
    FORBIDDEN,
    REGISTERING,
    copy_problems,
    order_problems,
    statuses_in,
    subject,
)
from analyzer.procedures.si_post_rules import has_type, line_problems, unanswered
from analyzer.procedures.si_rules import is_readable
from dissectors import Message
from dissectors.http import Http
from dissectors.mbms_xml import MskStatuses, NafKeyInfo, ServiceList, ServiceStatuses
from dissectors.sip import Sip, params

RESPONSE_TYPE = "application/mbms-register-response+xml"
ESP = "ESP"  # a tunnel of `dissectors.Leg`
INSIDE = tuple(
    IPv4Network(text)  # RFC 1918, RFC 6598, RFC 3927, RFC 1122
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")
)
KEY_DATA = ("ueIPaddress", "muk", "mukLifeTime", "btid", "nafFqdn")  # TS 26.237 Annex I.2
MSK_RESPONSE_TYPES = ("application/mbms-msk-response+xml",)


@rule(
    "SB-06", *REGISTERING, SIP_MSK_REFRESH, clause="TS 26.237 10.4.2.1, 10.4.2.2", level="shall",
    remedy="SCF: check the subscription first, and send nothing to the BM-SC for a UE that you refuse.",
)  # fmt: skip
def refused_ue_is_not_registered(run: Run) -> Iterator[Problem]:
    """A UE that the SCF refuses for want of a subscription is not registered at the BM-SC.

    There is no other check behind the SCF: what it has sent on, the BM-SC serves.
    """
    refusal = run.needs("refusal")
    if status(refusal) != FORBIDDEN:
        raise NotHere
    for post, _, answer in posts(run):
        if answer is not None and post.time < refusal.time and outcome(answer) == "success" and history.granted(run):
            yield wrong("403 to the INVITE, and the BM-SC was told to serve the UE", post, answer, refusal)


@rule(
    "SB-07", *REGISTERING, clause="TS 26.237 10.4.2.1", level="shall",
    remedy="SCF: POST …/keymanagement?requesttype=sip-based-register HTTP/1.1 with X-3GPP-Asserted-Identity.",
)  # fmt: skip
def register_post_has_its_form(run: Run) -> Iterator[Problem]:
    """The SCF registers a UE by an HTTP/1.1 POST with requesttype=sip-based-register and the asserted identity.

    The BM-SC does not see the UE itself: this line and this header are all it knows of who asks, and for what.
    """
    run.needs("post")
    for message, body, _ in posts(run):
        yield from line_problems(message, body, _request_type(run, "sip-based-register"))
        yield from _identity_problems(message, body)


def _request_type(run: Run, named: str) -> str | None:
    """Return the request type that a POST of the SCF has to have; None where any will do."""
    return named if run.demands(profiles.REQUEST_TYPES) else None


def _identity_problems(message: Message, body: Http) -> Iterator[Problem]:
    if not asserted(body):
        yield wrong("no X-3GPP-Asserted-Identity", message)


@rule(
    "SB-08", *REGISTERING, clause="TS 26.237 10.4.2.1, Annex I.2", level="shall",
    remedy="SCF: send the services of the INVITE with ueIPaddress, muk, mukLifeTime, btid and nafFqdn.",
)  # fmt: skip
def register_post_is_complete(run: Run) -> Iterator[Problem]:
    """The POST that registers a UE has the services and the B-TID of the INVITE, address, MUK, lifetime and NAF FQDN.

    With one of them missing, the BM-SC cannot make, address or name an MSK message.
    """
    run.needs("post")
    if not all(map(is_readable, run.all("post"))):
        raise CannotTell("a part of the POST could not be read")
    sent = [message for message, _, answer in posts(run) if answer is None or outcome(answer) == "success"]
    elements = KEY_DATA if run.demands(profiles.ANNEX_I) else KEY_DATA[:2]
    for message in sent:
        told = bodies.find(message, NafKeyInfo)
        if told is None:
            yield wrong(f"no NAF key data ({', '.join(elements)}) in the POST", message)
            continue
        parts = {
            "ueIPaddress": told.ue_addresses,
            "muk": told.muks,
            "mukLifeTime": told.muk_lifetimes,
            "btid": told.b_tids,
            "nafFqdn": told.naf_fqdns,
        }
        parts = {element: parts[element] for element in elements}
        if missing := [element for element, values in parts.items() if not values]:
            yield wrong(f"no {', '.join(missing)} in the POST", message)
        invited = [b_tid for m in run.all("invite") for b_tid in bodies.b_tids(m)]
        if invited and told.b_tids and not set(invited) & set(told.b_tids):
            yield wrong(f"btid {told.b_tids[0]}, the INVITE had {invited[0]}", run.all("invite")[0], message)
    asked = {s for m in run.all("invite") for found in bodies.find_all(m, ServiceList) for s in found.services}
    posted = {s for m in sent for found in bodies.find_all(m, ServiceList) for s in found.services}
    if asked and sent and asked != posted:
        told_services = ", ".join(sorted(posted)) or "none"
        yield wrong(f"services {told_services} in the POST, {', '.join(sorted(asked))} in the INVITE", *sent)


@rule(
    "SB-11", *ALL, clause="TS 26.237 10.4.2.1", level="shall",
    remedy="SCF: take the address of the UE from Contact or the last Via, not that of the proxy before you.",
)  # fmt: skip
def posted_address_is_that_of_the_ue(run: Run) -> Iterator[Problem]:
    """The ueIPaddress in the POST is the address of the UE, as its SIP shows it.

    The BM-SC sends the keys there: to a proxy, they go into the void. Any address that the INVITE shows for the
    UE is taken: its source, Contact, the last Via, or the one in its SDP.
    """
    told = [(m, address) for m, found in key_info(run) for address in found.ue_addresses if _ip(address)]
    if not told:
        raise NotHere
    own = _ue_addresses(run)
    if not own:
        raise CannotTell("no leg of the INVITE shows the address of the UE")
    own |= {m.payload.src for m in run.ue.loose if _verifies(m)} if run.ues else set()
    for message, address in told:
        if _ip(address) not in {_ip(known) for known in own}:
            yield wrong(f"ueIPaddress {address}, the INVITE came from {', '.join(sorted(own))}", message)


def _verifies(message: Message) -> bool:
    body = bodies.mikey(message)
    return body is not None and body.data_type == bodies.DATA_TYPE_VERIFICATION


def _ue_addresses(run: Run) -> set[str]:
    found = {message.payload.src for message, _ in sent_by_ue(run)}
    for message, body in sips(run, "invite"):
        found |= set(_via_addresses(body))
        found.add((body.contact_uri or "").partition(":")[2].rpartition("@")[2].partition(";")[0])
        offer = bodies.sdp(message)
        found |= {line.value.split()[-1] for line in offer.lines if line.kind == "o" and line.value} if offer else set()
    return {address for value in found if (address := _ip(_host(value)))}


def _via_addresses(body: Sip) -> Iterator[str]:
    """Yield sent-by and received of the last Via: that of the UE (RFC 3261 18.2.1)."""
    for via in body.vias[-1:]:
        words = via.partition(";")[0].split()
        yield words[-1] if words else ""
        yield params(via).get("received", "")


def _host(value: str) -> str:
    """The host of host:port, where an IPv6 address stands in brackets."""
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0] if value.count(":") == 1 else value


def _ip(text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        return ""


@rule(
    "SB-12", *REGISTERING, SIP_DEAUTHORIZATION, clause="TS 26.237 10.4.2.1, TS 33.246 Annex G.2.1", level="shall",
    remedy="BM-SC: answer application/mbms-register-response+xml with one status for each service of the POST.",
)  # fmt: skip
def every_service_gets_a_status(run: Run) -> Iterator[Problem]:
    """The BM-SC answers the POST of the SCF with one status for each service, in its own content type.

    A service without status is neither granted nor refused, and the SCF has nothing to hand on.
    """
    yield from answer_problems(run, (RESPONSE_TYPE,), ServiceStatuses)


def answer_problems(run: Run, types: tuple[str, ...], kind: type[ServiceStatuses | MskStatuses]) -> Iterator[Problem]:
    """Say what is wrong with the answers of the BM-SC to the POSTs of a run."""
    run.needs("post")
    for message, _, answer in posts(run):
        body = None if answer is None else bodies.http(answer)
        if answer is None or body is None:
            yield from unanswered(run, message)
        elif status(answer) == 200:
            yield from status_problems(message, answer, body, types, kind)


def status_problems(
    asked: Message, answer: Message, body: Http, types: tuple[str, ...], kind: type[ServiceStatuses | MskStatuses]
) -> Iterator[Problem]:
    """Say where a 200 has another content type, or not exactly one status for each thing asked for."""
    if not has_type(body, *types):
        yield wrong(f"Content-Type {bodies.content_type(body) or 'missing'}, expected {types[0]}", answer)
    wanted = [s for found in bodies.find_all(asked, ServiceList) for s in found.services]
    if kind is MskStatuses:
        wanted = [(msk.key_domain + msk.msk_id).hex() for msk in bodies.msk_names(asked)]
    items = list(statuses_in(answer, kind))
    if not is_readable(asked) or not is_readable(answer) or not wanted:
        raise CannotTell("what was asked, or the statuses, could not be read")
    given = [subject(item) for item in items if item.code is not None]
    if sorted(given) != sorted(wanted):
        told = ", ".join(sorted(given)) or "none"
        yield wrong(f"statuses for {told}; asked was for {', '.join(sorted(wanted))}", asked, answer)


@rule(
    "SB-15", SIP_DEAUTHORIZATION, clause="TS 26.237 10.4.2.1a", level="shall",
    remedy="SCF: POST requesttype=sip-based-deregister with the services; add the MUK only when it was fetched anew.",
)  # fmt: skip
def deregister_post_has_no_needless_muk(run: Run) -> Iterator[Problem]:
    """The SCF deregisters a UE with requesttype=sip-based-deregister, and sends a MUK only when it is a new one.

    The BM-SC needs no key to forget a UE; each copy of a MUK on the way is one more that can be lost.
    """
    run.needs("post")
    for message, body, _ in posts(run):
        yield from line_problems(message, body, "sip-based-deregister")
        yield from _identity_problems(message, body)
    known = _known_b_tids(run)
    for message, told in key_info(run):
        if told.muks and told.b_tids and set(told.b_tids) <= known and not _fetched(run, told.b_tids):
            yield wrong("the POST carries the MUK that the BM-SC has already", message)


def _known_b_tids(run: Run) -> set[str]:
    """The B-TIDs whose MUK the BM-SC got with earlier POSTs for this UE."""
    kinds = [procedure.kind for procedure in ALL]
    earlier = [r for r in run.story.runs_of(run.ue, *kinds) if r.end <= run.start] if run.ues else []
    return {b_tid for r in earlier for _, told in key_info(r) if told.muks for b_tid in told.b_tids}


def _fetched(run: Run, b_tids: tuple[str, ...]) -> bool:
    return any(named_in(e)[0] in b_tids and run.start <= e.first.time <= run.end for e in zn_requests(run))


@rule(
    "SB-17", SIP_MSK_REFRESH, clause="TS 26.237 10.4.2.2, TS 33.246 Annex G.2.3", level="shall",
    remedy="SCF: POST the pairs of the re-INVITE, copy the answer into the SIP 200; BM-SC: one status for each pair.",
)  # fmt: skip
def msk_request_goes_through(run: Run) -> Iterator[Problem]:
    """The SCF sends the pairs of the re-INVITE on; the BM-SC gives each a status; the SIP 200 carries them back.

    A pair that is lost or changed on the way leaves the UE waiting for an MSK that was never asked for.
    """
    if run.first("ok") is not None:
        yield from order_problems(run)
    run.needs("post")
    asked = {(msk.key_domain + msk.msk_id).hex() for m in run.all("invite") for msk in bodies.msk_names(m)}
    posted = {(msk.key_domain + msk.msk_id).hex() for m in run.all("post") for msk in bodies.msk_names(m)}
    for message, body, _ in posts(run):
        yield from line_problems(message, body, _request_type(run, "sip-based-msk-request"))
        yield from _identity_problems(message, body)
    if asked and asked != posted:
        told = ", ".join(sorted(posted)) or "none"
        yield wrong(f"pairs {told} in the POST, {', '.join(sorted(asked))} in the re-INVITE", *run.all("post"))
    if not run.demands(profiles.STATUSES_IN_SIP):
        return
    yield from answer_problems(run, MSK_RESPONSE_TYPES, MskStatuses)
    if run.first("ok") is not None:
        yield from copy_problems(run, MskStatuses)


@rule(
    "SB-22", *ALL, clause="TS 26.237 10.4.2.1, TS 33.210", level="info",
    remedy="SCF: send this POST through IPsec (NDS/IP) to the BM-SC, or find out why it went around the tunnel.",
)  # fmt: skip
def muk_travels_in_ipsec(run: Run) -> Iterator[Problem]:
    """A POST with the MUK of a UE goes from SCF to BM-SC over a link that NDS/IP protects.

    Whoever reads the MUK reads every MSK of the UE. Good is what came in ESP and was opened with a key. In the clear
    between public IPv4 addresses it has left the network of its operator. Between others it cannot be told: inside of
    one security domain IPsec is optional, and the probe may stand where it has ended.
    """
    sent = [(message, told) for message, told in key_info(run) if told.muks]
    if not sent:
        raise NotHere
    inside = ""
    for message, _ in sent:
        payload = message.payload
        if ESP in payload.leg.tunnels:
            continue
        if _is_public(payload.src) or _is_public(payload.dst):
            yield wrong(f"the MUK goes from {payload.src} to {payload.dst} in the clear", message)
        else:
            inside = f"the MUK goes from {payload.src} to {payload.dst} in the clear, maybe inside of one domain"
    if inside:
        raise CannotTell(inside)


def _is_public(address: str) -> bool:
    """Whether a packet to an IPv4 address may cross a network that no operator of the session owns."""
    ip = ip_address(address)
    return ip.version == 4 and not any(ip in network for network in INSIDE)


@rule(
    "SB-23", SIP_MSK_REFRESH, SIP_DEAUTHORIZATION, clause="TS 33.246 Annex G.2.4", level="info",
    remedy="BM-SC: answer 403 to MSK requests and deregistrations for a UE that has deregistered.",
)  # fmt: skip
def only_the_registered_are_served(run: Run) -> Iterator[Problem]:
    """An MSK request or deregistration is granted only to a UE that is registered.

    The SCF vouches for the UE, yet a UE that has left gets its keys back this way; and a BM-SC that lets it leave
    twice does not know who is registered.
    """
    answers = [m for m in run.all("post-answer") if status(m) == 200]
    if not run.ues or not answers:
        raise NotHere
    if history.deregistered(run.story, run.ue, run.start) and history.granted(run):
        what = "MSKs granted to" if run.procedure is SIP_MSK_REFRESH else "deregistration granted to"
        yield wrong(f"{what} a UE that has deregistered", *run.all("post")[:1], answers[0])


RULES: tuple[Rule, ...] = (
    refused_ue_is_not_registered,
    register_post_has_its_form,
    register_post_is_complete,
    posted_address_is_that_of_the_ue,
    every_service_gets_a_status,
    deregister_post_has_no_needless_muk,
    msk_request_goes_through,
    muk_travels_in_ipsec,
    only_the_registered_are_served,
)
