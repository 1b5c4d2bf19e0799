"""When a UE asked for MSKs, and why: a registration, a pull, an update that it missed, or what it had ran out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.diagnosis.gaps import groups_on_air
from analyzer.diagnosis.trouble import place
from analyzer.judging import Run, Story, once
from analyzer.procedures import history
from analyzer.procedures.bootstrapping import maker
from analyzer.report import Evidence
from dissectors import Message

KeyGroup = tuple[bytes | None, bytes]  # Key Domain ID, Key Group part of the MSK ID
REGISTRATION, PULL, MISSED, USED_UP, EXPIRED, OWN = (
    "registration", "solicited pull", "missed update", "MTK IDs used up", "Ks expired", "of its own accord",
)  # fmt: skip
NOTICED_WITHIN = 120 * 10**9  # ns; a request that comes later is for something else
LAST_MTKS = 2  # MTK IDs before the end of a window that make a UE ask


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for MSKs: `why`, what shows that, how it ended, and the key groups; none stands for all."""

    time: int
    place: Evidence
    kind: str  # of the procedure
    why: str
    because: Evidence | None
    outcome: str
    groups: tuple[KeyGroup, ...]


def requests(story: Story, ue: Session) -> tuple[Asked, ...]:
    """Return what a UE asked for, in the order of time."""
    return tuple(_asked(story, ue, run) for run in story.runs_of(ue, *history.REGISTERING, *history.REQUESTING))


def _asked(story: Story, ue: Session, run: Run) -> Asked:
    message = run.first("authorized") or run.first("request") or run.messages[0]
    names = dict.fromkeys(name for shown in run.messages for name in bodies.msk_names(shown))
    groups = tuple(dict.fromkeys((name.key_domain, name.msk_id[:2]) for name in names))
    why, because = next(_reasons(story, ue, run, message, groups), (OWN, None))
    return Asked(
        message.time, place(message), run.procedure.kind, why, None if because is None else place(because),
        run.outcome, groups,
    )  # fmt: skip


def _reasons(
    story: Story, ue: Session, run: Run, message: Message, groups: tuple[KeyGroup, ...]
) -> Iterator[tuple[str, Message | None]]:
    """Yield why a request came, the surest first."""
    pull = _pulled(story, ue, run)
    if pull is not None:
        yield PULL, pull
    if run.procedure.kind == "ks-naf-refresh":
        yield EXPIRED, next((m for m in _infos(story, ue) if m.time <= run.start), None)
    if run.procedure.kind in history.REGISTERING:
        before = next(history.before(story, ue, run.start - 1, *history.REGISTERING), None)
        b_tid = None if before is None else history.b_tid_of(before)
        made = maker(story, b_tid)
        if made is not None and made.lifetime is not None and made.lifetime <= run.start:
            yield EXPIRED, made.info
        yield REGISTRATION, None
        return
    held = _held(story, ue, message.time)
    for domain, group in groups:
        yield from _noticed(story, (domain, group), held, message.time)


def _pulled(story: Story, ue: Session, run: Run) -> Message | None:
    own = {id(message) for message in run.messages}
    for pull in story.runs_of(ue, "solicited-pull"):
        if any(id(message) in own for message in pull.all("request")):
            return pull.first("pull")
    return None


def _infos(story: Story, ue: Session) -> list[Message]:
    """Return the answers of the BSF that gave B-TIDs to a UE, the newest first."""
    made = (maker(story, b_tid) for b_tid in ue.b_tid)
    return sorted((run.info for run in made if run is not None and run.info is not None), key=lambda m: -m.time)


def _held(story: Story, ue: Session, time: int) -> dict[bytes, int | None]:
    """Return SEQu of the MSKs that came to a UE before a time, None where no key tells."""
    held: dict[bytes, int | None] = {}
    for message in history.msk_messages(story, ue):
        body, opened = bodies.mikey(message), story.chain.opening(message)
        if message.time > time or body is None or body.msk_id is None or bodies.is_solicited_pull(body):
            continue
        held[body.msk_id] = opened.keys[0].valid_to if opened is not None and opened.keys else None
    return held


def _noticed(
    story: Story, group: KeyGroup, held: Mapping[bytes, int | None], time: int
) -> Iterator[tuple[str, Message | None]]:
    """Yield what the UE saw of a key group just before: an MSK that it lacks, or the end of the window of its own."""
    sent = _mtk_messages(story).get(group, [])
    for message in reversed(sent[: bisect_left(sent, time, key=lambda m: m.time)]):
        if time - message.time > NOTICED_WITHIN:
            break
        body = bodies.mikey(message)
        if body is None or body.msk_id is None or body.mtk_id is None:
            continue
        if held and body.msk_id not in held:
            yield MISSED, message
            return
        last = held.get(body.msk_id)
        if last is not None and int.from_bytes(body.mtk_id, "big") + LAST_MTKS > last:
            yield USED_UP, message
            return
        break
    for aired in groups_on_air(story).get(group[1], ()):
        if held and aired.msk_id not in held and aired.first <= time <= aired.last + NOTICED_WITHIN:
            yield MISSED, None
            return


@once
def _mtk_messages(story: Story) -> Mapping[KeyGroup, list[Message]]:
    found: dict[KeyGroup, list[Message]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body) and body.msk_id is not None:
            found.setdefault((body.key_domain_id, body.msk_id[:2]), []).append(message)
    return found
