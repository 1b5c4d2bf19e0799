"""Rules on how media goes from key to key: MTKs one after the other, and none of an MSK that is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.media import Group
from analyzer.procedures import history
from analyzer.procedures.media import MEDIA
from analyzer.procedures.sr_rules import protected
from analyzer.report import Evidence

GONE_WITHIN = 10 * 10**9  # ns; in which a sender goes over to another MSK when one was taken back

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


@once
def _retired(story: Story) -> Mapping[bytes, tuple[int, bool]]:
    """Return when MSKs were taken back from the last UE that had them, and whether all their messages were opened."""
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
    found: dict[bytes, tuple[int, bool]] = {}
    for msk_id, ended in held.items():
        times = [time for time in ended.values() if time is not None]
        if times and (len(times) == len(ended) or msk_id in shut):
            found[msk_id] = (max(times), msk_id not in shut)
    return found


@rule(
    "SR-10", MEDIA, clause="TS 33.246 6.5.3", level="info",
    remedy="BM-SC: go over to a new MSK before you take the old one back, or stop sending.",
)  # fmt: skip
def no_media_under_a_retired_msk(run: Run) -> Iterator[Problem]:
    """No media goes on under an MSK that was taken back from all UEs that had it.

    Nobody in the capture can open it any more; UEs that the capture does not show may still. MT-07 looks at MTKs
    outside of the interval, RG-07 at what a UE that has left is sent.
    """
    groups = protected(run)
    msk_id = groups[0].msk_id
    known = _retired(run.story).get(msk_id or b"")
    if known is None:
        raise NotHere
    ended, is_sure = known
    late = [group for group in groups if group.last > ended + GONE_WITHIN]
    if late and not is_sure:
        raise CannotTell(f"whether MSK {(msk_id or b'').hex()} was taken back from all UEs needs their MUKs")
    for group in late:
        yield wrong(
            f"media under MKI {(group.mki or b'').hex()} goes on {(group.last - ended) / 10**9:.0f} s after MSK "
            f"{(msk_id or b'').hex()} was taken back from all UEs that had it",
            frames=[_begin(group)],
        )


RULES: tuple[Rule, ...] = (
    mki_goes_forward,
    no_media_under_a_retired_msk,
)
