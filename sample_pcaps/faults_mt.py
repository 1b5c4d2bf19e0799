"""One thing wrong in an MTK message (rules MT)."""

from __future__ import annotations

from sample_pcaps import forge_mikey as mikey
from sample_pcaps.casebook import case
from sample_pcaps.forge_keys import made_up
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK

OTHER_GROUP = bytes.fromhex("00020001")  # the MSK of another key group


def with_msk(**more: object) -> Story:
    """Registration and one MSK with its verification."""
    story = Story.registered_by_http(**more)  # type: ignore[arg-type]
    story.msk()
    story.wait(0.2)
    return story


@case(breaks=("MT-01",))
def mtk_to_another_group() -> Story:
    """The MTK message goes to another group than the media: no UE of this service listens there."""
    story = with_msk()
    story.mtk(times=2, dst="239.9.9.9")
    story.media()
    return story


@case(breaks=("MT-02",))
def mtk_that_asks_for_verification() -> Story:
    """V is set in an MTK message, as if the whole audience should answer."""
    story = with_msk()
    story.mtk(times=2, v=True)
    story.media()
    return story


@case(breaks=("MT-03",))
def mtk_with_an_id_of_three_octets() -> Story:
    """The MTK ID in the Key ID extension has three octets."""
    story = with_msk()
    ids = ((mikey.KEY_DOMAIN, KEY_DOMAIN), (mikey.MSK_ID, FIRST_MSK), (mikey.MTK_ID, b"\0\0\1"))
    story.mtk(times=2, ext=mikey.key_ids(*ids))
    return story


@case(breaks=("MT-05",))
def mtk_with_a_short_salt() -> Story:
    """The salt of the MTK has 12 octets instead of 14."""
    story = with_msk()
    story.mtk(times=2, salt=bytes.fromhex("51" * 12))
    return story


@case(breaks=("MT-06",))
def mtk_id_goes_back() -> Story:
    """MTK 3 is followed by a new MTK 2 under the same MSK: UEs discard it."""
    story = with_msk()
    story.mtk(mtk_id=3, times=2)
    story.media(mtk_id=3)
    story.mtk(mtk_id=2, times=2)
    return story


@case(breaks=("MT-08",))
def another_key_under_one_mtk_id() -> Story:
    """MTK 1 is sent again with another key inside: the audience is split."""
    story = with_msk()
    story.mtk(mtk_id=1)
    story.wait(1)
    story.mtk(mtk_id=1, key=bytes.fromhex("1d" * 16))
    return story


@case(breaks=("MT-09",))
def mtk_counter_of_a_replay() -> Story:
    """The counter of MTK 2 is lower than that of MTK 1: UEs take it for a replay."""
    story = with_msk()
    story.mtk(mtk_id=1, counter=7, times=2)
    story.media(mtk_id=1)
    story.mtk(mtk_id=2, counter=5, times=2)
    return story


@case(breaks=("MT-10",))
def mtk_with_a_wrong_mac() -> Story:
    """The MAC of the MTK message fails under its MSK."""
    story = with_msk()
    story.mtk(times=2, break_mac=True)
    return story


@case(breaks=("MT-11",))
def mtk_used_for_two_sessions() -> Story:
    """The same MTK and salt go to two groups: two streams under one key."""
    story = with_msk()
    key, salt = bytes.fromhex("2b" * 16), bytes.fromhex("3c" * 14)
    story.mtk(key=key, salt=salt, times=2)
    story.media(packets=10)
    story.msk(msk_id=OTHER_GROUP)
    story.mtk(OTHER_GROUP, key=key, salt=salt, times=2, dst="239.1.2.4")
    return story


@case(breaks=("MT-12",))
def mtk_after_its_packets() -> Story:
    """The media go over to MTK 2 four seconds before its message comes: all UEs drop the packets until then."""
    story = with_msk()
    story.mtk(mtk_id=1, times=2, interval=0.5)
    story.media(mtk_id=1, packets=10)
    story.media(mtk_id=2, packets=10, interval=0.4, report=False)
    story.mtk(mtk_id=2, key=made_up("media 00010001 2 key", 16), salt=made_up("media 00010001 2 salt", 14), times=2)
    story.media(mtk_id=2, packets=10)
    return story


@case(breaks=("MT-13",))
def mtk_never_repeated() -> Story:
    """The MTK message comes once, and its MTK is in use for more than a minute: who joins late waits all the time."""
    story = with_msk()
    story.mtk()
    story.media(packets=65, interval=1)
    return story


@case(breaks=("MT-14",))
def mtk_of_twenty_octets() -> Story:
    """The MTK has 20 octets; SRTP takes 16, 24 or 32."""
    story = with_msk()
    story.mtk(times=2, key=bytes.fromhex("2b" * 20))
    return story
