"""Rules on the form of key management requests on Ua and of their answers (TS 33.246 6.3.2, Annex G)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import status
from analyzer.correlate.sessions import Session
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage, digests, history
from analyzer.procedures.bootstrapping import was_made
from analyzer.procedures.dg_rules import KINDS as UA_KINDS
from analyzer.procedures.dg_rules import credentials, host, requests
from analyzer.procedures.sb_key_rules import named_in
from analyzer.procedures.sb_post_rules import RESPONSE_TYPE, status_problems
from analyzer.procedures.si_post_rules import has_type, line_problems
from analyzer.procedures.si_rules import is_readable
from analyzer.procedures.ua import DEREGISTRATION, MSK_REQUEST, REGISTRATION, RETRY_WITHIN
from analyzer.procedures.zn import USAGE
from dissectors import Message
from dissectors.http import Http
from dissectors.mbms_xml import MskStatuses, ServiceStatuses

UA = (REGISTRATION, DEREGISTRATION, MSK_REQUEST)
REGISTER_TYPE = "application/mbms-register+xml"
DEREGISTER_TYPE = "application/mbms-deregister+xml"
MSK_TYPE = "application/mbms-msk+xml"
MSK_RESPONSE_TYPE = "application/mbms-msk-response+xml"
KEY_DOMAIN_OCTETS, MSK_ID_OCTETS = 3, 4  # TS 33.246 6.3.2.1
# TS 33.246 table G.2.4-1; 402, 406 to 417, 500 and 502 are not used.
REFUSALS = (400, 401, 403, 404, 405, 501, 503, 504, 505)


def form_problems(run: Run, asked: str, content: str) -> Iterator[Problem]:
    """Say what is wrong with request line and content type of a request and its retries."""
    for message, body in requests(run):
        yield from line_problems(message, body, asked)
        if not has_type(body, content):
            yield wrong(f"Content-Type {bodies.content_type(body) or 'missing'}, expected {content}", message)


def service_problems(run: Run) -> Iterator[Problem]:
    """Say where a request names no service."""
    for message, _ in requests(run):
        if not bodies.services(message):
            if not is_readable(message):
                raise CannotTell("the body of the request could not be read")
            yield wrong("no service in the body", message)


@rule(
    "RG-01", REGISTRATION, clause="TS 33.246 6.3.2.1A, Annex G.2.1", level="shall",
    remedy="UE: POST …/keymanagement?requesttype=register with application/mbms-register+xml and at least one service.",
)  # fmt: skip
def registration_has_its_form(run: Run) -> Iterator[Problem]:
    """A registration is a POST with requesttype=register, its own content type, and at least one service.

    The BM-SC tells its requests apart by the request type; with another it answers 400, or does another thing.
    """
    yield from form_problems(run, "register", REGISTER_TYPE)
    yield from service_problems(run)


@rule(
    "RG-02", REGISTRATION, clause="TS 33.246 Annex G.2.1", level="shall",
    remedy="BM-SC: answer application/mbms-register-response+xml with one status for each service asked for.",
)  # fmt: skip
def registration_answer_is_complete(run: Run) -> Iterator[Problem]:
    """The 200 to a registration has its own content type, and one status for each service asked for.

    A UE that finds no status for a service does not know whether to wait for keys.
    """
    asked, answers = _last_asked(run), _accepted(run)
    for answer, body in answers:
        yield from status_problems(asked, answer, body, (RESPONSE_TYPE,), ServiceStatuses)


def _last_asked(run: Run) -> Message:
    found = run.all("request", "authorized")
    if not found:
        raise CannotTell("the request is not in the capture")
    return found[-1]


def _accepted(run: Run) -> list[tuple[Message, Http]]:
    found = [(m, body) for m in run.all("answer") if status(m) == 200 and (body := bodies.http(m)) is not None]
    if not found:
        raise NotHere
    return found


@rule(
    "RG-03", DEREGISTRATION, MSK_REQUEST, clause="TS 33.246 6.3.2.1A", level="shall",
    remedy="UE: stay with the key management server that you registered at.",
)  # fmt: skip
def server_stays_the_same(run: Run) -> Iterator[Problem]:
    """A UE sends all requests for a service to the key management server that it registered at.

    A service description may list several; only the one with the registration knows the UE. Where something was lost on
    its way into the capture, it may have been a registration at another one.
    """
    if not run.ues:
        raise NotHere
    asked = {host(body): message for message, body in requests(run)}
    known = _servers(run)
    if not known or not all(asked):
        raise NotHere
    for name, message in asked.items():
        if name not in known:
            _be_sure_of_the_last(run, message)
            yield wrong(f"request to {name}, the registration was at {', '.join(sorted(known))}", message)


def _be_sure_of_the_last(run: Run, request: Message) -> None:
    """Raise CannotTell where the UE may have registered again, and the capture does not show it."""
    last = next(history.before(run.story, run.ue, run.start, REGISTRATION.kind), None)
    since = run.story.traffic.begin if last is None else last.start
    coverage.sure_of_absence(run.story, "other registration", "http", since, request.time)


def _servers(run: Run) -> set[str]:
    """The servers that have registered the services, or delivered MSKs of the key groups, of a request."""
    services = {service for message, _ in requests(run) for service in bodies.services(message)}
    groups = {(m.key_domain, m.msk_id[:2]) for message, _ in requests(run) for m in bodies.msk_names(message)}
    found: set[str] = set()
    for earlier in history.before(run.story, run.ue, run.start, REGISTRATION.kind):
        if services & set(history.granted(earlier)):
            found |= {host(body) for _, body in requests(earlier)}
    senders = _senders(run.story, run.ue) if groups else {}
    found |= {sender for group in groups for sender, time in senders.get(group, {}).items() if time < run.start}
    return found - {""}


@once
def _senders(story: Story, ue: Session) -> Mapping[tuple[bytes | None, bytes], Mapping[str, int]]:
    """Return by key group who sent MSK messages to a UE, and when first."""
    found: dict[tuple[bytes | None, bytes], dict[str, int]] = {}
    for message in history.msk_messages(story, ue):
        body = bodies.mikey(message)
        if body is not None and body.idi is not None and body.msk_id is not None:
            group = body.key_domain_id, body.msk_id[:2]
            found.setdefault(group, {}).setdefault(body.idi.text.lower(), message.time)
    return found


@rule(
    "RG-05", DEREGISTRATION, clause="TS 33.246 6.3.2.1B, Annex G.2.2", level="shall",
    remedy="UE: POST …/keymanagement?requesttype=deregister with application/mbms-deregister+xml and the services.",
)  # fmt: skip
def deregistration_has_its_form(run: Run) -> Iterator[Problem]:
    """A deregistration is a POST with requesttype=deregister, its own content type, and at least one service.

    The BM-SC goes on to deliver keys when it takes it for something else.
    """
    yield from form_problems(run, "deregister", DEREGISTER_TYPE)
    yield from service_problems(run)


@rule(
    "RG-06", DEREGISTRATION, clause="TS 33.246 Annex G.2.2", level="shall",
    remedy="BM-SC: answer a deregistration with application/mbms-register-response+xml, as a registration.",
)  # fmt: skip
def deregistration_answer_has_the_register_type(run: Run) -> Iterator[Problem]:
    """The 200 to a deregistration has the content type of a registration's answer: there is none of its own.

    A UE that waits for this type takes any other for no answer, and deregisters again.
    """
    for answer, body in _accepted(run):
        if not has_type(body, RESPONSE_TYPE):
            found = bodies.content_type(body) or "missing"
            yield wrong(f"Content-Type {found}, expected {RESPONSE_TYPE}", answer)


@rule(
    "RG-09", MSK_REQUEST, clause="TS 33.246 6.3.2.2, Annex G.2.3", level="shall",
    remedy="UE: POST …/keymanagement?requesttype=msk-request with application/mbms-msk+xml and complete pairs.",
)  # fmt: skip
def msk_request_has_its_form(run: Run) -> Iterator[Problem]:
    """An MSK request is a POST with requesttype=msk-request, its own content type, and pairs of both key ids.

    A pair is a Key Domain ID of 3 octets and an MSK ID of 4; its Key Number 0 asks for the current MSK.
    """
    yield from form_problems(run, "msk-request", MSK_TYPE)
    for message, _ in requests(run):
        names = bodies.msk_names(message)
        if not names:
            if not is_readable(message):
                raise CannotTell("the body of the request could not be read")
            yield wrong("no pair of Key Domain ID and MSK ID in the body", message)
        for name in names:
            if (len(name.key_domain), len(name.msk_id)) != (KEY_DOMAIN_OCTETS, MSK_ID_OCTETS):
                yield wrong(
                    f"Key Domain ID of {len(name.key_domain)} and MSK ID of {len(name.msk_id)} octets, "
                    f"expected {KEY_DOMAIN_OCTETS} and {MSK_ID_OCTETS}",
                    message,
                )


@rule(
    "RG-14", DEREGISTRATION, MSK_REQUEST, clause="TS 33.246 6.3.1", level="should",
    remedy="UE: keep the PDN connection of the registration until deregistration, or register again from the new one.",
)  # fmt: skip
def address_stays_the_same(run: Run) -> Iterator[Problem]:
    """The requests of a UE come from the address that it registered from, as long as the registration lasts.

    The BM-SC sends MSKs to the address of the registration: a UE that has moved on asks, and never hears. Where
    something was lost on its way into the capture, it may have been a registration from the new address.
    """
    if not run.ues:
        raise NotHere
    known = {
        message.payload.src
        for earlier in history.before(run.story, run.ue, run.start, REGISTRATION.kind)
        for message, _ in requests(earlier)
        if not history.was_forwarded(message)
    }
    if not known:
        raise NotHere
    for message, _ in requests(run):
        if message.payload.src not in known and not history.was_forwarded(message):
            _be_sure_of_the_last(run, message)
            yield wrong(f"request from {message.payload.src}, registered from {', '.join(sorted(known))}", message)


@rule(
    "RG-15", *UA, clause="TS 33.246 6.3.2.4, Annex G.2.4", level="shall",
    remedy="BM-SC: use the status codes of table G.2.4-1 only, in the status line and for each item.",
)  # fmt: skip
def statuses_are_those_of_the_table(run: Run) -> Iterator[Problem]:
    """The statuses of an answer, in its first line and for each item, are those that the specification lists.

    What a UE does next hangs on the code: it may repeat after 401 and 503 only, and does not know the others.
    A code that a proxy has set on the way is not counted.
    """
    answers = run.all("answer")
    if not answers:
        raise NotHere
    for message in answers:
        body, code = bodies.http(message), status(message) or 0
        if body is not None and code >= 400 and code not in REFUSALS and body.headers.get("Via") is None:
            yield wrong(f"status {code} is not among those of key management", message)
        codes = [item.code for found in bodies.find_all(message, ServiceStatuses) for item in found.items]
        codes += [item.code for found in bodies.find_all(message, MskStatuses) for item in found.items]
        for item in codes:
            if item is not None and item != 200 and item not in REFUSALS:
                yield wrong(f"item with status {item}, which is not among those of key management", message)


@rule(
    "RG-16", *UA, clause="TS 33.246 6.2.1.3, RFC 2617 3.2.2.3", level="shall",
    remedy="UE: put the hash of the body into the digest (auth-int); or else find what changes the body on the way.",
)  # fmt: skip
def digest_covers_the_body(run: Run) -> Iterator[Problem]:
    """The digest of a request with auth-int covers the body that arrives.

    Judged where the digest fits without the body, or its MRK has fitted other requests: then the UE left the body
    out, or something changed it on the way. Where nothing fits at all, DG-05 speaks of the key.
    """
    looked = False
    for message, body, given in credentials(run):
        if given.get("qop") != "auth-int":
            continue
        if run.story.chain.digest(message).ok:
            looked = True
        elif reason := digests.without_body(run.story, message, body, given):
            yield wrong(reason, message)
            looked = True
    if not looked:
        raise NotHere


@rule(
    "RG-17", USAGE, clause="TS 33.220 4.5.3", level="shall",
    remedy="BM-SC: ask the BSF for the B-TID that the UE has sent as user name, as it is.",
)  # fmt: skip
def zn_asks_for_the_b_tid_presented(run: Run) -> Iterator[Problem]:
    """The BM-SC asks the BSF for the B-TID that the UE has presented on Ua.

    The key of another B-TID fits no digest of this UE: it is refused for ever, without knowing why. Judged where the
    capture shows a UE that waits with a new B-TID for which the BSF is never asked.
    """
    asked = run.needs("bir")
    body = bodies.diameter(asked)
    naf = None if body is None else body.find(gba.NAF_ID)
    if body is None or naf is None:
        raise NotHere
    b_tid, (fqdn, _) = body.text(gba.TRANSACTION_IDENTIFIER), gba.split_naf_id(naf.data)
    if b_tid is not None and _waiting(_by_user(run.story).get(b_tid, ()), asked, fqdn, b_tid):
        return
    waiting = _waiting(_on_ua(run.story), asked, fqdn)
    if not waiting:
        raise NotHere
    for message, user in waiting:
        if _is_new(run, message, user):
            yield wrong(f"Zn asks for B-TID {b_tid}, the UE presented {user}", message, asked)


def _waiting(runs: Sequence[Run], asked: Message, naf: str, b_tid: str | None = None) -> list[tuple[Message, str]]:
    """Return the requests to a NAF with credentials, or this B-TID, that wait for an answer; the newest run first."""
    lately = bisect_left(runs, asked.time - RETRY_WITHIN, key=_start)
    until = bisect_right(runs, asked.time, key=_start)
    return [
        (message, user)
        for run in reversed(runs[lately:until]) if asked.time <= run.end
        for message, user, server in _presenting(run)
        if message.time <= asked.time and (server == naf.lower() or message.payload.dst == asked.payload.src)
        and b_tid in (None, user)
    ]  # fmt: skip


def _start(run: Run) -> int:
    return run.start


@once
def _presenting(run: Run) -> tuple[tuple[Message, str, str], ...]:
    """Return the requests of a run with credentials: message, user name and host."""
    asked = ((message, body, gba.authorization(body)) for message, body in requests(run))
    return tuple((m, given.get("username") or "", host(body)) for m, body, given in asked if given is not None)


@once
def _on_ua(story: Story) -> tuple[Run, ...]:
    """Return all requests on Ua in the order of time."""
    return tuple(run for run in story.runs if run.procedure.kind in UA_KINDS)


@once
def _by_user(story: Story) -> Mapping[str, Sequence[Run]]:
    """Return the requests on Ua by the B-TID that they present, in the order of time."""
    found: dict[str, list[Run]] = {}
    for run in _on_ua(story):
        for user in {user for _, user, _ in _presenting(run)}:
            found.setdefault(user, []).append(run)
    return found


def _is_new(run: Run, message: Message, b_tid: str) -> bool:
    """Whether the BM-SC cannot have keys of a B-TID: it was made in the capture, and Zn never asked for it."""
    session = run.story.traffic.session_of(message)
    if session is None or not was_made(run.story, b_tid):
        return False
    asked = (e for e in session.exchanges if e.protocol == "diameter" and gba.is_zn(e))
    return not any(named_in(exchange)[0] == b_tid for exchange in asked)


RULES: tuple[Rule, ...] = (
    registration_has_its_form,
    registration_answer_is_complete,
    server_stays_the_same,
    deregistration_has_its_form,
    deregistration_answer_has_the_register_type,
    msk_request_has_its_form,
    address_stays_the_same,
    statuses_are_those_of_the_table,
    digest_covers_the_body,
    zn_asks_for_the_b_tid_presented,
)
