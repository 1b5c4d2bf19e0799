"""Keys that live too long, belong to somebody else, or are seen where they must not be (rules EX)."""

from __future__ import annotations

from sample_pcaps import forge_text as text
from sample_pcaps.casebook import case
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK
from sample_pcaps.story_sip import KEY_INFO_TYPE, Parts


@case(breaks=("EX-02",))
def msk_under_an_expired_muk() -> Story:
    """The BM-SC sends the second MSK ten seconds after the MUK has expired. The UE drops it."""
    story = Story.registered_by_http(lifetime=60)
    story.msk()
    story.wait(69)
    story.msk(msk_id=SECOND_MSK, verify=False)
    story.linger(12)
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


@case(breaks=("EX-10",))
def b_tid_without_its_padding() -> Story:
    """The UE drops the "==" of its B-TID on Ua; BM-SC and BSF go on with what they get."""
    story = Story.begun_by_http()
    story.register(b_tid=story.ue.last.b_tid.replace("==", ""))
    story.msk()
    return story
