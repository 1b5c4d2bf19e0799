"""Rules on the use of MTKs: messages that come in time, and again, and for one session (TS 33.246 6.3.3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies
from analyzer.correlate.nodes import is_multicast
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.media import Group
from analyzer.procedures import sent
from analyzer.procedures.delivery import MTK_DELIVERY
from analyzer.procedures.ms_key_rules import inside
from analyzer.report import Evidence
from dissectors import Message
from dissectors.mikey import KeyDataPlain

SECOND = 10**9  # ns


@rule(
    "MT-12", MTK_DELIVERY, clause="TS 33.246 6.3.3.2", level="info",
    remedy="BM-SC: send the MTK message some seconds before the media go over to its MKI.",
)  # fmt: skip
def mtk_comes_before_its_packets(run: Run) -> Iterator[Problem]:
    """An MTK message comes before the packets that its MTK protects, or with the first of them.

    Until it comes every UE drops the packets: a hole in the picture of the whole audience. Judged where MTK messages
    under the same MSK came before the packets; where none did, this one may have come before the capture began,
    and nothing can be told. An MTK that never comes is SR-01, an MSK that never came MT-04. What is sent in
    FLUTE is left out: a DCF waits for its key.
    """
    message = run.one("mtk")
    body, group = bodies.mikey(message), _first_use(run)
    if body is None or body.msk_id is None or body.mtk_id is None or group is None:
        raise NotHere
    brought = sent.mtks(run.story).get(body.msk_id, ())
    came = min(time for time, mtk_id in brought if mtk_id == body.mtk_id)
    if came <= group.first + run.tolerances.mtk_after_media:
        return
    if came != message.time:
        raise NotHere  # it had come to another address before, and is judged there
    late = f"MTK {body.mtk_id.hex()} came {(came - group.first) / SECOND:.1f} s after the first packet under it"
    before = [(time, mtk_id) for time, mtk_id in brought if time <= group.first]
    if not before or max(mtk_id for _, mtk_id in before) > body.mtk_id:
        raise CannotTell(f"{late}; it may have come before the capture began as well")
    if message.payload.capture != group.capture:
        raise CannotTell(f"{late}, and not in the same capture")
    run.story.be_whole()
    yield wrong(late, message, frames=[Evidence(group.capture, group.frame)])


def _first_use(run: Run) -> Group | None:
    """Return the media that the MTK of a run protects first; None where the capture has none, or it is in FLUTE."""
    used = _used(run)
    return min(used, key=lambda group: group.first, default=None)


def _used(run: Run) -> tuple[Group, ...]:
    message = run.one("mtk")
    body = bodies.mikey(message)
    if body is None or body.msk_id is None or body.mtk_id is None or bodies.is_object(message):
        return ()
    found = _by_mki(run.story).get(body.msk_id + body.mtk_id, ())
    return tuple(group for group in found if group.key_domain in (None, body.key_domain_id))


@once
def _by_mki(story: Story) -> Mapping[bytes, tuple[Group, ...]]:
    """Return the media under each MKI."""
    found: dict[bytes, list[Group]] = {}
    for group in story.media:
        if group.mki is not None:
            found.setdefault(group.mki, []).append(group)
    return {mki: tuple(groups) for mki, groups in found.items()}


@rule(
    "MT-13", MTK_DELIVERY, clause="TS 33.246 6.3.3.2.2", level="info",
    remedy="BM-SC: repeat the MTK message every few seconds for as long as its MTK is in use.",
)  # fmt: skip
def mtk_message_is_repeated(run: Run) -> Iterator[Problem]:
    """An MTK message is repeated while its MTK is in use, so that whoever joins late can decode.

    A UE that comes after the message waits for the next one. The specification has no figure; here less than one
    message a minute is too few, reckoned over the whole use, as media may pause and the messages with them. Nothing
    can be told of an MTK that was in use for less, and whose message is seen once. What is sent in FLUTE is left
    out: a carousel repeats all it has.
    """
    groups = [group for group in _used(run) if group.destination == run.one("mtk").payload.dst]
    if not groups:
        raise NotHere
    first, last = min(group.first for group in groups), max(group.last for group in groups)
    sendings = _sendings(run)
    during = sum(first < message.time < last for message in sendings)
    in_use = f"{(last - first) / SECOND:.0f} s"
    if last - first > run.tolerances.mtk_repeat * (during + 1):
        if sum(group.packets for group in groups) * SECOND < last - first:
            raise CannotTell(f"the media under the MTK pause in the {in_use} that it was in use")
        if not {group.capture for group in groups} <= {message.payload.capture for message in run.all("mtk")}:
            raise CannotTell("the media under the MTK are not in the capture of its message")
        run.story.be_whole()
        yield wrong(f"{during or 'no'} MTK message in {in_use} of media under it", *sendings)
    elif len(sendings) < 2:
        raise CannotTell(f"the MTK message is seen once, and its MTK was in use for {in_use} only")


def _sendings(run: Run) -> tuple[Message, ...]:
    """Return the messages of a run, each once: a packet that was seen twice is no repetition."""
    seen = sent.sighted(run.story)
    return tuple(message for message in run.all("mtk") if id(message) not in seen)


@rule(
    "MT-11", MTK_DELIVERY, clause="TS 33.246 4.2", level="shall",
    remedy="BM-SC: draw a new MTK for every RTP session.",
)  # fmt: skip
def mtk_is_for_one_session(run: Run) -> Iterator[Problem]:
    """One MTK is not used for two RTP sessions.

    The same key and salt for two streams of one SSRC give the same key stream: both lie open.
    """
    message = run.one("mtk")
    users = _users(run.story)
    for key in inside(run.plain(message)):
        for other in users.get((key.key, key.salt), ()):
            if other is message:
                break
            if _are_two_sessions(other, message):
                yield wrong(f"the same MTK goes to {other.payload.dst} and {message.payload.dst}", other, message)


@once
def _users(story: Story) -> Mapping[tuple[bytes, bytes], tuple[Message, ...]]:
    """Return by MTK and salt the first message of every delivery that brings it, in the order of time."""
    found: dict[tuple[bytes, bytes], list[Message]] = {}
    for run in story.runs:
        message = run.first("mtk")
        opened = None if message is None else story.chain.opening(message)
        body = None if opened is None or opened.plain is None else opened.plain.body
        if message is not None and isinstance(body, KeyDataPlain):
            for key in dict.fromkeys((key.key, key.salt) for key in body.keys):
                found.setdefault(key, []).append(message)
    return {key: tuple(messages) for key, messages in found.items()}


def _are_two_sessions(one: Message, other: Message) -> bool:
    """An MTK with all its IDs may also go to single UEs of its session, where no multicast reaches them."""
    ends = (one.payload.dst, other.payload.dst)
    first, second = bodies.mikey(one), bodies.mikey(other)
    same = first is not None and second is not None and (first.msk_id, first.mtk_id) == (second.msk_id, second.mtk_id)
    return ends[0] != ends[1] and (not same or all(map(is_multicast, ends)))


RULES: tuple[Rule, ...] = (mtk_comes_before_its_packets, mtk_message_is_repeated, mtk_is_for_one_session)
