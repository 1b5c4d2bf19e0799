"""Rules on registrations that rest on an authorization, or lack it (TS 26.237 10.4.1.1.1, TS 33.246 6.3.2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import Exchange, of_request_type, status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, once, rule, wrong
from analyzer.procedures import coverage
from analyzer.procedures.dg_rules import intended
from analyzer.procedures.invites import asserted, posts
from analyzer.procedures.roles import names, outcome
from analyzer.procedures.ua import REGISTRATION
from dissectors import Message
from dissectors.mbms_xml import ServiceStatuses

FORBIDDEN = 403


@rule(
    "SI-14", REGISTRATION, clause="TS 26.237 10.4.1.1.1.1", level="shall",
    remedy="UE: wait for the 200 to the INVITE before registering for key management.",
)  # fmt: skip
def registration_follows_the_ok(run: Run) -> Iterator[Problem]:
    """A UE registers for key management only after its INVITE was answered with 200.

    Before that the BM-SC has no authorization, and refuses what a moment later it would have granted.
    """
    invited = _invitations_of(run)
    first = run.all("request", "authorized")[0]
    if not invited:
        raise NotHere
    if any(ok.time <= first.time for other in invited if (ok := other.first("ok")) is not None):
        return
    for other in invited:
        ok = other.first("ok")
        reversed_ = None if ok is None else coverage.is_reversed(ok, first, run.story)
        if other.start < first.time and ok is not None and reversed_:
            yield wrong(f"registered {(ok.time - first.time) / 10**6:.0f} ms before the 200 OK", first, ok)
            return
    raise CannotTell("the capture does not show which session the registration is for")


def _invitations_of(run: Run) -> list[Run]:
    """The INVITEs of the UE for a service that a registration asks for."""
    if not run.ues:
        return []
    asked = {service for message in run.all("request", "authorized") for service in bodies.services(message)}
    return [
        other for other in run.story.runs_of(run.ue, "http-initiation")
        if asked & {service for message in other.all("invite") for service in bodies.services(message)}
    ]  # fmt: skip


@rule(
    "SI-15", REGISTRATION, clause="TS 26.237 10.4.1.1.1.4", level="shall",
    remedy="BM-SC: grant a service only when the SCF has authorized this IMPU for it.",
)  # fmt: skip
def registration_rests_on_authorization(run: Run) -> Iterator[Problem]:
    """The BM-SC grants a registration only for services that the SCF has authorized for this IMPU before.

    Otherwise whoever can bootstrap can watch. What was authorized before the capture began cannot be known:
    judged where the INVITE for the service is in the capture.
    """
    granted = _statuses(run)
    if not run.story.runs_of(run.ue, "http-initiation") if run.ues else True:
        raise NotHere
    unknown: list[str] = []
    for message, service, code in granted:
        if code != 200 or _authorized(run, service, message.time):
            continue
        reason = _unauthorized(run, service, message.time)
        if reason is None:
            unknown.append(service)
        else:
            yield wrong(f"{service} granted, {reason[0]}", *reason[1], message)
    if unknown:
        raise CannotTell(f"an authorization for {', '.join(unknown)} may have come before the capture began")


@rule(
    "SI-16", REGISTRATION, clause="TS 33.246 6.3.2.4, Annex G.2.4", level="shall",
    remedy="BM-SC: give a service that the UE is not authorized for the status 403.",
)  # fmt: skip
def unauthorized_service_is_forbidden(run: Run) -> Iterator[Problem]:
    """A service that the UE is not authorized for has status 403 in the answer to its registration.

    Another status tells the UE another story: 404 that there is no such service, 503 that it should try again.
    """
    refused = [(message, service, code) for message, service, code in _statuses(run) if code != 200]
    looked = False
    for message, service, code in refused:
        reason = None if _authorized(run, service, message.time) else _unauthorized(run, service, message.time)
        if reason is not None:
            looked = True
            if code != FORBIDDEN:
                yield wrong(f"{service} has status {code}, expected {FORBIDDEN}: {reason[0]}", *reason[1], message)
    if not looked:
        raise NotHere


def _statuses(run: Run) -> list[tuple[Message, str, int | None]]:
    """The services in the answers to a registration, with their statuses."""
    found = [
        (message, item.service, item.code)
        for message in run.all("answer") if status(message) == 200
        for listed in bodies.find_all(message, ServiceStatuses) for item in listed.items
    ]  # fmt: skip
    if not found or not run.ues:
        raise NotHere
    return found


@once
def _intended(run: Run) -> set[str]:
    """Whom a registration is for: the identity intended, or where it tells none, any of the UE."""
    told = (identities for _, _, identities in intended(run))
    return {name for identities in told for name in names(identities)} or set(names(run.ue.impu))


@once
def _authorizations(run: Run, service: str, until: int) -> list[Exchange]:
    """The authorize POSTs for a service that name the identity of a registration, before a time."""
    own = _intended(run)
    return [
        exchange for exchange in of_request_type(run.ue.exchanges, "authorize")
        if exchange.first.time <= until and service in bodies.services(exchange.first)
        and (body := bodies.http(exchange.first)) is not None and own & set(asserted(body))
    ]  # fmt: skip


def _authorized(run: Run, service: str, until: int) -> bool:
    """Whether an authorization was notified: acknowledged, or at least not refused."""
    known = _authorizations(run, service, until)
    return any(exchange.final is None or outcome(exchange.final) == "success" for exchange in known)


def _unauthorized(run: Run, service: str, until: int) -> tuple[str, tuple[Message, ...]] | None:
    """Why a service is surely not authorized, with the messages that show it; None where it may be."""
    refused = [exchange.final for exchange in _authorizations(run, service, until) if exchange.final is not None]
    if refused:
        return f"its authorization was answered {status(refused[-1])}", (refused[-1],)
    invited = [
        other for other in run.story.runs_of(run.ue, "http-initiation")
        if other.start < until and any(service in bodies.services(m) for m in other.all("invite"))
    ]  # fmt: skip
    if not invited:
        return None
    last = invited[-1]
    refusal = last.first("refusal")
    if last.first("ok") is None and refusal is not None and status(refusal) == FORBIDDEN:
        return f"its INVITE was answered {FORBIDDEN}", (refusal,)
    others = [(m, asserted(body)) for m, body, _ in posts(last) if service in bodies.services(m)]
    if others and others[-1][1]:
        told, own = ", ".join(others[-1][1]), ", ".join(sorted(_intended(run)))
        return f"authorized was {told}, registered is {own}", (others[-1][0],)
    if posts(last):  # one that names nobody, or another service: SI-10 and SI-11 look at it
        return None
    if not coverage.shows(run.story, coverage.legs(run.story).posts, last.start, until):
        return None
    coverage.sure_of_absence(run.story, "authorize POST", "http", last.start, until)
    return "no authorize POST was sent for its INVITE", tuple(last.all("invite")[-1:])


RULES: tuple[Rule, ...] = (
    registration_follows_the_ok,
    registration_rests_on_authorization,
    unauthorized_service_is_forbidden,
)
