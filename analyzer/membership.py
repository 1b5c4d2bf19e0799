"""Why a message, a key group or media belong to a UE: the links of its session as evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.correlate import bodies
from analyzer.correlate.links import Tie, links
from analyzer.correlate.sessions import Session
from analyzer.judging import Story, once
from analyzer.procedures.history import msk_messages
from analyzer.report import Evidence, seconds
from dissectors import Message
from dissectors.mikey import Mikey

KEY_GROUP = "key_group"
MskName = tuple[bytes | None, bytes]


@dataclass(frozen=True, slots=True)
class NameShown:
    """A name of a UE, and the frame in which it stands first."""

    kind: str  # impi, tmpi, impu, b_tid, call_id, nonce, key_group; of ties also address, destination
    value: str
    at: Evidence
    ue: str | None = None  # of a tie that identities contradict: whose the name is


@dataclass(frozen=True, slots=True)
class Membership:
    """One exchange or message of a UE: the names that it brings, those that tie it to the UE, and those that do not.

    `at` is the frame of its first message; `time` is in s since 1970.
    """

    time: float
    at: Evidence
    protocol: str
    summary: str
    brings: tuple[NameShown, ...]
    tied_by: tuple[NameShown, ...]
    contradicted_by: tuple[NameShown, ...]


def memberships(story: Story) -> Mapping[str, tuple[Membership, ...]]:
    """Return for each UE by its id why what belongs to it does, in the order of time."""
    found: dict[str, tuple[Membership, ...]] = {}
    told = links(story.traffic)
    for ue in story.traffic.sessions:
        own = [
            Membership(
                seconds(link.message.time), _place(link.message), link.message.protocol, bodies.summary(link.message),
                tuple(map(_shown, link.brings)),
                tuple(_shown(tie) for tie in link.ties if tie.ue is None),
                tuple(_shown(tie) for tie in link.ties if tie.ue is not None),
            )
            for link in told.get(ue.id, ())
        ]  # fmt: skip
        found[ue.id] = tuple(sorted([*own, *_of_groups(story, ue)], key=lambda one: one.time))
    return found


def _of_groups(story: Story, ue: Session) -> Iterator[Membership]:
    """Yield the MTK messages and media under each MSK that was sent to the UE: its key group ties them."""
    groups: dict[str, Evidence] = {}
    names: dict[MskName, str] = {}
    for message in msk_messages(story, ue):
        body = bodies.mikey(message)
        if body is not None and body.msk_id is not None and not bodies.is_solicited_pull(body):
            group = f"{(body.key_domain_id or b'').hex()}/{body.msk_id[:2].hex()}"
            groups.setdefault(group, _place(message))
            names.setdefault((body.key_domain_id, body.msk_id), group)
    for name, group in names.items():
        tie = (NameShown(KEY_GROUP, group, groups[group]),)
        for time, at, protocol, summary in (*_mtks(story).get(name, ()), *_media(story).get(name[1], ())):
            yield Membership(time, at, protocol, summary, (), tie, ())


Carried = tuple[float, Evidence, str, str]


@once
def _mtks(story: Story) -> Mapping[MskName, tuple[Carried, ...]]:
    """Return what is sent to all under each MSK: of each MTK its first message."""
    found: dict[MskName, dict[bytes, Carried]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if isinstance(body, Mikey) and bodies.is_mtk_message(body) and body.msk_id and body.mtk_id:
            carried = (seconds(message.time), _place(message), message.protocol, bodies.summary(message))
            found.setdefault((body.key_domain_id, body.msk_id), {}).setdefault(body.mtk_id, carried)
    return {name: tuple(mtks.values()) for name, mtks in found.items()}


@once
def _media(story: Story) -> Mapping[bytes, tuple[Carried, ...]]:
    """Return the media under each MSK ID that MKIs name, a stream and MKI each."""
    found: dict[bytes, list[Carried]] = {}
    for group in story.media:
        if group.msk_id is not None and group.mki is not None:
            count = f"{group.packets} packet{'' if group.packets == 1 else 's'}"
            said = f"{count} to {group.destination}:{group.port}, MKI {group.mki.hex()}"
            at = Evidence(group.capture, group.frame)
            found.setdefault(group.msk_id, []).append((seconds(group.first), at, group.protocol, said))
    return {name: tuple(media) for name, media in found.items()}


def _shown(tie: Tie) -> NameShown:
    return NameShown(tie.kind, tie.value, _place(tie.shown), tie.ue)


def _place(message: Message) -> Evidence:
    return Evidence(message.payload.capture, message.frame)
