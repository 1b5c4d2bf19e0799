"""Rules on SRTP and SRTCP under the delivered keys (TS 33.246 6.6.2, RFC 3711, RFC 4771)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.correlate import bodies
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.media import Group, Place
from analyzer.procedures import sent
from analyzer.procedures.media import MEDIA
from analyzer.procedures.rg_back_off_rules import longest_back_off
from analyzer.report import Evidence

FEWEST_CLEAR = 3  # packets; where so many agree on no MKI, there is none


def protected(run: Run, protocol: str = "srtp") -> list[Group]:
    """Return the groups of a protocol that carry an MKI; NotHere where there are none."""
    found = [group for group in run.media if group.protocol == protocol and group.mki is not None]
    if not found:
        raise NotHere
    return found


def _at(places: Iterable[Place]) -> list[Evidence]:
    return [Evidence(capture, frame) for capture, frame in places]


def _begun(group: Group) -> list[Evidence]:
    return [Evidence(group.capture, group.frame)]


def _delivered(run: Run, group: Group) -> bool:
    """An MTK message names this MKI, or the user has supplied its key."""
    return group.mki in _mkis(run.story)


@once
def _mkis(story: Story) -> frozenset[bytes]:
    supplied = {msk_id + mtk_id for _, msk_id, mtk_id in story.chain.mtks}
    sent_here = {msk_id + mtk_id for msk_id, times in sent.mtks(story).items() for _, mtk_id in times}
    return frozenset(supplied | sent_here)


def _msk_known(run: Run, group: Group) -> bool:
    return group.msk_id in _supplied(run.story) or group.msk_id in sent.named(run.story)


def _msk_held(run: Run, group: Group) -> bool:
    """Say whether the MSK of a group was supplied, or named by MIKEY before the group began."""
    named = sent.named(run.story).get(group.msk_id or b"")
    return group.msk_id in _supplied(run.story) or (named is not None and named <= group.first)


@once
def _supplied(story: Story) -> frozenset[bytes | None]:
    return frozenset(
        msk_id for (_, msk_id), keys in story.chain.msks.items() if any(key.status == "supplied" for key in keys)
    )


@rule(
    "SR-01", MEDIA, clause="TS 33.246 6.6.2", level="shall",
    remedy="BM-SC: switch to an MKI only when MSK and MTK of it have been delivered; look for the missing MTK message.",
)  # fmt: skip
def mki_names_delivered_keys(run: Run) -> Iterator[Problem]:
    """The MKI of a packet names an MSK and an MTK that have been delivered.

    A UE that meets an unknown MKI goes silent until the next MTK message.
    """
    groups = protected(run)
    if not _msk_known(run, groups[0]):
        raise NotHere  # an MSK that nobody was sent: SR-11 and MT-04 look at that
    open_: list[str] = []
    for group in groups:
        if _delivered(run, group):
            continue
        mtk_id = group.mtk_id or b""
        sent_under = sent.mtks(run.story).get(group.msk_id or b"", ())
        brought = [sent_id for time, sent_id in sent_under if time <= group.first]
        if not brought or max(brought) > mtk_id:  # MTK IDs go up: those before the first that is seen had their time
            open_.append(mtk_id.hex())
            continue
        run.story.be_whole()
        yield wrong(
            f"MKI {(group.mki or b'').hex()}: no MTK message has brought MTK {mtk_id.hex()}", frames=_begun(group)
        )
    if open_:
        raise CannotTell(f"MTK {', '.join(open_)} may have been delivered before the capture began")


@rule(
    "SR-02", MEDIA, clause="RFC 4771 4, TS 33.246 6.6.2", level="shall",
    remedy="BM-SC: let the media sender use mode, R and tag length of the SP that the MSK message carried.",
)  # fmt: skip
def tag_follows_the_policy(run: Run) -> Iterator[Problem]:
    """The authentication tag has the form that mode, R and tag length of SP give it.

    With a tag of another length the MKI is not where the UE looks for it.
    """
    groups = protected(run)
    if not any(group.policy_told for group in groups):
        raise CannotTell("no SP payload tells the tag length")
    for group in groups:
        if group.policy_told and group.misplaced:
            yield wrong(
                f"the MKI is not at the place that SP gives in {group.misplaced} of {group.packets} packets",
                frames=_at(group.misplaced_frames),
            )


@rule(
    "SR-03", MEDIA, clause="RFC 4771 2", level="shall",
    remedy="BM-SC: write the sender's ROC into every R-th packet.",
)  # fmt: skip
def roc_goes_on(run: Run) -> Iterator[Problem]:
    """The ROC in the tags never goes back while the sequence numbers go on.

    A UE takes the ROC of the packet as its own: a wrong one makes all packets up to the next fail.
    """
    for group in protected(run):
        if group.roc_frames:
            yield wrong("the ROC in the tag goes back", frames=_at(group.roc_frames))


@rule(
    "SR-04", MEDIA, clause="RFC 3711 3.3, TS 33.246 6.6.2", level="shall",
    remedy="BM-SC: check that the media sender uses MTK and salt of the MKI that it writes, and its own ROC.",
)  # fmt: skip
def packets_authenticate(run: Run) -> Iterator[Problem]:
    """Packets authenticate under the MTK and salt that their MKI names.

    One packet among good ones may be damage on the way; several mean another key, salt or ROC at the sender.
    """
    groups = [group for group in run.media if group.mki is not None]
    if not groups:
        raise NotHere
    open_ = ""
    for group in groups:
        broken = group.failed - group.misplaced
        if not broken:
            continue
        text = (
            f"{broken} of {group.packets} {group.protocol.upper()} packets under MKI {(group.mki or b'').hex()} "
            f"{'does' if broken == 1 else 'do'} not authenticate"
        )
        if not group.policy_told and group.protocol == "srtp":
            open_ = f"{text}, and no SP payload tells how they are protected"
        elif not group.authenticated and not _mtk_is_sure(run, group):
            open_ = f"{text}: the keyring's key opened nothing, and may be the wrong one"
        elif broken == 1 and group.authenticated:
            open_ = f"{text}: damaged on the way, or forged"
        else:
            yield wrong(text, frames=_at(group.failed_frames))
    if open_:
        raise CannotTell(open_)
    if any(group.no_key for group in groups) and not any(group.authenticated for group in groups):
        raise CannotTell("the MTK is needed to check the packets")
    if not any(group.authenticated or group.failed for group in groups):
        raise CannotTell("the packets bring no MAC, or the ROC under it is not known")


def _mtk_is_sure(run: Run, group: Group) -> bool:
    """Whether an MTK of the MKI came in an MTK message, and not from the keyring alone."""
    chain = run.story.chain
    found = (keys for (_, msk_id, mtk_id), keys in chain.mtks.items() if msk_id + mtk_id == group.mki)
    return any(chain.is_sure(key) for keys in found for key in keys)


@rule(
    "SR-05", MEDIA, clause="RFC 3830 6.1.1", level="info",
    remedy="BM-SC: name the SSRC of the stream in the SRTP-ID map of the MSK message, or 0.",
)  # fmt: skip
def ssrc_is_the_announced(run: Run) -> Iterator[Problem]:
    """The SSRC of a stream is the one in the SRTP-ID map of its MSK message, or that is 0.

    UEs that rely on the map ignore another stream.
    """
    for group in protected(run):
        announced = sent.ssrcs(run.story).get(group.msk_id or b"")
        if not announced:
            raise NotHere
        if group.ssrc not in announced and 0 not in announced:
            expected = ", ".join(f"0x{ssrc:08x}" for ssrc in sorted(announced))
            yield wrong(f"SSRC 0x{group.ssrc:08x}, expected {expected}", frames=_begun(group))


@rule(
    "SR-06", MEDIA, clause="RFC 3711 9.1", level="shall",
    remedy="BM-SC: never use SSRC, ROC and sequence number twice under one MTK; if it does not, find who replays.",
)  # fmt: skip
def no_packet_repeats(run: Run) -> Iterator[Problem]:
    """No packet repeats SSRC, ROC and sequence number of another under the same MTK.

    Either somebody replays, or the sender uses a key stream twice.
    """
    for group in protected(run):
        if group.repeated_frames:
            yield wrong("the same packet index again under one MTK", frames=_at(group.repeated_frames))


@rule(
    "SR-07", MEDIA, clause="RFC 3711 3.4, TS 33.246 6.6.2", level="shall",
    remedy="BM-SC: authenticate every SRTCP packet and count its index up.",
)  # fmt: skip
def srtcp_index_increases(run: Run) -> Iterator[Problem]:
    """SRTCP packets carry an index that goes up.

    It is the only protection of SRTCP against replay.
    """
    for group in protected(run, "srtcp"):
        stale = [*group.index_frames, *group.repeated_frames]
        if stale:
            yield wrong("the SRTCP index does not go up", frames=_at(stale))


@rule(
    "SR-08", MEDIA, clause="TS 33.246 6.6.2", level="shall",
    remedy="BM-SC: send sender reports only; UE: send none at all.",
)  # fmt: skip
def srtcp_is_sender_reports(run: Run) -> Iterator[Problem]:
    """SRTCP of an MBMS session carries sender reports only.

    Receivers report by other means; anything else comes from a sender that is set up for two-way RTP.
    """
    for group in protected(run, "srtcp"):
        if group.report_frames:
            yield wrong("SRTCP packet that is no sender report", frames=_at(group.report_frames))


@rule(
    "SR-11", MEDIA, clause="TS 33.246 6.3.2.2.3", level="shall",
    remedy="UE: ask for the MSK that an unknown MKI names, after the announced back-off.",
)  # fmt: skip
def unknown_msk_is_asked_for(run: Run) -> Iterator[Problem]:
    """A UE that meets an MKI with an MSK that it lacks asks for this MSK.

    A missed key update heals itself this way; when nobody asks, the picture stays black until the next push. A UE has
    half a minute to ask, or the back-off that the service protection description announces, if that is longer.
    """
    first = min(protected(run), key=lambda group: group.first)
    if _msk_held(run, first):
        raise NotHere
    asking = [
        r for ue in run.story.traffic.sessions for r in run.story.runs_of(ue, "http-msk-request", "sip-msk-refresh")
        if r.end >= first.first
    ]  # fmt: skip
    registered = [
        r for ue in run.story.traffic.sessions
        for r in run.story.runs_of(ue, "http-registration", "sip-initiation") if r.outcome == "success"
    ]  # fmt: skip
    if not registered or not _is_served(run, first):
        raise CannotTell("no UE of this service is in the capture")
    for request in asking:
        for message in request.all("request", "authorized", "invite"):
            for name in bodies.msk_names(message):
                if name.msk_id[:2] == (first.msk_id or b"")[:2]:
                    return
    within = max(run.tolerances.unknown_msk, longest_back_off(run.story, first.msk_id or b""))
    if not run.story.covers(first.first, within):
        raise CannotTell("the capture ends before an MSK request is due")
    if _msk_known(run, first):
        raise NotHere  # it was pushed after all, before the UE had to ask
    yield wrong(
        f"MKI {(first.mki or b'').hex()} names MSK {(first.msk_id or b'').hex()}, and no UE asks for it",
        frames=_begun(first),
    )


def _is_served(run: Run, group: Group) -> bool:
    """Say whether a UE was sent an older MSK of the key group before: it holds no later one from before the capture."""
    return any(
        message.time <= group.first
        and (body := bodies.mikey(message)) is not None
        and bodies.is_msk_message(body)
        and not bodies.is_solicited_pull(body)
        and body.msk_id is not None
        and body.msk_id[:2] == (group.msk_id or b"")[:2]
        and body.msk_id < (group.msk_id or b"")
        for message in run.story.traffic.mikey
    )


@rule(
    "SR-12", MEDIA, clause="TS 33.246 6.6", level="shall",
    remedy="BM-SC: send all media of a protected session as SRTP; look which sender still sends RTP.",
)  # fmt: skip
def no_clear_media(run: Run) -> Iterator[Problem]:
    """A protected session has no RTP in the clear.

    Anyone can watch it, and UEs that expect an MKI drop it.
    """
    clear = [group for group in run.media if group.mki is None and _is_keyed(run, group)]
    if not clear and all(group.mki is None for group in run.media):
        raise NotHere
    for group in clear:
        if group.packets >= FEWEST_CLEAR:
            yield wrong(
                f"{group.packets} packets in the clear to {group.destination}:{group.port}", frames=_begun(group)
            )
    if any(group.packets < FEWEST_CLEAR for group in clear):
        raise CannotTell("too few packets to tell media in the clear from an MKI that nobody named")


def _is_keyed(run: Run, group: Group) -> bool:
    """Say whether a stream belongs to a protected session: its port, or the RTCP port beside it.

    Where nothing protected goes to its address, MTK messages to this address make it one.
    """
    ports = {g.port for g in run.story.media if g.mki is not None and g.destination == group.destination}
    if ports:
        return group.port in ports or (group.protocol == "rtcp" and group.port - 1 in ports)
    return any(
        message.payload.dst == group.destination and getattr(message.body, "mtk_id", None) is not None
        for message in run.story.traffic.mikey
    )


RULES: tuple[Rule, ...] = (
    mki_names_delivered_keys,
    tag_follows_the_policy,
    roc_goes_on,
    packets_authenticate,
    ssrc_is_the_announced,
    no_packet_repeats,
    srtcp_index_increases,
    srtcp_is_sender_reports,
    unknown_msk_is_asked_for,
    no_clear_media,
)
