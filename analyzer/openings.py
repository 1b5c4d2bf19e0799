"""What each key opened, and what became of the MSKs that a UE holds: the use of keys, for the report."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.judging import Story, once
from analyzer.keys import store
from analyzer.keys.chain import Opened, identity
from analyzer.keys.key import Key
from analyzer.media import Group
from analyzer.procedures.roles import owners
from analyzer.report import OpenedReport
from dissectors import Message

Identity = tuple[object, ...]


def of_key(story: Story, key: Key) -> tuple[OpenedReport, ...]:
    """Return what verified under a key, in the order of frames."""
    found = [*_messages(story).get(identity(key), ()), *_media(story, key)]
    return tuple(sorted(found, key=lambda opened: (opened.capture, opened.frame)))


def state(story: Story, session: Session, key: Key) -> str | None:
    """Say what became of an MSK at a UE: held, invalidated or dropped, and in which frame; None for other keys."""
    held = _stores(story).get(session.id, {}).get((key.key_domain, key.msk_id)) if key.kind == "MSK" else None
    if held is None:
        return None
    return held.state if held.ended is None else f"{held.state}, frame {held.ended.frame}"


@once
def _messages(story: Story) -> dict[Identity, list[OpenedReport]]:
    found: dict[Identity, list[OpenedReport]] = {}
    for key, opened in _opened(story):
        found.setdefault(identity(key), []).append(opened)
    return found


def _opened(story: Story) -> Iterator[tuple[Key, OpenedReport]]:
    chain = story.chain
    for opening in chain.opened.values():
        kind = _kind(opening)
        key = _delivered(story, opening) if kind == "mtk" else opening.key
        yield key, _report(kind, opening.message, opening.variant)
    for unpacked in chain.unpacked.values():
        if unpacked.ok and unpacked.key is not None:
            yield unpacked.key, _report("dcf", unpacked.message, unpacked.variant)
    for name, messages, checked in (
        ("verification", story.traffic.mikey, chain.verifications),
        ("digest", story.traffic.messages, chain.digests),
    ):
        for message in messages if checked else ():
            found = checked.get(id(message))
            if found is not None and found.ok and found.key is not None:
                yield found.key, _report(name, message, found.variant)


def _delivered(story: Story, opening: Opened) -> Key:
    """Return the MSK as it was delivered last before an MTK message: the same one may come again, under other MUKs."""
    under, at = opening.key, opening.message
    before = [
        key for key in story.chain.msks.get((under.key_domain, under.msk_id or b""), ())
        if key.value == under.value and key.capture == at.payload.capture and (key.frame or at.frame) < at.frame
    ]  # fmt: skip
    return max(before, key=lambda key: key.frame or 0, default=under)


def _kind(opening: Opened) -> str:
    body = bodies.mikey(opening.message)
    if body is None or bodies.is_mtk_message(body):
        return "mtk"
    return "msk" if bodies.is_msk_message(body) and not bodies.is_solicited_pull(body) else "pull"


def _report(what: str, message: Message, reading: str) -> OpenedReport:
    return OpenedReport(what, message.payload.capture, message.frame, 1, reading)


def _media(story: Story, key: Key) -> Iterator[OpenedReport]:
    if key.kind == "MTK":
        for group in _by_mki(story).get((key.msk_id or b"") + (key.mtk_id or b""), ()):
            yield OpenedReport(group.protocol, group.capture, group.frame, group.authenticated, "")


@once
def _by_mki(story: Story) -> dict[bytes, list[Group]]:
    found: dict[bytes, list[Group]] = {}
    for group in story.media:
        if group.mki is not None and group.authenticated:
            found.setdefault(group.mki, []).append(group)
    return found


@once
def _stores(story: Story) -> dict[str, dict[tuple[bytes | None, bytes | None], store.Held]]:
    """The MSK store of each UE, as the MSK messages to it leave it."""
    received: dict[str, list[Opened]] = {}
    for message in story.traffic.mikey:
        opening, body = story.chain.opening(message), bodies.mikey(message)
        if opening is not None and body is not None and bodies.is_msk_message(body):
            for session in owners(story, message):
                received.setdefault(session.id, []).append(opening)
    return {
        ue: {(held.key.key_domain, held.key.msk_id): held for held in store.replay(opened)}
        for ue, opened in received.items()
    }
