"""When a UE could not decrypt what was on air, for how many packets, and whose fault that was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.diagnosis.effects import NOT_DELIVERED, NOT_USABLE
from analyzer.diagnosis.trouble import place
from analyzer.judging import Run, Story, once
from analyzer.media import Group
from analyzer.procedures import history
from analyzer.report import Diagnosis, Evidence
from dissectors import Message

SECOND = 10**9
UE, BM_SC, NOBODY = "UE", "BM-SC", ""  # whose fault


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a UE had no key for packets that it was to get.

    `packets` are those of the time, or as many as it is likely to hold where `exact` is False: of a stream only the
    first and last times are kept. `fault` is the node that is to blame, empty where the capture cannot tell.
    """

    begin: int
    end: int
    mki: bytes
    packets: int
    exact: bool
    why: str
    fault: str
    evidence: tuple[Evidence, ...]

    @property
    def seconds(self) -> float:
        return (self.end - self.begin) / SECOND


@once
def groups_on_air(story: Story) -> Mapping[bytes, tuple[Group, ...]]:
    """Return the protected RTP by the key group that its MKIs name, in the order of time."""
    found: dict[bytes, list[Group]] = {}
    for group in story.media:
        if group.mki is not None and group.protocol == "srtp":
            found.setdefault(group.mki[:2], []).append(group)
    return {name: tuple(groups) for name, groups in found.items()}


def gaps(
    story: Story,
    ue: Session,
    aired: Iterable[Group],
    asked: Sequence[object],
    came: Sequence[Message],
    diagnoses: Sequence[Diagnosis],
) -> tuple[Gap, ...]:
    """Return the gaps of a UE under one key group; `came` are the MSK messages of that group to it."""
    joined = _joined(story, ue)
    if joined is None or not (came or asked):
        return ()  # what it held before the capture began, nobody knows
    left = next((run.end for run in story.runs_of(ue, *history.DEREGISTERING) if run.end > joined), None)
    found: list[Gap] = []
    for group in aired:
        begin, end = max(group.first, joined), group.last if left is None else min(group.last, left)
        if begin <= end:
            found += _of_group(story, ue, group, begin, end, came, diagnoses)
    return tuple(found)


def _joined(story: Story, ue: Session) -> int | None:
    """Return when a UE was registered first, so that MSKs may come; None where the capture does not show it."""
    runs = story.runs_of(ue, *history.REGISTERING)
    return next((history.answered(run) for run in runs if run.outcome == "success" and history.granted(run)), None)


def _of_group(
    story: Story,
    ue: Session,
    group: Group,
    begin: int,
    end: int,
    came: Sequence[Message],
    diagnoses: Sequence[Diagnosis],
) -> Iterator[Gap]:
    mki = group.mki or b""
    dropped = {e for d in diagnoses if d.symptom in (NOT_USABLE, NOT_DELIVERED) for e in d.evidence}
    own = [message for message in came if _msk_id(message) == group.msk_id]
    usable = [m for m in own if place(m) not in dropped and not is_astray(ue, m)]
    held = usable[0].time if usable else None
    sent = _mtks(story).get(mki, ())
    if not _mtks(story):
        return  # their leg was not captured
    ready = None if held is None else next((m for m in sent if m.time >= held), None)
    if ready is not None and ready.time <= begin:
        yield from _unverified(group)
        return
    until = end if ready is None else min(ready.time, end)
    if until < begin or (ready is not None and until == begin):
        return
    why, fault, evidence = _reason(story, ue, group, begin, own, usable, ready, diagnoses)
    whole = begin <= group.first and until >= group.last and ready is None
    span = max(group.last - group.first, 1)
    packets = group.packets if whole else round(group.packets * (until - begin) / span)
    if packets:
        yield Gap(begin, until, mki, packets, whole, why, fault, evidence)


def _unverified(group: Group) -> Iterator[Gap]:
    if group.failed:
        frames = tuple(Evidence(*seen) for seen in (*group.failed_frames, *group.misplaced_frames))
        yield Gap(
            group.first, group.last, group.mki or b"", group.failed, True,
            f"{group.failed} of {group.packets} packets do not authenticate", BM_SC, tuple(sorted(frames, key=_order)),
        )  # fmt: skip


def _order(evidence: Evidence) -> tuple[int, int]:
    return evidence.capture, evidence.frame


def _reason(
    story: Story,
    ue: Session,
    group: Group,
    begin: int,
    own: Sequence[Message],
    usable: Sequence[Message],
    ready: Message | None,
    diagnoses: Sequence[Diagnosis],
) -> tuple[str, str, tuple[Evidence, ...]]:
    """Say why a UE had no key, whose fault it was, and which frames show it."""
    name = "" if group.msk_id is None else f" {group.msk_id.hex()}"
    frames = {place(message) for message in own}
    for diagnosis in diagnoses:
        if not usable and frames & set(diagnosis.evidence):
            node = diagnosis.remedy.split(":", 1)[0]
            return f"MSK{name} came, and the UE cannot use it: {diagnosis.cause}", node, diagnosis.evidence
    if own and not usable:
        return f"MSK{name} did not reach the UE", BM_SC, tuple(map(place, own))
    if not usable:
        return _never(story, ue, group, name, diagnoses)
    late = usable[0].time > begin
    if ready is None:
        return f"the UE has MSK{name}, and no MTK of this MKI came", BM_SC, (place(usable[0]),)
    seconds = (ready.time - begin) / SECOND
    if late:
        shown = (place(usable[0]), place(ready))
        return f"MSK{name} came late, the MTK {seconds:.1f} s after the media", BM_SC, shown
    return f"the MTK came {seconds:.1f} s after the media", BM_SC, (place(ready),)


def _never(
    story: Story, ue: Session, group: Group, name: str, diagnoses: Sequence[Diagnosis]
) -> tuple[str, str, tuple[Evidence, ...]]:
    lost = next((d for d in diagnoses if d.cause in ("msk-message-lost", "missed-key-update-ignored")), None)
    if lost is not None:
        return f"MSK{name} never came: {lost.cause}", lost.remedy.split(":", 1)[0], lost.evidence
    wanted: list[Run] = [
        run for run in story.runs_of(ue, *history.REQUESTING) if run.start >= group.first and run.outcome != "success"
    ]
    refused = next((d for d in diagnoses if d.symptom in ("msk-request-failed", "msk-refresh-failed")), None)
    if wanted and refused is not None:
        return f"the request for MSK{name} failed: {refused.cause}", refused.remedy.split(":", 1)[0], refused.evidence
    if not any(history.msk_messages(story, ue)):
        return "no MSK message to this UE is in the capture", NOBODY, ()
    return f"MSK{name} never came to this UE", NOBODY, ()


def _msk_id(message: Message) -> bytes | None:
    body = bodies.mikey(message)
    return None if body is None else body.msk_id


def is_astray(ue: Session, message: Message) -> bool:
    """Say whether a message for a UE went to an address that is not known to be its own."""
    return bool(ue.addresses) and message.payload.dst not in ue.addresses


@once
def _mtks(story: Story) -> Mapping[bytes, tuple[Message, ...]]:
    """Return the MTK messages by the MKI that they make possible, in the order of time."""
    found: dict[bytes, list[Message]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body) and body.msk_id and body.mtk_id:
            found.setdefault(body.msk_id + body.mtk_id, []).append(message)
    return {mki: tuple(messages) for mki, messages in found.items()}
