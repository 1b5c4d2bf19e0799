"""Rules on what registrations and MSK requests bring: MSK messages that follow or must not (TS 33.246 6.3.2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import OVERTAKING, status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage, history
from analyzer.procedures.delivery import CURRENT_MSK
from analyzer.procedures.dg_rules import requests
from analyzer.procedures.invites import KS_NAF_REFRESH, SIP_DEAUTHORIZATION, SIP_INITIATION, SIP_MSK_REFRESH, sips
from analyzer.procedures.ms_key_rules import inside, interval
from analyzer.procedures.rg_rules import MSK_RESPONSE_TYPE, MSK_TYPE
from analyzer.procedures.sb_post_rules import status_problems
from analyzer.procedures.ua import DEREGISTRATION, MSK_REQUEST, REGISTRATION
from analyzer.tolerances import seconds
from dissectors import Message
from dissectors.mbms_xml import MskName, MskStatuses
from dissectors.mikey import Mikey

FORBIDDEN = 403
NO_GROUP = b"\0\0"  # TS 33.246 6.3.2.1: not allowed as Key Group part

Group = tuple[bytes | None, bytes]  # Key Domain ID, Key Group part


@once
def msks_by_ue(story: Story) -> dict[str, list[tuple[Message, Mikey]]]:
    """Return the MSK messages to each UE, no pulls, in the order of time."""
    found: dict[str, list[tuple[Message, Mikey]]] = {}
    for ue in story.traffic.sessions:
        sent = [(message, bodies.mikey(message)) for message in history.msk_messages(story, ue)]
        found[ue.id] = [(m, b) for m, b in sent if b is not None and b.msk_id and not bodies.is_solicited_pull(b)]
    return found


def msks(run: Run, start: int = 0, end: int | None = None) -> list[tuple[Message, Mikey]]:
    """Return the MSK messages to the UE of a run between two times, both included, in the order of time."""
    found = msks_by_ue(run.story)[run.ue.id]
    first = bisect_left(found, start, key=lambda sent: sent[0].time)
    return found[first:] if end is None else found[first : bisect_right(found, end, key=lambda sent: sent[0].time)]


def group_of(body: Mikey) -> Group:
    """Return the key group of an MSK message."""
    return body.key_domain_id, (body.msk_id or b"")[:2]


def misses(run: Run, time: int, what: str, shown: Message) -> Iterator[Problem]:
    """Say that no MSK message followed; CannotTell where the capture could not have shown one."""
    addresses = (*run.ue.addresses, *history.registered_addresses(run.story, run.ue, time))
    captures = coverage.of_any(coverage.legs(run.story).msks, addresses)
    if not coverage.shows(run.story, captures, time, time + run.tolerances.msk_after_grant):
        raise CannotTell("the capture does not show MSK messages to this UE, or ends too early")
    seen = {body.csb_id for _, body in msks(run)}
    for message in run.ue.loose:
        body = bodies.mikey(message)
        answers = body is not None and body.data_type == bodies.DATA_TYPE_VERIFICATION and body.csb_id not in seen
        if answers and time <= message.time <= time + run.tolerances.msk_after_grant:
            raise CannotTell(f"frame {message.frame} verifies an MSK message that is not in the capture")
    yield wrong(f"no {what} within {seconds(run.tolerances.msk_after_grant)} s", shown)


@rule(
    "RG-04", REGISTRATION, SIP_INITIATION, KS_NAF_REFRESH, clause="TS 33.246 6.3.2.1A, 6.3.2.3", level="shall",
    remedy="BM-SC: after each registration send the MSKs of all services granted, to UDP 2269 of the UE.",
)  # fmt: skip
def msk_follows_registration(run: Run) -> Iterator[Problem]:
    """After a registration that grants a service, the BM-SC sends MSK messages to the UE.

    The UE asks for no key by itself: until one comes it shows nothing. Which MSK is of which service the capture
    does not tell, so that one message is enough here; where it goes to, MS-01 looks at.
    """
    if not run.ues or run.outcome != "success" or not history.granted(run):
        raise NotHere
    answered = history.answered(run)
    if msks(run, answered - OVERTAKING, answered + run.tolerances.msk_after_grant):  # by UDP, the answer by TCP
        return
    shown = (*run.all("answer"), *run.all("post-answer"), *run.all("ok"))[0]
    yield from misses(run, answered, "MSK message", shown)


# ------------------------------------------------------------------------------------------------ deregistration


@once
def left_groups(run: Run, time: int) -> frozenset[Group]:
    """Return the key groups that a UE has surely no right to any more at a time.

    Those are the groups whose MSKs began to come right after a registration in the capture, once all services
    of all registrations in the capture are deregistered. What was registered before the capture is not known.
    """
    story, ue = run.story, run.ue
    if not history.deregistered(story, ue, time):
        return frozenset()
    acts = [r for r in story.runs_of(ue, *history.REGISTERING, *history.DEREGISTERING) if r.outcome == "success"]
    held: set[str] = set()
    groups: set[Group] = set()
    seen: set[Group] = set()
    messages = iter(msks(run))
    current = next(messages, None)
    for act in (r for r in acts if history.answered(r) <= time):
        at = history.answered(act)
        while current is not None and current[0].time < at:
            seen.add(group_of(current[1]))
            current = next(messages, None)
        if act.procedure.kind in history.DEREGISTERING:
            held -= set(history.granted(act))
            continue
        held |= set(history.granted(act))
        until = min(at + run.tolerances.msk_after_grant, time)
        groups |= {group for _, body in msks(run, at, until) if (group := group_of(body)) not in seen}
    return frozenset() if held else frozenset(groups)


def until_next_registration(run: Run) -> int:
    """Return when the UE begins to register again, or the end of the case."""
    starts = [r.start for r in run.story.runs_of(run.ue, *history.REGISTERING) if r.start > run.end]
    return min(starts, default=run.story.traffic.end)


@once
def after_deregistration(run: Run) -> tuple[int, tuple[tuple[Message, Mikey], ...]]:
    """Return when a UE had left all its services, and the MSK messages after it; NotHere where it had not."""
    if not run.ues or run.outcome != "success" or not history.granted(run):
        raise NotHere
    left = history.answered(run)
    groups = left_groups(run, left)
    if not groups:
        raise NotHere
    end = until_next_registration(run)
    return left, tuple((m, body) for m, body in msks(run, left + 1, end - 1) if group_of(body) in groups)


def is_invalidation(run: Run, message: Message) -> bool:
    """Say whether an MSK message takes its MSK away: SEQl above SEQu (TS 33.246 6.3.2.1B)."""
    limits = [limit for key in inside(run.plain(message)) if (limit := interval(key)) is not None]
    return bool(limits) and all(low > high for low, high in limits)


@rule(
    "RG-07", DEREGISTRATION, SIP_DEAUTHORIZATION, clause="TS 33.246 6.3.2.1B", level="shall",
    remedy="BM-SC: after a deregistration send no MSK of the service any more, but for one that invalidates it.",
)  # fmt: skip
def no_msk_after_deregistration(run: Run) -> Iterator[Problem]:
    """After a deregistration the BM-SC sends no MSK of the service any more, except to invalidate it.

    A UE that has left and still gets keys goes on watching. Judged once the UE has left all services that the
    capture shows, for the key groups that came with them.
    """
    left, sent = after_deregistration(run)
    unknown: CannotTell | None = None
    for message, body in sent:
        if message.time <= left + run.tolerances.msk_after_deregistration:
            continue
        try:
            if is_invalidation(run, message):
                continue
        except CannotTell as reason:
            unknown = reason
            continue
        coverage.sure_of_absence(run.story, "registration", "http", left, message.time)
        after = (message.time - left) / 10**9
        yield wrong(f"MSK {(body.msk_id or b'').hex()} {after:.1f} s after the deregistration", message)
    if unknown is not None:
        raise unknown


@rule(
    "RG-08", DEREGISTRATION, SIP_DEAUTHORIZATION, clause="TS 33.246 6.3.2.1B", level="info",
    remedy="BM-SC: send the MSK again with SEQl above SEQu, so that the UE cannot use it any longer.",
)  # fmt: skip
def msk_is_invalidated(run: Run) -> Iterator[Problem]:
    """After a deregistration the BM-SC invalidates the MSKs of the service, by SEQl above SEQu.

    It need not; until then the UE can use the MSK that it has, up to the end of its validity.
    """
    left, sent = after_deregistration(run)
    opened = [message for message, _ in sent if run.story.chain.opening(message) is not None]
    if any(is_invalidation(run, message) for message in opened):
        return
    if len(opened) < len(sent):
        raise CannotTell("no key opens the MSK messages after the deregistration")
    yield from misses(run, left, "MSK message with SEQl above SEQu", run.messages[-1])


# ------------------------------------------------------------------------------------------------ MSK request


def asked_msks(run: Run) -> list[tuple[Message, MskName]]:
    """Return the MSKs that a request or re-INVITE asks for."""
    asked = [m for m, _ in requests(run)] + [m for m, _ in sips(run, "invite")]
    return [(message, name) for message in asked for name in bodies.msk_names(message)]


@rule(
    "RG-10", MSK_REQUEST, clause="TS 33.246 6.3.2.2, Annex G.2.3", level="shall",
    remedy="BM-SC: answer application/mbms-msk-response+xml with one status for each pair, and send what you grant.",
)  # fmt: skip
def msk_request_is_served(run: Run) -> Iterator[Problem]:
    """The 200 to an MSK request has one status for each pair, and MSK messages follow for those with 200.

    A UE whose request is granted and not served asks again, or gives up. The content type of the request, which
    an example of Annex H has in the answer, is taken too.
    """
    answers = [(m, body) for m in run.all("answer") if status(m) == 200 and (body := bodies.http(m)) is not None]
    if not answers:
        raise NotHere
    asked = run.all("request", "authorized")
    for answer, body in answers:
        if asked:
            yield from status_problems(asked[-1], answer, body, (MSK_RESPONSE_TYPE, MSK_TYPE), MskStatuses)
        if run.ues:
            yield from _unserved(run, answer)


def _unserved(run: Run, answer: Message) -> Iterator[Problem]:
    sent = [body for _, body in msks(run, answer.time - OVERTAKING, answer.time + run.tolerances.msk_after_grant)]
    left = left_groups(run, run.start)  # what must not be served: RG-11 looks at it
    for found in bodies.find_all(answer, MskStatuses):
        for item in found.items:
            if (item.msk.key_domain, item.msk.msk_id[:2]) in left:
                continue
            if item.code == 200 and not any(_serves(body, item.msk) for body in sent):
                name = f"{item.msk.key_domain.hex()} {item.msk.msk_id.hex()}"
                yield from misses(run, answer.time, f"MSK message for {name}", answer)


def _serves(body: Mikey, asked: MskName) -> bool:
    """The MSK asked for, or any of its key group where the current one was asked for."""
    if group_of(body) != (asked.key_domain, asked.msk_id[:2]):
        return False
    return asked.msk_id[2:] == CURRENT_MSK or asked.msk_id == body.msk_id


@rule(
    "RG-11", MSK_REQUEST, clause="TS 33.246 Annex G.2.4", level="shall",
    remedy="BM-SC: give 403 to each MSK of a service that the UE is not registered for.",
)  # fmt: skip
def unregistered_ue_gets_no_msk(run: Run) -> Iterator[Problem]:
    """An MSK of a service that the UE has left, or never registered for, has status 403 in the answer.

    Whoever once was registered could go on without paying otherwise. Judged for key groups of services that the
    capture shows the UE to leave.
    """
    answers = [m for m in run.all("answer") if status(m) == 200]
    if not run.ues or not answers:
        raise NotHere
    groups = left_groups(run, run.start)
    if not groups:
        raise NotHere
    for answer in answers:
        for found in bodies.find_all(answer, MskStatuses):
            for item in found.items:
                if (item.msk.key_domain, item.msk.msk_id[:2]) in groups and item.code != FORBIDDEN:
                    found_as = f"status {item.code} for MSK {item.msk.msk_id.hex()}"
                    yield wrong(f"{found_as}, expected {FORBIDDEN}: the UE has deregistered", answer)


@rule(
    "RG-12", MSK_REQUEST, SIP_MSK_REFRESH, clause="TS 33.246 6.3.2.1", level="shall",
    remedy="UE: take the Key Group part from the service description or the MKI; 0000 is none.",
)  # fmt: skip
def key_group_is_not_zero(run: Run) -> Iterator[Problem]:
    """The Key Group part of an MSK ID that is asked for is never 0000.

    Only the Key Number may be 0: it asks for the current MSK of the group. A group 0000 does not exist.
    """
    asked = asked_msks(run)
    if not asked:
        raise NotHere
    for message, name in asked:
        if name.msk_id[:2] == NO_GROUP:
            yield wrong(f"MSK ID {name.msk_id.hex()} has the Key Group 0000", message)


RULES: tuple[Rule, ...] = (
    msk_follows_registration,
    no_msk_after_deregistration,
    msk_is_invalidated,
    msk_request_is_served,
    unregistered_ue_gets_no_msk,
    key_group_is_not_zero,
)
