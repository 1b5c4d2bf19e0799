"""Rules on when UEs ask for an MSK that they have missed (TS 33.246 6.3.2.1A, 6.3.2.2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import sent
from analyzer.procedures.delivery import CURRENT_MSK, SOLICITED_PULL
from analyzer.procedures.invites import SIP_MSK_REFRESH
from analyzer.procedures.rg_msk_rules import asked_msks, msks
from analyzer.procedures.ua import MSK_REQUEST
from dissectors import Message
from dissectors.announcement_xml import SecurityDescription
from dissectors.mbms_xml import MskName

SECOND = 10**9  # ns
QUIET = SECOND  # ns; a stream that was not seen for so long since the capture began has not begun before it
STORM = 8  # UEs that ask in one part of the back-off, and at least half of all that ask
CROWDED = 20  # parts of the back-off: that so many come into one of them by chance happens once in 10^5 times

Wanted = tuple[bytes, bytes]  # Key Domain ID, MSK ID


@once
def _descriptions(story: Story) -> tuple[tuple[Message, SecurityDescription], ...]:
    """Return the service protection descriptions in the capture, in the order of time."""
    return tuple(
        (message, found) for message in story.traffic.messages if message.inner
        for found in bodies.find_all(message, SecurityDescription)
    )  # fmt: skip


def longest_back_off(story: Story, msk_id: bytes) -> int:
    """Return how long (ns) a UE may wait before it asks for a missed MSK, as descriptions announce it; else 0."""
    told = [
        found for _, found in _descriptions(story)
        if any(msk[:2] == msk_id[:2] for each in found.protected for _, msk in each.msks)
    ]  # fmt: skip
    return max(((found.wait_time or 0) + (found.max_back_off or 0) for found in told), default=0) * SECOND


@rule(
    "RG-13", MSK_REQUEST, SIP_MSK_REFRESH, clause="TS 33.246 6.3.2.1A, 6.3.2.2.3", level="shall",
    remedy="UE: at an MKI of an unknown MSK wait for waitTime, and a random part of maxBackOff, before you ask.",
)  # fmt: skip
def missed_msk_is_asked_for_after_the_back_off(run: Run) -> Iterator[Problem]:
    """A UE that has missed an MSK asks for it after the back-off that the service protection description announces.

    All UEs that have missed it meet the new MKI with the same packet, and would all ask at once. Not before waitTime
    has passed, and not many within a small part of maxBackOff. Answers to a solicited pull come without back-off:
    MS-28 looks at those. Judged for requests that name an MSK on air which the UE was not sent.
    """
    asked = [(m, name) for m, name in asked_msks(run) if name.msk_id[2:] != CURRENT_MSK]
    if not run.ues or not asked or _answers_a_pull(run):
        raise NotHere
    message = asked[0][0]
    missed = [(name, met) for _, name in asked if (met := _met(run, name, message.time)) is not None]
    if not missed:
        raise NotHere
    for name, met in dict(missed).items():
        announced = _announced(run, name, message.time)
        if announced is None:
            continue
        wait, back_off = announced.wait_time or 0, announced.max_back_off or 0
        waited = message.time - met
        if waited + run.tolerances.back_off < wait * SECOND:
            if met - run.story.traffic.begin < QUIET:
                raise CannotTell("the UE may have met the MKI before the capture began")
            text = f"asks for MSK {name.msk_id.hex()} {waited / SECOND:.1f} s after its first packet"
            yield wrong(f"{text}, announced is to wait for {wait} s", message)
        part = back_off * SECOND // CROWDED
        begin, most = _crowd(run.story, (name.key_domain, name.msk_id), part) if part else (0, 0)
        if most and begin <= message.time <= begin + part:
            text = f"{most} UEs ask for MSK {name.msk_id.hex()} within {part / SECOND:g} s"
            yield wrong(f"{text}, announced is a back-off of {back_off} s", message)


def _answers_a_pull(run: Run) -> bool:
    """Whether a request answers a solicited pull."""
    own = {id(message) for message in run.messages}
    pulls = run.story.runs_of(run.ue, SOLICITED_PULL.kind)
    return any(id(message) in own for pull in pulls for message in pull.all("request"))


def _met(run: Run, name: MskName, time: int) -> int | None:
    """Return when an MSK was first on air, before a UE asks for it and has never got it; None where it was not."""
    if any(body.msk_id == name.msk_id for _, body in msks(run, end=time)):
        return None
    first = _on_air(run.story).get(name.msk_id)
    return None if first is None or first > time else first


@once
def _on_air(story: Story) -> Mapping[bytes, int]:
    """Return when each MSK was first named by media or an MTK message."""
    found = {msk_id: min(time for time, _ in times) for msk_id, times in sent.mtks(story).items()}
    for group in story.media:
        if group.msk_id is not None:
            found[group.msk_id] = min(group.first, found.get(group.msk_id, group.first))
    return found


def _announced(run: Run, name: MskName, time: int) -> SecurityDescription | None:
    """Return the description of a key group; None where it announces no back-off, or is another's."""
    known = [told for message, told in _descriptions(run.story) if message.time <= time]
    if not known:
        raise CannotTell("what back-off is announced is not in the capture")
    group = name.key_domain, name.msk_id[:2]
    of_group = [
        told for told in known
        if any((domain, msk_id[:2]) == group for each in told.protected for domain, msk_id in each.msks)
    ]  # fmt: skip
    if not of_group:
        raise CannotTell(f"what back-off is announced for key group {name.msk_id[:2].hex()} is not in the capture")
    told = of_group[-1]
    return None if told.wait_time is None and told.max_back_off is None else told


@once
def _asking(story: Story) -> Mapping[Wanted, tuple[tuple[int, str], ...]]:
    """Return when which UE first asked for each MSK, pulled or not, in the order of time."""
    found: dict[Wanted, dict[str, int]] = {}
    for run in story.runs:
        if run.procedure not in (MSK_REQUEST, SIP_MSK_REFRESH) or not run.ues or _answers_a_pull(run):
            continue
        for message, name in asked_msks(run):
            times = found.setdefault((name.key_domain, name.msk_id), {})
            times[run.ue.id] = min(message.time, times.get(run.ue.id, message.time))
    return {wanted: tuple(sorted((time, ue) for ue, time in times.items())) for wanted, times in found.items()}


@once
def _crowd(story: Story, wanted: Wanted, within: int) -> tuple[int, int]:
    """Return when the most UEs began to ask for an MSK within a time (ns), and how many they were; 0 where no storm."""
    times = [time for time, _ in _asking(story).get(wanted, ())]
    most, begin, last = 0, 0, 0
    for first, start in enumerate(times):
        while last < len(times) and times[last] <= start + within:
            last += 1
        if last - first > most:
            most, begin = last - first, start
    return begin, most if most >= STORM and 2 * most >= len(times) else 0


RULES: tuple[Rule, ...] = (missed_msk_is_asked_for_after_the_back_off,)
