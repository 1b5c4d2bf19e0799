"""Rules on INVITE and re-INVITE of the SIP based procedure, and on what the SCF answers (TS 26.237 10.4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer import profiles
from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.procedures import coverage
from analyzer.procedures.bootstrapping import BOOTSTRAPPING, of_run
from analyzer.procedures.invites import (
    KS_NAF_REFRESH,
    SIP_DEAUTHORIZATION,
    SIP_INITIATION,
    SIP_MSK_REFRESH,
    posts,
    sips,
)
from analyzer.procedures.lifetimes import is_over
from analyzer.procedures.roles import name, outcome
from analyzer.procedures.si_post_rules import lacks_post, unanswered
from analyzer.procedures.si_rules import is_readable
from dissectors import Message
from dissectors.mbms_xml import (
    MskRequest,
    MskStatus,
    MskStatuses,
    OtherXml,
    ServiceList,
    ServiceStatus,
    ServiceStatuses,
)
from dissectors.sip import Sip

REGISTERING = (SIP_INITIATION, KS_NAF_REFRESH)
ALL = (*REGISTERING, SIP_DEAUTHORIZATION, SIP_MSK_REFRESH)
READ_TYPES = ("application/sdp", "application/mikey")  # besides all XML
FORBIDDEN = 403

Listed = ServiceList | MskRequest


def body_problems(run: Run, kind: type[Listed], what: str, with_b_tid: bool = True) -> Iterator[Problem]:
    """Say which of both bodies the INVITEs of a run lack: what is asked for, and the B-TID, where that is demanded."""
    invites = run.all("invite")
    lacking: list[str] = []
    if not any(_is_listed(message, kind) for message in invites):
        lacking.append(what)
    if with_b_tid and not any(bodies.b_tids(message) for message in invites):
        lacking.append("B-TID")
    if lacking and any(map(_is_strange, invites)):
        raise CannotTell("a part of the body could not be read")
    if lacking:
        yield wrong(f"no {' and no '.join(lacking)} in the body", invites[0])


def _is_listed(message: Message, kind: type[Listed]) -> bool:
    found = bodies.find(message, kind)
    return found is not None and bool(found.services if isinstance(found, ServiceList) else found.msks)


def _is_strange(message: Message) -> bool:
    """Whether something in a body was not understood: there is no content type for the B-TID that all would use."""
    if not is_readable(message) or bodies.find(message, OtherXml) is not None:
        return True
    parts = message.body.parts if isinstance(message.body, Sip) else ()
    return any(p.content_type not in READ_TYPES and not p.content_type.endswith(("/xml", "+xml")) for p in parts)


def invited_b_tid(run: Run) -> str:
    """Return the B-TID of the INVITE; NotHere where it has none."""
    found = next((b_tid for message in run.all("invite") for b_tid in bodies.b_tids(message)), None)
    if found is None:
        raise NotHere
    return found


@rule(
    "SB-01", *REGISTERING, clause="TS 26.237 10.4.2.1", level="shall",
    remedy="UE: send the INVITE as multipart with the list of userServiceIds and the B-TID (Annex I.1) beside the SDP.",
)  # fmt: skip
def registration_has_services_and_b_tid(run: Run) -> Iterator[Problem]:
    """The INVITE that registers carries the list of userServiceIds and the B-TID.

    Without the list the SCF does not know what to grant, without the B-TID it has no key for the UE.
    """
    yield from body_problems(run, ServiceList, "list of services")


@rule(
    "SB-02", *ALL, clause="TS 26.237 10.4.2.1, TS 33.220 4.5.3", level="shall",
    remedy="UE: when Ks has expired, run bootstrapping again before the INVITE.",
)  # fmt: skip
def invited_b_tid_is_valid(run: Run) -> Iterator[Problem]:
    """The B-TID in the INVITE is that of a bootstrapping whose key lifetime has not passed.

    For an expired one the BSF gives the SCF no key, and the INVITE ends in an error.
    """
    b_tid = invited_b_tid(run)
    made = [b for b in run.story.traffic.bootstrappings if b.b_tid == b_tid]
    if not made:
        if run.ues and any(b.b_tid in run.ue.b_tid for b in run.story.traffic.bootstrappings):
            raise CannotTell(f"the bootstrapping of B-TID {b_tid} is not in the capture")
        raise NotHere
    expires = made[-1].lifetime
    if expires is None:
        raise CannotTell(f"the lifetime of B-TID {b_tid} could not be read")
    message = run.one("invite")
    if is_over(run, expires, message):
        yield wrong(f"B-TID {b_tid} expired at {gba.when(expires)}", message)


@rule(
    "SB-05", *ALL, clause="TS 26.237 10.4.2.1", level="shall",
    remedy="SCF: answer an error when Zn refuses the B-TID; UE: bootstrap again and invite with the new B-TID.",
)  # fmt: skip
def refused_b_tid_is_renewed(run: Run) -> Iterator[Problem]:
    """When the BSF does not know the B-TID, the SCF answers an error, and the UE comes back with a new one.

    Accepted, the session has no key; repeated with the same B-TID, the INVITE ends where the first one did. Which
    SIP code to use is not laid down: any error will do.
    """
    if not run.ues:
        raise NotHere
    b_tid, last = invited_b_tid(run), max(run.end, run.start + run.tolerances.sip_answer)
    refused = [
        exchange.final for exchange in run.ue.exchanges
        if exchange.protocol == "diameter" and exchange.request is not None and exchange.final is not None
        and run.start <= exchange.request.time <= last
        and (asked := bodies.diameter(exchange.request)) is not None
        and asked.text(gba.TRANSACTION_IDENTIFIER) == b_tid
        and (told := bodies.diameter(exchange.final)) is not None and bodies.result_code(told) == 5403
    ]  # fmt: skip
    if not refused:
        raise NotHere
    ok, final = run.first("ok"), run.first("refusal")
    if ok is not None:
        yield wrong(f"{status(ok)} to an INVITE whose B-TID the BSF does not know", refused[0], ok)
    elif final is None:
        if not run.story.covers(refused[0].time, run.tolerances.sip_answer) or not _hears_sip(run):
            raise CannotTell("the answer to the INVITE is not in the capture")
        yield wrong("no answer to an INVITE whose B-TID the BSF does not know", refused[0])
    else:
        kinds = [procedure.kind for procedure in ALL]
        after = next((r for r in run.story.runs_of(run.ue, *kinds) if r.start >= final.time), None)
        if after is not None and b_tid in {b for m in after.all("invite") for b in bodies.b_tids(m)}:
            yield wrong(f"the INVITE is repeated with the refused B-TID {b_tid}", final, after.all("invite")[0])


def _hears_sip(run: Run) -> bool:
    """A probe may see one direction only: whether any answer came from where the INVITE went."""
    servers = {message.payload.dst for message in run.all("invite")}
    return any(answer.payload.src in servers for exchange in run.ue.exchanges for answer in exchange.answers)


@rule(
    "SB-13", *REGISTERING, SIP_DEAUTHORIZATION, clause="TS 26.237 10.4.2.1, 10.4.2.1a", level="shall",
    remedy="SCF: wait for the 200 of the BM-SC, then answer the INVITE with 200 and a copy of its XML.",
)  # fmt: skip
def ok_carries_the_statuses(run: Run) -> Iterator[Problem]:
    """The SIP 200 comes after the HTTP 200 of the BM-SC, and carries its statuses unchanged.

    The UE learns from it which services it will get keys for; a 200 of the SCF's own making promises what the
    BM-SC knows nothing of.
    """
    yield from order_problems(run)
    if run.demands(profiles.STATUSES_IN_SIP):
        yield from copy_problems(run, ServiceStatuses)


def order_problems(run: Run) -> Iterator[Problem]:
    """Say where the SIP 200 did not wait for the BM-SC."""
    ok = run.needs("ok")
    sent = posts(run)
    if not sent:
        if not lacks_post(run, ok):
            raise NotHere
        yield wrong("200 to the INVITE, and no POST to the BM-SC", run.all("invite")[-1], ok)
    for post, _, answer in sent:
        if answer is None:
            yield from unanswered(run, post)
        elif outcome(answer) != "success":
            if not any(a is not None and outcome(a) == "success" for _, _, a in sent):
                yield wrong(f"200 to the INVITE though the BM-SC answered {status(answer)}", post, answer, ok)
        else:
            reversed_ = coverage.is_reversed(answer, ok, run.story)
            if reversed_ is None:
                raise CannotTell("the order of both 200 depends on the clocks of two captures")
            if reversed_:
                late = (answer.time - ok.time) / 10**6
                yield wrong(f"the BM-SC answered {late:.0f} ms after the SIP 200", ok, answer)


def copy_problems(run: Run, kind: type[ServiceStatuses | MskStatuses]) -> Iterator[Problem]:
    """Say where the statuses of the SIP 200 are not those of the BM-SC."""
    answered = [m for _, _, m in posts(run) if m is not None and outcome(m) == "success"]
    told = [item for message in answered for item in statuses_in(message, kind)]
    if not told:
        return
    ok = run.one("ok")
    carried = list(statuses_in(ok, kind))
    if not carried:
        if _is_strange(ok):
            raise CannotTell("a part of the SIP 200 could not be read")
        yield wrong("no statuses in the SIP 200", *answered, ok)
    elif _pairs(carried) != _pairs(told):
        yield wrong("the statuses in the SIP 200 are not those of the BM-SC", *answered, ok)


def statuses_in(message: Message, kind: type[ServiceStatuses | MskStatuses]) -> Iterator[ServiceStatus | MskStatus]:
    """Yield the statuses in the body of an answer."""
    for found in bodies.find_all(message, kind):
        yield from found.items


def subject(item: ServiceStatus | MskStatus) -> str:
    """Return what a status is about: the service, or Key Domain ID and MSK ID in hex."""
    return item.service if isinstance(item, ServiceStatus) else (item.msk.key_domain + item.msk.msk_id).hex()


def _pairs(items: Iterable[ServiceStatus | MskStatus]) -> list[tuple[str, int]]:
    return sorted((subject(item), item.code or 0) for item in items)


@rule(
    "SB-14", SIP_DEAUTHORIZATION, clause="TS 26.237 10.4.2.1a", level="shall",
    remedy="UE: deregister by a re-INVITE in the dialog of the registration, with userServiceIds and B-TID.",
)  # fmt: skip
def deregistration_is_a_reinvite(run: Run) -> Iterator[Problem]:
    """A UE deregisters by a re-INVITE in its dialog, with the userServiceIds and the B-TID.

    In a dialog of its own the SCF takes it for another session, and the first one keeps its keys.
    """
    yield from dialog_problems(run)
    yield from body_problems(run, ServiceList, "list of services")


def dialog_problems(run: Run) -> Iterator[Problem]:
    """Say where an INVITE is none of a dialog."""
    for message, body in sips(run, "invite")[:1]:
        if not body.to_tag:
            yield wrong("an INVITE outside of any dialog, expected a re-INVITE", message)


@rule(
    "SB-16", SIP_MSK_REFRESH, clause="TS 26.237 10.4.2.2", level="shall",
    remedy="UE: ask by a re-INVITE with the pairs of Key Domain ID and MSK ID and the B-TID.",
)  # fmt: skip
def msk_request_is_a_reinvite(run: Run) -> Iterator[Problem]:
    """A UE asks for MSKs by a re-INVITE in its dialog, with pairs of Key Domain ID and MSK ID, and the B-TID.

    Without the pairs the BM-SC does not know what is missing; without the B-TID the SCF cannot tell whether its
    key is still the one that the UE uses.
    """
    yield from dialog_problems(run)
    with_b_tid = run.demands(profiles.B_TID_IN_REQUEST)
    yield from body_problems(run, MskRequest, "pair of Key Domain ID and MSK ID", with_b_tid)


@rule(
    "SB-18", KS_NAF_REFRESH, BOOTSTRAPPING, clause="TS 26.237 10.4.2.3", level="shall",
    remedy="UE: after a new bootstrapping repeat the registration by re-INVITE with the new B-TID.",
)  # fmt: skip
def new_b_tid_is_registered(run: Run) -> Iterator[Problem]:
    """After a new bootstrapping a registered UE repeats its registration with the new B-TID.

    The BM-SC goes on with the old MUK otherwise: its messages fail at the UE, or end with the old lifetime.
    """
    if not run.ues:
        raise NotHere
    if run.procedure.kind == BOOTSTRAPPING.kind:
        yield from _unregistered(run)
        return
    b_tid, message = invited_b_tid(run), run.one("invite")
    made = [b for b in run.story.traffic.bootstrappings if b.b_tid in run.ue.b_tid and b.info is not None]
    done = [b for b in made if b.info is not None and b.info.time < message.time]
    if not done or b_tid not in {b.b_tid for b in done}:
        raise NotHere
    info = done[-1].info
    if done[-1].b_tid != b_tid and info is not None:
        if message.time - info.time <= coverage.slack(run.story, info.payload.capture, message.payload.capture):
            raise CannotTell("the INVITE and the 200 of the bootstrapping may stand in the wrong order")
        yield wrong(f"registered again with B-TID {b_tid}, the last bootstrapping gave {done[-1].b_tid}", info, message)


def _unregistered(run: Run) -> Iterator[Problem]:
    """The UE was registered under an older B-TID, and lets it expire without registering the new one."""
    made = of_run(run)
    before = [
        r for r in run.story.runs_of(run.ue, *(procedure.kind for procedure in REGISTERING))
        if r.outcome == "success" and r.end <= run.start
    ]  # fmt: skip
    if made.info is None or made.b_tid is None or not before:
        raise NotHere
    old = invited_b_tid(before[-1])
    expires = next((b.lifetime for b in run.story.traffic.bootstrappings if b.b_tid == old), None)
    if old == made.b_tid or expires is None or _has_left(run, before[-1], expires):
        raise NotHere
    if any(
        r.start >= run.end and made.b_tid in {b for m in r.all("invite") for b in bodies.b_tids(m)}
        for r in run.story.runs_of(run.ue, *(procedure.kind for procedure in ALL))
    ):
        return
    if any(b.time > made.time and b.b_tid in run.ue.b_tid for b in run.story.traffic.bootstrappings):
        raise NotHere  # a still newer one is what counts
    shown = [m for m, _ in sips(before[-1], "invite")]
    if not coverage.shows(run.story, coverage.legs(run.story).sip, run.start, expires):
        raise NotHere
    yield wrong(f"no re-INVITE with the new B-TID before {old} expired at {gba.when(expires)}", shown[0], made.info)


def _has_left(run: Run, registered: Run, until: int) -> bool:
    """Whether the UE has ended its session, or deregistered, before a time."""
    dialogs = {body.call_id for _, body in sips(registered, "invite")}
    ended = any(
        isinstance(e.first.body, Sip) and e.first.body.cseq_method == "BYE"
        and e.first.body.call_id in dialogs and e.first.time <= until
        for e in run.ue.exchanges
    )  # fmt: skip
    return ended or any(r.start <= until for r in run.story.runs_of(run.ue, SIP_DEAUTHORIZATION.kind))


@rule(
    "SB-19", *ALL, clause="TS 26.237 10.4.2.1, 10.4.2.1a, 10.4.2.2", level="shall",
    remedy="UE: address the INVITE to the SCF, and re-INVITEs to the Contact that the SCF gave.",
)  # fmt: skip
def invite_is_addressed_to_the_scf(run: Run) -> Iterator[Problem]:
    """The Request-URI of INVITE and re-INVITE names the SCF, not the service.

    The service is in the body here; a request for its PSI is routed as one of the HTTP based procedure.
    """
    message, body = sips(run, "invite")[0]
    asked = name(body.uri or "")
    if not body.to_tag:
        services = {name(service) for m in run.all("invite") for service in bodies.services(m)}
        if asked in services or asked.partition(":")[2].partition("@")[0] in services:
            yield wrong(f"Request-URI {body.uri} names the service, expected the SCF", message)
        return
    known = _targets(run, message, body)
    if not known:
        raise NotHere
    if asked not in known:
        yield wrong(f"Request-URI {body.uri} in the dialog with {', '.join(sorted(known))}", message)


def _targets(run: Run, message: Message, body: Sip) -> set[str]:
    """The URIs of the far end of a dialog, as this leg has shown them: first Request-URI and Contacts."""
    near, far = message.payload.src, message.payload.dst
    found: set[str] = set()
    for exchange in run.ue.exchanges if run.ues else ():
        for other in exchange.messages:
            said = bodies.sip(other)
            if said is None or said.call_id != body.call_id or other.time >= message.time:
                continue
            if (other.payload.src, other.payload.dst) == (far, near) and said.contact_uri:
                found.add(name(said.contact_uri))
            elif other.payload.src == near and said.method == "INVITE" and not said.to_tag and said.uri:
                found.add(name(said.uri))
    return found


RULES: tuple[Rule, ...] = (
    registration_has_services_and_b_tid,
    invited_b_tid_is_valid,
    refused_b_tid_is_renewed,
    ok_carries_the_statuses,
    deregistration_is_a_reinvite,
    msk_request_is_a_reinvite,
    new_b_tid_is_registered,
    invite_is_addressed_to_the_scf,
)
