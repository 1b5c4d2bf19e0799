"""Rules on how media goes from key to key: MTKs one after the other, and none of an MSK that is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from analyzer.correlate import bodies
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.media import Group
from analyzer.procedures import coverage, history
from analyzer.procedures.media import MEDIA
from analyzer.procedures.sr_rules import protected
from analyzer.report import Evidence

FEWEST_UES = 2  # that had an MSK, for all of its audience to be in the capture

Stream = tuple[str, str, int, int]  # protocol, destination, port, SSRC


@rule(
    "SR-09", MEDIA, clause="TS 33.246 6.5.4", level="info",
    remedy="BM-SC: take the new MTK with the switch of the MKI, and never go back; look for a second sender.",
)  # fmt: skip
def mki_goes_forward(run: Run) -> Iterator[Problem]:
    """Once a stream has gone over to a new MKI, the one before is not used again.

    A UE may have thrown the old MTK away. A packet that was overtaken has a lower index, and one that comes again is
    SR-06's. MT-06 looks at the messages that bring MTKs; this rule at what is on air, stream by stream, and only at
    packets whose MAC vouches for their MKI.
    """
    streams = _streams(run.story)
    switching = [group for group in run.media if group.mki is not None and len(streams[_stream(group)]) > 1]
    if not switching:
        raise NotHere
    for group in switching:
        if group.return_frames:
            frames = [Evidence(capture, frame) for capture, frame in group.return_frames]
            yield wrong(f"MKI {(group.mki or b'').hex()} is used again after a newer one", frames=frames)
    shut = [other for group in switching for other in streams[_stream(group)] if not other.authenticated]
    if shut:
        raise CannotTell(f"no packet under MKI {(shut[0].mki or b'').hex()} could be verified")


def _stream(group: Group) -> Stream:
    return group.protocol, group.destination, group.port, group.ssrc


@once
def _streams(story: Story) -> Mapping[Stream, tuple[Group, ...]]:
    """Return what each protected stream has under each of its MKIs."""
    found: dict[Stream, list[Group]] = {}
    for group in story.media:
        if group.mki is not None:
            found.setdefault(_stream(group), []).append(group)
    return {stream: tuple(groups) for stream, groups in found.items()}


def _begin(group: Group) -> Evidence:
    return Evidence(group.capture, group.frame)


class _Fate(NamedTuple):
    """What became of an MSK at the UEs that it was sent to."""

    ues: int
    ended: int | None  # ns; when it was taken back from the last of them, None where one has it still
    is_sure: bool  # all its messages were opened


@once
def _fates(story: Story) -> Mapping[bytes, _Fate]:
    held: dict[bytes, dict[str, int | None]] = {}  # MSK → UE → when it was taken back
    shut: set[bytes] = set()
    for ue in story.traffic.sessions:
        for message in history.msk_messages(story, ue):
            body = bodies.mikey(message)
            if body is None or body.msk_id is None or bodies.is_solicited_pull(body):
                continue
            opened = story.chain.opening(message)
            keys = () if opened is None else opened.keys
            if not keys:
                shut.add(body.msk_id)
            turned = any(
                k.valid_from is not None and k.valid_to is not None and k.valid_from > k.valid_to for k in keys
            )
            held.setdefault(body.msk_id, {})[ue.id] = message.time if turned else None
    found: dict[bytes, _Fate] = {}
    for msk_id, ended in held.items():
        times = [time for time in ended.values() if time is not None]
        gone = bool(times) and (len(times) == len(ended) or msk_id in shut)
        found[msk_id] = _Fate(len(ended), max(times) if gone else None, msk_id not in shut)
    return found


@rule(
    "SR-10", MEDIA, clause="TS 33.246 6.5.3, 6.5.4", level="info",
    remedy="BM-SC: go over to a new MSK before the old one is used up or taken back, or stop sending.",
)  # fmt: skip
def no_media_under_a_retired_msk(run: Run) -> Iterator[Problem]:
    """No media goes on under an MSK that was taken back from all UEs that had it, or under an MTK ID above its SEQu.

    Nobody in the capture can open it any more. UEs that the capture does not show may go on watching: judged where the
    MSK was taken back from two at least, in a capture that shows what the BM-SC says to SCF or BSF, which is to say all
    of its UEs, and shows the MSK from its first MTK on. MT-07 looks at messages with MTKs outside of the interval,
    RG-07 at what a UE that has left is sent.
    """
    groups = protected(run)
    msk_id = groups[0].msk_id or b""
    fate = _fates(run.story).get(msk_id)
    if fate is None:
        raise NotHere
    open_ = ""
    for group in groups:
        used_up = _used_up(run.story, group)
        text = used_up or _taken_back(run, group, fate)
        if not text:
            continue
        if not fate.is_sure:
            open_ = f"what became of MSK {msk_id.hex()} needs the MUKs of all UEs that it was sent to"
        elif not group.authenticated or group.repeated_frames:
            open_ = f"packets under MKI {(group.mki or b'').hex()} are replays, or were not verified"
        elif not used_up and fate.ues < FEWEST_UES:
            open_ = f"MSK {msk_id.hex()} was taken back from one UE, and others may have it still"
        elif not used_up and not _shows_all_ues(run.story, msk_id):
            open_ = f"UEs that the capture does not show may have MSK {msk_id.hex()} still"
        else:
            yield wrong(f"media under MKI {(group.mki or b'').hex()} {text}", frames=[_begin(group)])
    if open_:
        raise CannotTell(open_)


def _taken_back(run: Run, group: Group, fate: _Fate) -> str:
    if fate.ended is None or group.last <= fate.ended + run.tolerances.media_after_msk:
        return ""
    return f"goes on {(group.last - fate.ended) / 10**9:.0f} s after its MSK was taken back from all UEs that had it"


def _shows_all_ues(story: Story, msk_id: bytes) -> bool:
    """Whether a probe stood behind the BM-SC, and saw the MSK from its first MTK on: then it saw who got it."""
    shown = coverage.legs(story)
    if story.lost or story.holes or not (shown.posts or shown.zn):
        return False
    windows = [key.valid_from for (_, name), keys in story.chain.msks.items() if name == msk_id for key in keys]
    first = min((begin for begin in windows if begin is not None), default=None)
    sent = [group.mtk_id for group in story.media if group.msk_id == msk_id and group.mtk_id is not None]
    sent += [
        body.mtk_id for message in story.traffic.mikey
        if (body := bodies.mikey(message)) is not None and body.mtk_id is not None and body.msk_id == msk_id
    ]  # fmt: skip
    return first is not None and bool(sent) and min(int.from_bytes(name, "big") for name in sent) <= first + 1


def _used_up(story: Story, group: Group) -> str:
    """Say so of an MTK ID above every SEQu; one below SEQl was in the interval of those that came earlier."""
    ends = [
        key.valid_to for key in story.chain.msks.get((group.key_domain, group.msk_id or b""), ())
        if key.valid_from is not None and key.valid_to is not None and key.valid_from <= key.valid_to
    ]  # fmt: skip
    number = int.from_bytes(group.mtk_id or b"", "big")
    return f"has an MTK ID above SEQu {max(ends):04x} of its MSK" if ends and number > max(ends) else ""


RULES: tuple[Rule, ...] = (
    mki_goes_forward,
    no_media_under_a_retired_msk,
)
