"""How the keys of a UE were refreshed: what it made, asked for and got, what was on air, and when it could not decrypt.

A model for whoever draws it; times are in ns. What all UEs of a key group share is the same object for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.diagnosis.gaps import Gap, gaps, groups_on_air, is_astray
from analyzer.diagnosis.requests import Asked, KeyGroup, requests
from analyzer.diagnosis.trouble import place
from analyzer.diagnosis.words import who
from analyzer.judging import Story, once
from analyzer.procedures import history
from analyzer.procedures.bootstrapping import maker
from analyzer.report import Diagnosis, Evidence
from dissectors import Message


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """A bootstrapping that led to a Ks, and until when that lives."""

    time: int
    place: Evidence
    b_tid: str
    until: int | None


@dataclass(frozen=True, slots=True)
class MukUsed:
    """A MUK from the first message under it on; what no key opened has none that is known."""

    time: int
    place: Evidence
    fingerprint: str
    b_tid: str | None
    until: int | None


@dataclass(frozen=True, slots=True)
class MskCame:
    """An MSK message to the UE: what was in it, under which MUK; no fingerprint where no key opened it.

    `astray` is the address that it went to, where that is none of the UE.
    """

    time: int
    place: Evidence
    msk_id: bytes
    window: tuple[int, int] | None
    fingerprint: str | None
    muk: str | None
    astray: str | None = None

    @property
    def invalidates(self) -> bool:
        return self.window is not None and self.window[0] > self.window[1]


@dataclass(frozen=True, slots=True)
class MtkSent:
    """An MTK as it was sent to all: first and last time, and how often."""

    time: int
    place: Evidence
    msk_id: bytes
    mtk_id: bytes
    last: int
    times: int
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class OnAir:
    """Packets that name one MKI, on the way to one destination."""

    time: int
    place: Evidence
    last: int
    mki: bytes
    destination: str
    port: int
    packets: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One key group as a UE lived through it."""

    key_domain: bytes | None
    key_group: bytes
    asked: tuple[Asked, ...]
    msks: tuple[MskCame, ...]
    mtks: tuple[MtkSent, ...]
    on_air: tuple[OnAir, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The keys of one UE from the first to the last."""

    ue: str
    name: str
    bootstrapped: tuple[Bootstrapped, ...]
    muks: tuple[MukUsed, ...]
    groups: tuple[GroupLine, ...]


def timelines(story: Story, diagnoses: Iterable[Diagnosis] = ()) -> tuple[Timeline, ...]:
    """Return the timeline of every UE that has keys, or should have; diagnoses say whose fault a gap is."""
    told: dict[str | None, list[Diagnosis]] = {}
    for diagnosis in diagnoses:
        told.setdefault(diagnosis.ue, []).append(diagnosis)
    shared = told.get(None, [])
    found = (timeline(story, ue, (*told.get(ue.id, ()), *shared)) for ue in story.traffic.sessions)
    return tuple(line for line in found if line.bootstrapped or line.groups)


def timeline(story: Story, ue: Session, diagnoses: Iterable[Diagnosis] = ()) -> Timeline:
    """Return the timeline of one UE."""
    messages: dict[KeyGroup, list[Message]] = {}
    for message in history.msk_messages(story, ue):
        body = bodies.mikey(message)
        if body is not None and body.msk_id is not None and not bodies.is_solicited_pull(body):
            messages.setdefault((body.key_domain_id, body.msk_id[:2]), []).append(message)
    asked, blamed = requests(story, ue), tuple(diagnoses)
    wanted = {name for one in asked for name in one.groups}
    groups: list[GroupLine] = []
    for name in sorted({*messages, *wanted}, key=lambda name: (name[0] or b"", name[1])):
        own = tuple(one for one in asked if name in one.groups or not one.groups)
        came = messages.get(name, [])
        missing = gaps(story, ue, groups_on_air(story).get(name[1], ()), own, came, blamed)
        line = GroupLine(
            name[0], name[1], own, tuple(_msk(story, ue, message) for message in came), _mtks(story).get(name, ()),
            _on_air(story).get(name[1], ()), missing,
        )  # fmt: skip
        groups.append(line)
    made = tuple(
        Bootstrapped(run.info.time, place(run.info), run.b_tid, run.lifetime)
        for b_tid in ue.b_tid
        if (run := maker(story, b_tid)) is not None and run.info is not None and run.b_tid is not None
    )
    in_order = tuple(sorted(made, key=lambda one: one.time))
    return Timeline(ue.id, who(ue), in_order, tuple(_muks(story, ue)), tuple(groups))


def _muks(story: Story, ue: Session) -> Iterator[MukUsed]:
    """Yield each MUK once, where the first message under it is."""
    seen: set[bytes] = set()
    for message in history.msk_messages(story, ue):
        opened = story.chain.opening(message)
        if opened is None or opened.key.value in seen:
            continue
        seen.add(opened.key.value)
        b_tid = opened.key.b_tid
        until = None if b_tid is None else history.muk_expiry(story, b_tid, message.time)
        yield MukUsed(message.time, place(message), opened.key.fingerprint, b_tid, until)


def _msk(story: Story, ue: Session, message: Message) -> MskCame:
    body, opened = bodies.mikey(message), story.chain.opening(message)
    key = opened.keys[0] if opened is not None and opened.keys else None
    window = None
    if key is not None and key.valid_from is not None and key.valid_to is not None:
        window = (key.valid_from, key.valid_to)
    msk_id = b"" if body is None or body.msk_id is None else body.msk_id
    return MskCame(
        message.time, place(message), msk_id, window,
        None if key is None else key.fingerprint, None if opened is None else opened.key.fingerprint,
        message.payload.dst if is_astray(ue, message) else None,
    )  # fmt: skip


@once
def _mtks(story: Story) -> Mapping[KeyGroup, tuple[MtkSent, ...]]:
    """Return the MTKs that were sent to all, by key group, in the order in which each was sent first."""
    sent: dict[tuple[bytes | None, bytes, bytes], list[Message]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body) and body.msk_id and body.mtk_id:
            sent.setdefault((body.key_domain_id, body.msk_id, body.mtk_id), []).append(message)
    found: dict[KeyGroup, list[MtkSent]] = {}
    for (domain, msk_id, mtk_id), messages in sent.items():
        opened = next(filter(None, map(story.chain.opening, messages)), None)
        key = opened.keys[0].fingerprint if opened is not None and opened.keys else None
        first = messages[0]
        found.setdefault((domain, msk_id[:2]), []).append(
            MtkSent(first.time, place(first), msk_id, mtk_id, messages[-1].time, len(messages), key)
        )
    return {name: tuple(mtks) for name, mtks in found.items()}


@once
def _on_air(story: Story) -> Mapping[bytes, tuple[OnAir, ...]]:
    """Return what was on air by the key group that its MKIs name."""
    return {
        name: tuple(
            OnAir(group.first, Evidence(group.capture, group.frame), group.last, group.mki or b"", group.destination,
                  group.port, group.packets)
            for group in groups
        )
        for name, groups in groups_on_air(story).items()
    }  # fmt: skip
