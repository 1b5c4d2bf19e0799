"""One thing wrong in an MSK message, its verification, or a solicited pull (rules MS)."""

from __future__ import annotations

from sample_pcaps import forge_mikey as mikey
from sample_pcaps.casebook import case
from sample_pcaps.forge_mikey import POLICY
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK


@case(breaks=("MS-02",))
def msk_of_mikey_version_2() -> Story:
    """The MSK message says MIKEY version 2; its MAC is right for what it says."""
    story = Story.registered_by_http()
    story.msk(version=2)
    story.wait(5)
    story.mtk()
    return story


@case(breaks=("MS-03",))
def msk_with_a_session_and_no_map() -> Story:
    """The MSK message counts one crypto session and has an empty map."""
    story = Story.registered_by_http()
    story.msk(cs_count=1, map_type=mikey.MAP_EMPTY, sp=None)
    story.wait(5)
    story.mtk()
    return story


@case(breaks=("MS-04",))
def msk_with_ntp_time() -> Story:
    """The T payload of the MSK message is NTP-UTC time, no counter."""
    story = Story.registered_by_http()
    story.msk(ts_type=0, verify=False, v=False)
    story.wait(5)
    return story


@case(breaks=("MS-05",))
def msk_with_a_rand_for_each_ue() -> Story:
    """The second UE gets the same MSK with another RAND: it will open no MTK message."""
    story = Story.registered_by_http(ues=2)
    one, other = story.ues
    story.msk(one)
    story.msk(other, rand=bytes.fromhex("5f" * 16))
    story.wait(0.2)
    story.mtk(times=2)
    return story


@case(breaks=("MS-06",))
def msk_with_ids_of_type_uri() -> Story:
    """IDi and IDr of the MSK message have ID type URI instead of NAI."""
    story = Story.registered_by_http()
    story.msk(idi_type=1, idr_type=1)
    story.wait(5)
    return story


@case(breaks=("MS-07",))
def msk_for_the_previous_b_tid() -> Story:
    """The UE has bootstrapped and registered anew; the BM-SC goes on with the B-TID of before. The UE drops it."""
    story = Story.registered_by_http()
    story.msk()
    old = story.ue.last.b_tid
    story.wait(10)
    story.bootstrap()
    story.register()
    story.msk(b_tid=old, verify=False)
    story.wait(5)
    return story


@case(breaks=("MS-08",))
def msk_without_a_key_domain() -> Story:
    """The Key ID extension of the MSK message has an MSK ID and no Key Domain ID."""
    story = Story.registered_by_http()
    story.msk(ext=mikey.key_ids((mikey.MSK_ID, FIRST_MSK)))
    story.wait(5)
    return story


@case(breaks=("MS-09",))
def msk_in_the_clear() -> Story:
    """The KEMAC of the MSK message has the NULL cipher: whoever sees the packet has the MSK."""
    story = Story.registered_by_http()
    story.msk(encr_alg=mikey.ENCR_NULL)
    story.wait(0.2)
    story.mtk(times=2)
    story.media()
    return story


@case(breaks=("MS-10",))
def msk_without_an_interval() -> Story:
    """The MSK comes without a validity interval: no MTK ID is ever inside."""
    story = Story.registered_by_http()
    story.msk(key_data=mikey.key_data(bytes.fromhex("77" * 16), key_type=mikey.TEK))
    story.wait(5)
    return story


@case(breaks=("MS-11",))
def msk_valid_up_to_ffff() -> Story:
    """SEQu of the MSK is FFFF, which no MTK ID may reach."""
    story = Story.registered_by_http()
    story.msk(seq=(0, 0xFFFF))
    story.wait(0.2)
    story.mtk(times=2)
    story.media()
    return story


@case(breaks=("MS-13",))
def first_msk_without_a_policy() -> Story:
    """The first MSK after the registration has no SP: the UE knows no algorithms."""
    story = Story.registered_by_http()
    story.msk(sp=None)
    story.wait(0.2)
    story.mtk(times=2)
    return story


@case(breaks=("MS-14",))
def policy_without_roc_rate() -> Story:
    """SP names mode RCCm2 and no R: the UE cannot tell which packets carry the ROC."""
    story = Story.registered_by_http()
    story.msk(sp=[entry for entry in POLICY if entry[0] != 13])
    story.wait(0.2)
    story.mtk(times=2)
    return story


@case(breaks=("MS-15",))
def policy_changed_on_the_way() -> Story:
    """The second MSK of the key group comes with another tag length than the first."""
    story = Story.registered_by_http()
    story.msk()
    story.wait(2)
    story.msk(msk_id=SECOND_MSK, sp=[(kind, b"\x0a" if kind == 11 else value) for kind, value in POLICY])
    story.wait(5)
    return story


@case(breaks=("MS-20",))
def verification_nobody_asked_for() -> Story:
    """V is 0 in the MSK message, and the UE answers all the same."""
    story = Story.registered_by_http()
    story.msk(v=False, verify=True)
    story.wait(5)
    return story


@case(breaks=("MS-21",))
def verification_with_a_crypto_session() -> Story:
    """The verification message repeats the SRTP-ID map of the MSK message instead of an empty one."""
    story = Story.registered_by_http()
    story.msk(verify={"cs_count": 1, "map_type": mikey.MAP_SRTP, "map_info": mikey.srtp_id(1)})
    story.wait(5)
    return story


@case(breaks=("MS-22",))
def verification_with_a_wrong_mac() -> Story:
    """The MAC of the verification message is wrong in every reading."""
    story = Story.registered_by_http()
    story.msk(verify={"break_mac": True})
    story.wait(5)
    return story


@case(breaks=("MS-23",))
def msk_not_sent_again() -> Story:
    """The verification message takes 40 s, as the UE has no coverage; the BM-SC waits for it and sends nothing."""
    story = Story.registered_by_http()
    story.msk(edits={"verification": Edit(delay=40)})
    story.wait(0.2)
    story.mtk(times=2)
    story.media()
    return story


@case(breaks=("MS-24",))
def msk_of_the_old_octets() -> Story:
    """The second MSK is the first under a new ID: an MTK message decodes before the UE has got its MSK."""
    story = Story.registered_by_http()
    story.keys_and_media()
    old = story.msks[FIRST_MSK]
    story.mtk(SECOND_MSK, 1, msk_key=old.key, rand=old.rand, counter=old.counter + 1, times=2)
    story.msk(msk_id=SECOND_MSK, key=old.key, rand=old.rand)
    story.wait(0.2)
    story.media(SECOND_MSK, 1)
    return story


@case(breaks=("MS-26",))
def old_muk_acknowledged() -> Story:
    """The UE has just bootstrapped anew; an MSK under its older MUK comes, and it acknowledges instead of asking."""
    story = Story.registered_by_http()
    story.msk()
    old = story.ue.last.b_tid
    story.wait(10)
    story.bootstrap()
    story.wait(1)
    story.msk(msk_id=SECOND_MSK, b_tid=old)
    story.wait(1)
    story.register()
    story.msk(msk_id=SECOND_MSK)
    story.wait(5)
    return story


@case(breaks=("MS-27",))
def pull_that_asks_for_verification() -> Story:
    """The solicited pull has V set, though it brings nothing to verify."""
    story = Story.registered_by_http()
    story.msk()
    story.wait(3)
    story.pull(v=True)
    story.wait(0.2)
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    story.wait(5)
    return story


@case(breaks=("MS-30",))
def error_message_for_an_mtk() -> Story:
    """A UE answers an MTK message that it cannot open with a MIKEY error, as every other UE would."""
    story = Story.registered_by_http()
    story.keys_and_media()
    story.mtk(mtk_id=2, csb_id=0x0BADCAFE)
    story.mikey_error(csb_id=0x0BADCAFE)
    story.wait(1)
    return story
