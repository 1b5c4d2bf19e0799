"""Keys that live too long, belong to somebody else, or are seen where they must not be (rules EX)."""

from __future__ import annotations

from sample_pcaps import forge_text as text
from sample_pcaps.casebook import case
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK
from sample_pcaps.story_sip import KEY_INFO_TYPE, Parts

SERVED = 2  # UEs that get an answer in a storm


@case(breaks=("EX-01",))
def new_b_tid_never_presented() -> Story:
    """The UE bootstraps before its Ks ends and never shows the BM-SC the new B-TID; the service goes on."""
    story = Story.registered_by_http(lifetime=60)
    story.keys_and_media()
    story.at(40)
    story.bootstrap()
    story.at(70)
    story.mtk(mtk_id=2, times=2)
    story.media(mtk_id=2, packets=10)
    return story


@case(breaks=("EX-02",))
def msk_under_an_expired_muk() -> Story:
    """The BM-SC sends the second MSK ten seconds after the MUK has expired. The UE drops it."""
    story = Story.registered_by_http(lifetime=60)
    story.msk()
    story.wait(69)
    story.msk(msk_id=SECOND_MSK, verify=False)
    story.linger(12)
    return story


@case(breaks=("EX-03",))
def last_mtk_of_the_msk() -> Story:
    """The MSK allows two MTKs. The second is in use for a quarter of a minute, and no new MSK comes."""
    story = Story.registered_by_http()
    story.msk(seq=(0, 2))
    story.mtk(mtk_id=1, times=2)
    story.media(mtk_id=1, packets=10)
    story.mtk(mtk_id=2, times=2)
    story.media(mtk_id=2, packets=20, interval=0.75)
    return story


@case(breaks=("EX-04",))
def msk_again_under_another_id() -> Story:
    """The BM-SC renews the MSK in name only: it sends the octets of the old one, and counts MTK messages from 1."""
    story = Story.registered_by_http()
    story.keys_and_media()
    story.mtk(mtk_id=2, times=2)
    story.media(mtk_id=2, packets=10)
    story.msk(msk_id=SECOND_MSK, key=story.msks[FIRST_MSK].key)
    story.mtk(SECOND_MSK, 1, times=2)
    story.media(SECOND_MSK, 1, packets=10)
    return story


@case(breaks=("EX-05",))
def new_b_tid_of_another_user() -> Story:
    """The UE repeats its registration with a new B-TID, and the BSF gives another IMPI with it than before.

    It has bootstrapped with a TMPI, which the BSF has mixed up; the key is right.
    """
    story = Story.begun_by_sip(lifetime=600)
    story.msk()
    story.wait(590)
    story.bootstrap(lifetime=600)
    story.wait(0.2)
    story.sip("register", zn={"impi": "user7_private@home1.net"})
    story.msk()
    return story


@case(breaks=("EX-06",))
def muk_passed_on_to_the_ue() -> Story:
    """The SCF passes MUK and B-TID of its POST on in the 200 to the UE: all proxies on the way see the MUK."""
    story = Story("passed on", by_sip=True)
    run = story.bootstrap()
    story.wait(0.2)
    muk = run.naf_key(story.naf_fqdn, story.ua_id)

    def with_keys(parts: Parts) -> Parts:
        info = text.naf_key_info_xml(ue_ip=None, muk=muk, lifetime=None, b_tid=run.b_tid, naf_fqdn=None)
        return [*parts, (KEY_INFO_TYPE, info)]

    story.sip("register", ok_parts=with_keys)
    story.msk()
    return story


@case(breaks=("EX-07",))
def old_b_tid_comes_back() -> Story:
    """The UE has registered with a new B-TID, and asks for an MSK with the old one, which has not expired yet."""
    story = Story.registered_by_http()
    story.msk()
    old = story.ue.last.b_tid
    story.wait(1)
    story.bootstrap()
    story.register()
    story.msk()
    story.wait(1)
    story.msk_request(b_tid=old)
    story.msk(msk_id=SECOND_MSK, verify=False, v=False)
    return story


@case(breaks=("EX-08",))
def pull_under_a_retired_muk() -> Story:
    """The UE has acknowledged an MSK under its new MUK, and still answers a pull under the old one."""
    story = Story.registered_by_http()
    old = story.ue.last.b_tid
    story.msk()
    story.wait(15)
    story.bootstrap()
    story.wait(0.2)
    story.register()
    story.msk()
    story.wait(1)
    story.pull(b_tid=old)
    story.wait(0.1)
    story.msk_request()
    story.msk()
    return story


@case(breaks=("EX-09",), runs=True)
def storm_without_answers() -> Story:
    """Ten UEs register within a second, and the BM-SC answers two of them.

    The capture begins when all have bootstrapped and sent their INVITEs.
    """
    story = Story.begun_by_http(ues=10)
    for number, ue in enumerate(story.ues):
        story.at(20 + number * 0.05)
        if number < SERVED:
            story.register(ue)
            story.msk(ue)
        else:
            story.register(ue, retry=False, edits={"challenge": Edit(drop=True)})
    story.at(20)
    story.linger(45)
    story.cut(19.9)
    return story


@case(breaks=("EX-10",))
def b_tid_without_its_padding() -> Story:
    """The UE drops the "==" of its B-TID on Ua; BM-SC and BSF go on with what they get."""
    story = Story.begun_by_http()
    story.register(b_tid=story.ue.last.b_tid.replace("==", ""))
    story.msk()
    return story
