"""Cases in which something is refused, too late or not yet possible, and every node does what it has to do then."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.faults_si import notify
from sample_pcaps.faults_zn import register_by_uicc, uicc_key
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import KEY_DOMAIN, NEWS, SPORT
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK
from sample_pcaps.story_ua import CURRENT

EXPIRED = 5403  # Zn: no such B-TID any more


@case()
def ks_expired_on_the_way() -> Story:
    """The Ks of the UE ends while its registration is on the way.

    The BSF no longer knows the B-TID (5403), the BM-SC answers 401, and the UE bootstraps and registers anew.
    """
    story = Story("expired on the way", by_sip=False)
    story.bootstrap(lifetime=60)
    story.wait(0.2)
    story.invite()
    story.wait(57)
    late = {"result": EXPIRED, "edits": {"bir": Edit(delay=6)}}
    story.register(challenge=True, preauthorize=True, retry=False, zn=late)
    story.bootstrap()
    story.register()
    story.keys_and_media()
    return story


@case()
def ks_expired_under_an_invite() -> Story:
    """The Ks of the UE ends while its INVITE is on the way.

    The BSF no longer knows the B-TID (5403), the SCF refuses the INVITE, and the UE bootstraps and invites anew.
    """
    story = Story("expired on the way", by_sip=True)
    story.bootstrap(lifetime=60)
    story.wait(57)
    late = {"result": EXPIRED, "edits": {"bir": Edit(delay=6)}}
    story.sip("register", zn=late, post="never", status="403 Forbidden")
    story.wait(0.1)
    story.bootstrap()
    story.sip("register", in_dialog=False)
    story.keys_and_media()
    return story


@case()
def overload_waited_out() -> Story:
    """An overloaded BM-SC answers 503 with Retry-After: 5, and the UE comes back after six seconds."""
    story = Story.begun_by_http()
    story.register(status="503 Service Unavailable", edits={"answer": Edit(headers={"Retry-After": "5"})})
    story.wait(6)
    story.register()
    story.keys_and_media()
    return story


@case()
def msk_without_acknowledgement() -> Story:
    """The BM-SC wants no verification of its MSK message (V is 0), and the UE sends none."""
    story = Story.registered_by_http()
    story.msk(v=False)
    story.wait(0.2)
    story.mtk(times=2)
    story.media(packets=10)
    story.linger(5)
    return story


@case()
def msk_under_the_older_muk() -> Story:
    """The UE has just bootstrapped anew, and an MSK under its older MUK comes.

    It does not acknowledge but asks under its new B-TID, and gets the MSK under its new MUK.
    """
    story = Story.registered_by_http()
    story.msk()
    old = story.ue.last.b_tid
    story.wait(10)
    story.bootstrap()
    story.wait(1)
    story.msk(msk_id=SECOND_MSK, b_tid=old, verify=False)
    story.wait(0.1)
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    story.wait(0.2)
    story.mtk(SECOND_MSK, 1, times=2)
    story.media(SECOND_MSK, 1, packets=10)
    return story


@case()
def msk_refused_after_deregistration() -> Story:
    """A UE that has deregistered asks for an MSK once more, and the BM-SC gives it status 403."""
    story = Story.registered_by_http()
    story.keys_and_media()
    story.wait(1)
    story.deregister()
    story.msk(seq=(2, 1), sp=None)
    story.wait(1)
    pair = (KEY_DOMAIN, CURRENT)
    story.msk_request(pairs=(pair,), statuses={pair: 403})
    story.linger(2)
    return story


@case()
def sip_without_a_subscription() -> Story:
    """The SCF refuses the INVITE of a UE that has no subscription, and tells the BM-SC nothing."""
    story = Story("no subscription", by_sip=True)
    story.bootstrap()
    story.wait(0.2)
    story.sip("register", post="never", status="403 Forbidden")
    story.linger(2)
    return story


@case()
def one_of_two_services() -> Story:
    """The SCF refuses the user one of two services; the BM-SC gives that status 403 in the registration of both."""
    story = Story("one of two", by_sip=False)
    story.bootstrap()
    story.wait(0.2)
    story.invite(services=(SPORT,), authorize="never", status="403 Forbidden")
    story.wait(0.1)
    story.invite()
    story.wait(0.1)
    story.register(services=(NEWS, SPORT), statuses={SPORT: 403})
    story.keys_and_media()
    return story


@case()
def procedure_as_announced() -> Story:
    """The SDF announces the HTTP based procedure, and the UE goes by it."""
    story = Story("announced", by_sip=False)
    story.bootstrap()
    notify(story, story.ue, "HTTP")
    story.invite()
    story.wait(0.1)
    story.register()
    story.keys_and_media()
    return story


@case()
def keys_of_the_uicc() -> Story:
    """The UE uses the keys of its UICC: the BM-SC says that it knows GBA_U, and gets UICC-Key-Material."""
    story = Story.begun_by_http()
    register_by_uicc(story, story.ue, aware=True)
    story.msk(muk=uicc_key(story, story.ue), verify=False, v=False)
    story.linger(3)
    return story
