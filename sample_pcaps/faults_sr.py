"""One thing wrong in the protected media (rules SR)."""

from __future__ import annotations

from sample_pcaps import forge_srtp as srtp
from sample_pcaps.casebook import case
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SSRC


def with_mtk() -> Story:
    """Registration, one MSK with its verification, and one MTK, sent twice."""
    story = Story.registered_by_http()
    story.msk()
    story.wait(0.2)
    story.mtk(times=2, interval=0.5)
    return story


@case(breaks=("SR-01",))
def mki_of_an_mtk_never_sent() -> Story:
    """The sender goes over to MTK 2, and no MTK message has brought it."""
    story = with_mtk()
    story.media(mtk_id=1, packets=10)
    story.media(mtk_id=2, packets=10, report=False)
    story.wait(1)
    return story


@case(breaks=("SR-02",))
def tag_without_its_mac() -> Story:
    """SP names mode RCCm2; the sender leaves the MAC out of all packets but each 16th: the MKI is not in its place."""
    story = with_mtk()

    def change(number: int, arguments: dict[str, object]) -> dict[str, object]:
        return arguments | {"mode": srtp.RCCM1} if number > 5 else arguments

    story.media(change=change, report=False)
    return story


@case(breaks=("SR-03",))
def roc_that_goes_back() -> Story:
    """The sender goes back to ROC 0 while its sequence numbers go on; its tags say so."""
    story = with_mtk()
    # Packet 36 is the first with ROC 1, packet 52 the next whose tag carries the ROC.
    story.media(packets=60, change=lambda number, arguments: arguments | ({"roc": 0} if number >= 52 else {}))
    return story


@case(breaks=("SR-04",))
def packets_with_a_wrong_tag() -> Story:
    """Two of the packets do not authenticate under the key that their MKI names."""
    story = with_mtk()
    story.media(change=lambda number, arguments: arguments | {"break_tag": number in {8, 9}})
    return story


@case(breaks=("SR-05",))
def another_ssrc_than_announced() -> Story:
    """The SRTP-ID map of the MSK message names another SSRC than the stream has."""
    story = with_mtk()
    story.media(ssrc=SSRC + 1)
    return story


@case(breaks=("SR-06",))
def packet_sent_twice_with_other_octets() -> Story:
    """A packet index is used again, for another payload: the key stream is used twice."""
    story = with_mtk()
    seen: dict[str, object] = {}

    def change(number: int, arguments: dict[str, object]) -> dict[str, object]:
        if number == 5:
            seen.update(seq=arguments["seq"], roc=arguments["roc"])
        return arguments | seen if number == 6 else arguments

    story.media(change=change)
    return story


@case(breaks=("SR-07",))
def srtcp_index_that_stands_still() -> Story:
    """Two sender reports have the same SRTCP index."""
    story = with_mtk()
    story.media()
    held = story.mtks[FIRST_MSK + b"\0\1"]
    story.wait(1)
    story.report(held.key, held.salt, held.mki, index=story.rtcp_index - 1)
    return story


@case(breaks=("SR-08",))
def receiver_report_to_the_group() -> Story:
    """An SRTCP packet to the group is a receiver report."""
    story = with_mtk()
    story.media()
    held = story.mtks[FIRST_MSK + b"\0\1"]
    story.report(held.key, held.salt, held.mki, packet=srtp.receiver_report(ssrc=SSRC, about=SSRC))
    return story


@case(breaks=("SR-12",))
def media_in_the_clear() -> Story:
    """A second sender sends the same service as RTP without protection."""
    story = with_mtk()
    story.media(packets=10)
    story.media(clear=True, packets=10, ssrc=SSRC + 7)
    return story


@case(breaks=("SR-09",))
def mki_that_goes_back() -> Story:
    """The sender has gone over to MTK 2, and three seconds later goes back to MTK 1 for a while."""
    story = with_mtk()
    story.media(packets=10)
    story.mtk(mtk_id=2, times=2, interval=0.5)
    story.media(mtk_id=2, packets=30, interval=0.1)
    story.media(mtk_id=1, packets=10)
    story.wait(1)
    return story


@case(breaks=("SR-10",))
def media_under_a_retired_msk() -> Story:
    """Both UEs deregister, their MSK is taken back, and the media goes on under it half a minute later."""
    story = Story.registered_by_http(ues=2)
    for ue in story.ues:
        story.msk(ue)
    story.wait(0.2)
    story.mtk(times=2, interval=0.5)
    story.media(packets=5, report=False)
    for ue in story.ues:
        story.deregister(ue)
        story.msk(ue, seq=(2, 1), sp=None)
    story.wait(30)
    story.media(packets=5, report=False)
    return story
