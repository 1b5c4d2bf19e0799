"""Rules on which MSKs a UE gets, how many it keeps, and MUKs that have expired (TS 33.246 6.3.2, 6.5.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import status
from analyzer.correlate.sessions import Session
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.keys.store import MAX_OF_A_GROUP
from analyzer.procedures import history
from analyzer.procedures.bootstrapping import maker
from analyzer.procedures.delivery import MSK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.lifetimes import is_over
from analyzer.procedures.ms_rules import mikeys
from analyzer.report import Evidence
from dissectors import Message
from dissectors.announcement_xml import SecurityDescription
from dissectors.mikey import Mikey

UNAUTHORIZED, FORBIDDEN = 401, 403
GroupName = tuple[bytes, bytes]  # Key Domain ID, Key Group part of the MSK ID


@once
def _announced(story: Story) -> Mapping[str, frozenset[frozenset[GroupName]]]:
    """Return the key groups that each of the protection descriptions names, by the address that they were sent to."""
    found: dict[str, set[frozenset[GroupName]]] = {}
    for message in story.traffic.messages:
        for description in bodies.find_all(message, SecurityDescription):
            named = frozenset((domain, msk_id[:2]) for flow in description.protected for domain, msk_id in flow.msks)
            if named:
                found.setdefault(message.payload.dst, set()).add(named)
    return {address: frozenset(described) for address, described in found.items()}


def _all_are_described(run: Run) -> bool:
    """Say whether the capture has a description for each service: of the UE what it fetched, or of all UEs all."""
    described = _announced(run.story)
    own = frozenset[frozenset[GroupName]]().union(
        *(described.get(address, frozenset()) for address in run.ue.addresses if _users(run.story)[address] == 1)
    )
    if 0 < len(run.ue.services) <= len(own):
        return True
    return 0 < len(_services(run.story)) <= len(frozenset[frozenset[GroupName]]().union(*described.values()))


@once
def _users(story: Story) -> Counter[str]:
    """Return how many UEs there are at each address: behind a NAT nobody knows who fetched what."""
    return Counter(address for session in story.traffic.sessions for address in session.addresses)


@once
def _services(story: Story) -> frozenset[str]:
    """Return the services that UEs of the capture name."""
    return frozenset(service for run in story.runs for ue in run.ues for service in ue.services)


@once
def _asked_for(story: Story) -> frozenset[GroupName]:
    """Return the key groups that UEs have asked for by name."""
    runs = (run for run in story.runs if run.procedure.kind in history.REQUESTING)
    return frozenset(
        (name.key_domain, name.msk_id[:2])
        for run in runs
        for message in run.messages
        for name in bodies.msk_names(message)
    )


@rule(
    "MS-17", MSK_DELIVERY, clause="TS 33.246 6.3.2.1", level="shall",
    remedy="BM-SC: send a UE the MSKs of the services that it registered for; compare the protection description.",
)  # fmt: skip
def msk_belongs_to_the_service(run: Run) -> Iterator[Problem]:
    """The MSK ID is of a key group of the services: one that the protection description names, or that was asked for.

    With a key of another group the UE can open nothing of what it wants to see. Which groups a service has is told by
    its protection description only: without one in the capture this rule does not apply, and with fewer than there are
    services it cannot tell. MS-08 looks at whether the MSK has a name, MS-13 at its policy, RG-04 at whether one comes.
    """
    described = _announced(run.story)
    if not described:
        raise NotHere
    known = frozenset[GroupName]().union(*(groups for own in described.values() for groups in own))
    for message, body in mikeys(run, "msk"):
        if body.key_domain_id is None or body.msk_id is None:
            raise NotHere  # MS-08 says so
        group = (body.key_domain_id, body.msk_id[:2])
        if group not in known and group not in _asked_for(run.story):
            run.story.be_whole()  # another description may have been among what was lost
            registered = run.ues and any(history.before(run.story, run.ue, message.time, *history.REGISTERING))
            if not registered or not _all_are_described(run):
                raise CannotTell("the capture does not show the protection descriptions of all services")
            told = ", ".join(sorted(f"{domain.hex()}/{number.hex()}" for domain, number in known))
            yield wrong(f"MSK {body.msk_id.hex()} is of key group {group[1].hex()}, announced is {told}", message)


@rule(
    "MS-18", MSK_DELIVERY, clause="TS 33.246 6.5.3", level="info",
    remedy="BM-SC: go over to a newer MSK before you push the one after it: the UE keeps two of a key group.",
)  # fmt: skip
def at_most_two_msks_live(run: Run) -> Iterator[Problem]:
    """A third MSK of a key group is not pushed while the oldest of the three is still in use.

    The UE keeps the two that came last and drops the older one: what goes on under it can no longer be opened. A third
    MSK is no harm once the first is out of use, so that this rule looks at the media after it.
    """
    message = run.one("msk")
    body = bodies.mikey(message)
    if body is None or body.msk_id is None or not run.ues:
        raise NotHere
    held = _held_before(run, message, body)
    if body.msk_id in held or len(held) < MAX_OF_A_GROUP:
        raise NotHere
    oldest = held[-MAX_OF_A_GROUP]
    used = _used_after(run, message, body.key_domain_id, oldest)
    if used is None:
        return
    if run.story.chain.opening(message) is None:
        raise CannotTell(f"whether the UE could open frame {message.frame} needs its MUK")
    yield wrong(
        f"MSK {body.msk_id.hex()} makes the UE drop MSK {oldest.hex()}, which is still in use", message, frames=[used]
    )


def _held_before(run: Run, message: Message, body: Mikey) -> list[bytes]:
    """Return the MSKs of a key group that a UE was sent before a message and that nothing has taken back, in order."""
    held: list[bytes] = []
    for time, msk_id, taken_back in _brought(run.story, run.ue).get((body.key_domain_id, (body.msk_id or b"")[:2]), ()):
        if time >= message.time:
            break
        if msk_id in held:
            held.remove(msk_id)
        if not taken_back:
            held.append(msk_id)
    return held


@once
def _brought(story: Story, ue: Session) -> Mapping[tuple[bytes | None, bytes], list[tuple[int, bytes, bool]]]:
    """Return when a UE was sent which MSK, and whether that took it back, by key group in the order of time."""
    found: dict[tuple[bytes | None, bytes], list[tuple[int, bytes, bool]]] = {}
    for message in history.msk_messages(story, ue):
        body, opened = bodies.mikey(message), story.chain.opening(message)
        if body is None or body.msk_id is None or bodies.is_solicited_pull(body):
            continue
        keys = () if opened is None else opened.keys
        taken_back = any((k.valid_from or 0) > (k.valid_to or 0) for k in keys if k.valid_from is not None)
        found.setdefault((body.key_domain_id, body.msk_id[:2]), []).append((message.time, body.msk_id, taken_back))
    return found


def _used_after(run: Run, message: Message, key_domain: bytes | None, msk_id: bytes) -> Evidence | None:
    """Return the first packet of media that go on under an MSK after a message."""
    for group in run.story.media:
        named = group.msk_id == msk_id and group.key_domain in (None, key_domain)
        if named and group.last > message.time + run.tolerances.clock:
            return Evidence(group.capture, group.frame)
    return None


@rule(
    "MS-25", MSK_DELIVERY, clause="TS 33.246 6.3.2.2.4, TS 33.220 4.4.9", level="shall",
    remedy="UE: drop the MUK when its Ks has expired, and bootstrap anew; only a solicited pull is heard under it.",
)  # fmt: skip
def expired_muk_is_not_used(run: Run) -> Iterator[Problem]:
    """A UE acknowledges no MSK message under a MUK that has expired.

    The lifetime is the one that the UE was told on Ub, else that of Zn or of the keyring. EX-02 looks at a BM-SC that
    sends under such a MUK, DG-04 at a UE that asks with its B-TID, EX-01 at one that has bootstrapped and does not say
    so, MS-26 at answers under a MUK that a newer one has replaced; this rule at what the UE answers after the end.
    """
    run.needs("verification")
    message = run.one("msk")
    body, opened = bodies.mikey(message), run.story.chain.opening(message)
    b_tid = None if body is None or body.idr is None else body.idr.text
    if b_tid is None:
        raise NotHere
    for answer in run.all("verification"):
        until = _end_of(run.story, b_tid, answer.time)
        if until is None and opened is not None:
            until = opened.key.expires
        if until is None:
            raise CannotTell(f"the capture does not show when the MUK of B-TID {b_tid} expires")
        if is_over(run, until + run.tolerances.clock, answer):
            yield wrong(f"verification under the MUK of B-TID {b_tid}, which expired at {gba.when(until)}", answer)


def _end_of(story: Story, b_tid: str, time: int) -> int | None:
    made = maker(story, b_tid)
    if made is not None and made.lifetime is not None:
        return made.lifetime
    return history.muk_expiry(story, b_tid, time)


@rule(
    "MS-29", SOLICITED_PULL, clause="TS 33.246 6.3.2.2.4", level="should",
    remedy="BM-SC: answer the MSK request after a pull under an expired MUK with 401, so that the UE bootstraps.",
)  # fmt: skip
def expired_muk_is_renegotiated(run: Run) -> Iterator[Problem]:
    """When the MUK of a solicited pull has expired, the BM-SC answers the MSK request that follows with a 401.

    Only a 401 makes the UE bootstrap: granted under the old B-TID, it waits for an MSK that nobody can protect; with a
    403 it does not ask again. Another refusal may have another reason. DG-12 looks at B-TIDs that the BSF does not
    know, DG-11 at what the UE does after the 401, MS-28 at whether the UE asks at all.
    """
    body = bodies.mikey(run.one("pull"))
    request = run.needs("request")
    b_tid = None if body is None or body.idr is None else body.idr.text
    if b_tid is None:
        raise NotHere
    until = history.muk_expiry(run.story, b_tid, request.time)
    if until is None:
        raise CannotTell(f"the capture does not show when the MUK of B-TID {b_tid} expires")
    if not is_over(run, until + run.tolerances.clock, request):
        raise NotHere
    if gba.username(request) != b_tid:
        raise NotHere  # it has bootstrapped already
    answer = _answer_to(run, request)
    if answer is None:
        raise CannotTell("the answer to the MSK request is not in the capture")
    code = status(answer)
    pulled = request.time - run.one("pull").time <= run.tolerances.pull_answer
    if code == 200 or (code == FORBIDDEN and pulled):
        yield wrong(f"{code} to B-TID {b_tid}, which expired at {gba.when(until)}", *run.all("pull"), request, answer)
    elif code != UNAUTHORIZED:
        raise CannotTell(f"the {code} to the MSK request may have another reason than the B-TID")


def _answer_to(run: Run, request: Message) -> Message | None:
    """Return the first answer after a request, the 401 that may come before a repeat too."""
    found = run.story.runs_of(run.ue, "http-msk-request") if run.ues else ()
    asked = next((each for each in found if any(message is request for message in each.messages)), None)
    after = () if asked is None else asked.all("challenge", "answer")
    return next((message for message in after if message.time >= request.time), None)


RULES: tuple[Rule, ...] = (
    msk_belongs_to_the_service,
    at_most_two_msks_live,
    expired_muk_is_not_used,
    expired_muk_is_renegotiated,
)
