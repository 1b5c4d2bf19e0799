"""What was sent in MIKEY, found by its ids: made once for a story, asked for by every rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.correlate import bodies
from analyzer.correlate.sightings import again
from analyzer.judging import Story, once
from dissectors import Message
from dissectors.mikey import Mikey

DATA_TYPE_ERROR = 6

MskName = tuple[bytes | None, bytes | None]  # Key Domain ID; MSK ID, or the key group that is its first half


@dataclass(frozen=True, slots=True)
class Before:
    """What went before an MTK message under the same MSK to the same group."""

    highest: Message | None = None  # the MTK ID that is
    other: Message | None = None  # the last one with another MTK ID


@once
def sighted(story: Story) -> Mapping[int, Message]:
    """Return the MIKEY messages that are another sighting of a packet, see `again`."""
    return again(story.traffic.mikey)


def msks(story: Story) -> Iterator[tuple[Message, Mikey]]:
    """Yield the messages that bring an MSK, with their bodies; no solicited pulls."""
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_msk_message(body) and not bodies.is_solicited_pull(body):
            yield message, body


@once
def first_msks(story: Story) -> Mapping[MskName, Message]:
    """Return the first message of each MSK."""
    found: dict[MskName, Message] = {}
    for message, body in msks(story):
        found.setdefault((body.key_domain_id, body.msk_id), message)
    return found


@once
def first_policies(story: Story) -> Mapping[MskName, Message]:
    """Return the first message with SP for each key group."""
    found: dict[MskName, Message] = {}
    for message, body in msks(story):
        if body.policies and body.msk_id is not None:
            found.setdefault((body.key_domain_id, body.msk_id[:2]), message)
    return found


@once
def of_groups(story: Story) -> Mapping[MskName, tuple[tuple[int, bytes], ...]]:
    """Return when which MSK of each key group was sent, in the order of time."""
    found: dict[MskName, list[tuple[int, bytes]]] = {}
    for message, body in msks(story):
        if body.msk_id is not None:
            found.setdefault((body.key_domain_id, body.msk_id[:2]), []).append((message.time, body.msk_id))
    return {name: tuple(times) for name, times in found.items()}


@once
def mtks(story: Story) -> Mapping[bytes, tuple[tuple[int, bytes], ...]]:
    """Return when which MTK under each MSK was sent, in the order of time."""
    found: dict[bytes, list[tuple[int, bytes]]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and body.msk_id is not None and body.mtk_id is not None:
            found.setdefault(body.msk_id, []).append((message.time, body.mtk_id))
    return {msk_id: tuple(times) for msk_id, times in found.items()}


@once
def under_msks(story: Story) -> Mapping[MskName, tuple[Message, ...]]:
    """Return the MTK messages under each MSK, in the order of time."""
    found: dict[MskName, list[Message]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body):
            found.setdefault((body.key_domain_id, body.msk_id), []).append(message)
    return {name: tuple(messages) for name, messages in found.items()}


@once
def named(story: Story) -> Mapping[bytes, int]:
    """Return when each MSK was first named, by a message that brings it or an MTK under it."""
    found: dict[bytes, int] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and body.msk_id is not None and not bodies.is_solicited_pull(body):
            found.setdefault(body.msk_id, message.time)
    return found


@once
def ssrcs(story: Story) -> Mapping[bytes, frozenset[int]]:
    """Return the SSRCs that the SRTP-ID maps with each MSK announce."""
    found: dict[bytes, set[int]] = {}
    for _, body in msks(story):
        if body.msk_id is not None and body.srtp_ids:
            found.setdefault(body.msk_id, set()).update(entry.ssrc for entry in body.srtp_ids)
    return {msk_id: frozenset(announced) for msk_id, announced in found.items()}


def mtk_number(message: Message) -> int:
    body = bodies.mikey(message)
    return int.from_bytes((body.mtk_id if body is not None else b"") or b"", "big")


@once
def before_mtks(story: Story) -> Mapping[int, Before]:
    """Return what went before each MTK message, by `id`; a packet that was seen twice is one."""
    seen = sighted(story)
    found: dict[int, Before] = {}
    states: dict[tuple[str, bytes | None, bytes | None], tuple[Message, Before]] = {}  # the last, and what was before
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is None or not bodies.is_mtk_message(body) or id(message) in seen:
            continue
        key = (message.payload.dst, body.key_domain_id, body.msk_id)
        if key not in states:
            found[id(message)] = Before()
        else:
            last, so_far = states[key]
            highest = last if so_far.highest is None else max(so_far.highest, last, key=mtk_number)
            other = so_far.other if mtk_number(last) == mtk_number(message) else last
            found[id(message)] = Before(highest, other)
        states[key] = message, found[id(message)]
    return found


@once
def errors(story: Story) -> Mapping[int, tuple[Message, ...]]:
    """Return the error messages by the CSB ID that they answer."""
    found: dict[int, list[Message]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and body.data_type == DATA_TYPE_ERROR:
            found.setdefault(body.csb_id, []).append(message)
    return {csb_id: tuple(messages) for csb_id, messages in found.items()}


@once
def msk_csb_ids(story: Story) -> frozenset[int]:
    """Return the CSB IDs of all MSK messages and pulls."""
    known = (bodies.mikey(message) for message in story.traffic.mikey)
    return frozenset(body.csb_id for body in known if body is not None and bodies.is_msk_message(body))
