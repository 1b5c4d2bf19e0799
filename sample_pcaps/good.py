"""Cases in which all is as the specifications want it."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import KEY_DOMAIN, Ue
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK
from sample_pcaps.story_ua import CURRENT


def keyed_by_http(story: Story) -> Story:
    """Tell what follows the registration of `http_good`."""
    story.msk(msk_id=FIRST_MSK)
    story.wait(0.2)
    story.mtk(mtk_id=1, times=2, interval=0.5)
    story.media(mtk_id=1, packets=50, mtk_every=25)
    story.mtk(mtk_id=2, times=2, interval=0.5)
    story.media(mtk_id=2, packets=20)
    story.wait(2)
    story.msk_request(pairs=((KEY_DOMAIN, CURRENT),))
    story.msk(msk_id=SECOND_MSK)
    story.wait(0.2)
    story.mtk(SECOND_MSK, 1, times=2, interval=0.5)
    story.media(SECOND_MSK, 1, packets=40, mtk_every=20)
    story.wait(1)
    story.deregister()
    story.msk(msk_id=FIRST_MSK, seq=(2, 1), sp=None)
    story.msk(msk_id=SECOND_MSK, seq=(2, 1), sp=None)
    story.bye()
    return story


@case()
def http_good() -> Story:
    """The HTTP variant, all of it right.

    Bootstrapping; INVITE with the SCF's authorization; registration with a 401 and digest, Zn; an MSK with its
    verification; MTKs with SRTP and SRTCP under them, the ROC going up on the way; an MSK request that fetches the
    second MSK; deregistration, after which the BM-SC invalidates both MSKs.
    """
    return keyed_by_http(Story.registered_by_http())


@case()
def sip_good() -> Story:
    """The SIP variant, all of it right.

    Bootstrapping; INVITE with service list and B-TID, Zn by the SCF, sip-based-register with the MUK; an MSK; MTK and
    media; MSK refresh by re-INVITE; a solicited pull that a re-INVITE answers; a new Ks before the old one ends, and
    the re-INVITE with its B-TID; deregistration.
    """
    story = Story.begun_by_sip(lifetime=600)
    story.msk(msk_id=FIRST_MSK)
    story.wait(0.2)
    story.mtk(mtk_id=1, times=2, interval=0.5)
    story.media(mtk_id=1, packets=28, mtk_every=14)
    story.wait(2)
    story.sip("msk-request", pairs=((KEY_DOMAIN, SECOND_MSK),))
    story.msk(msk_id=SECOND_MSK)
    story.wait(0.2)
    story.mtk(SECOND_MSK, 1, times=2, interval=0.5)
    story.media(SECOND_MSK, 1, packets=12)
    story.wait(2)
    story.pull()
    story.wait(0.1)
    story.sip("msk-request", pairs=((KEY_DOMAIN, CURRENT),))
    story.msk(msk_id=SECOND_MSK)
    story.at(590)
    story.bootstrap(lifetime=600)
    story.wait(0.2)
    story.sip("register")
    story.msk(msk_id=SECOND_MSK)
    story.mtk(SECOND_MSK, 2, times=2, interval=0.5)
    story.media(SECOND_MSK, 2, packets=12)
    story.wait(1)
    story.sip("deregister")
    story.msk(msk_id=FIRST_MSK, seq=(2, 1), sp=None)
    story.msk(msk_id=SECOND_MSK, seq=(3, 2), sp=None)
    story.bye()
    return story


@case()
def two_ues() -> Story:
    """Two UEs at once, all of it right.

    Both register for one service and get the same MSK, with the same RAND, each under its own MUK.
    """
    story = Story("two UEs", by_sip=False, ues=2)
    one, other = story.ues
    story.open_zn()
    _both(story, 0.1, one, other, story.bootstrap)
    _both(story, 1.0, one, other, story.invite)
    _both(story, 2.0, one, other, story.register)
    _both(story, 3.0, one, other, story.msk)
    story.at(3.5)
    story.mtk(mtk_id=1, times=2, interval=0.5)
    story.media(mtk_id=1, packets=40, mtk_every=20)
    return story


def _both(story: Story, seconds: float, one: Ue, other: Ue, step: object) -> None:
    """Run a step of two UEs at the same time, the second a few ms later."""
    assert callable(step)
    story.at(seconds)
    step(one)
    story.at(seconds + 0.012)
    step(other)


@case()
def ipv6() -> Story:
    """The HTTP variant over IPv6, all of it right: the group is ff0e::1:2:3."""
    story = Story.registered_by_http(ipv6=True)
    story.keys_and_media(packets=40)
    story.wait(1)
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    story.mtk(SECOND_MSK, 1, times=2, interval=0.5)
    story.media(SECOND_MSK, 1, packets=20)
    return story


@case(runs=True)
def mid_capture() -> Story:
    """The HTTP variant, all of it right, but the capture begins after the registration.

    Bootstrapping, INVITE, authorization and registration are not in it: nothing that follows may be held against
    anybody because of that. The keyring holds the RAND of the bootstrapping.
    """
    story = Story.registered_by_http()
    story.at(5)
    story.msk()
    story.wait(0.2)
    story.mtk(mtk_id=1, times=2, interval=0.5)
    story.media(mtk_id=1, packets=20)
    story.wait(1)
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    story.mtk(SECOND_MSK, 1, times=2, interval=0.5)
    story.media(SECOND_MSK, 1, packets=20)
    story.wait(1)
    story.deregister()
    story.msk(msk_id=FIRST_MSK, seq=(2, 1), sp=None)
    story.msk(msk_id=SECOND_MSK, seq=(2, 1), sp=None)
    story.cut(4)
    return story


@case()
def missed_update() -> Story:
    """The HTTP variant, all of it right, with a key update that the UE missed.

    The service protection description announces to wait for 2 s and a random part of 10 s more. Media goes over to
    the second MSK, whose message was lost before the capture point. The UE meets the MKI, asks for the MSK after this
    back-off, and gets it with the next MTK message.
    """
    story = Story("missed update", by_sip=False)
    story.announce(wait=2, back_off=10)
    story.bootstrap()
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    story.wait(0.1)
    story.keys_and_media()
    story.wait(1)
    story.media(SECOND_MSK, 1, packets=10, report=False)
    story.wait(3)
    story.msk_request(pairs=((KEY_DOMAIN, SECOND_MSK),))
    story.msk(msk_id=SECOND_MSK)
    story.wait(0.2)
    story.mtk(
        SECOND_MSK, 1, key=made_up("media 00010002 1 key", 16), salt=made_up("media 00010002 1 salt", 14), times=2
    )
    story.media(SECOND_MSK, 1, packets=10)
    return story


@case()
def verification_lost() -> Story:
    """The HTTP variant, all of it right, with a verification message that is lost on the way.

    The BM-SC sends the MSK again after two seconds, with the next counter, and the UE answers again.
    """
    story = Story.registered_by_http()
    story.msk(edits={"verification": Edit(drop=True)})
    story.wait(2)
    story.keys_and_media()
    return story


@case(runs=True)
def ten_at_once() -> Story:
    """The HTTP variant, all of it right, with ten UEs that register within a second, each answered at once.

    The capture begins when all have bootstrapped and sent their INVITEs.
    """
    story = Story.begun_by_http(ues=10)
    for number, ue in enumerate(story.ues):
        story.at(20 + number * 0.08)
        story.register(ue)
        story.msk(ue)
    story.mtk(times=2)
    story.media(packets=10)
    story.cut(19.9)
    return story
