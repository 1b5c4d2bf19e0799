"""Cases with one fault each, in a story that is good otherwise: what goes wrong most in the field."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK


@case(breaks=("SI-08",))
def authorization_after_200_ok() -> Story:
    """The SCF answers the INVITE with 200 before the BM-SC has acknowledged its authorize POST."""
    story = Story("late", by_sip=False)
    story.bootstrap()
    story.invite(authorize="late")
    story.wait(0.1)
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("SI-13",))
def authorization_missing() -> Story:
    """The SCF answers the INVITE with 200 and never tells the BM-SC; the BM-SC rightly refuses the registration."""
    story = Story("never", by_sip=False, ues=2)
    told, untold = story.ues
    for ue in story.ues:
        story.bootstrap(ue)
    story.invite(told)
    story.register(told)
    story.msk(told)
    story.invite(untold, authorize="never")
    story.register(untold, statuses={NEWS: 403})
    story.linger(12)
    return story


@case(breaks=("DG-16",))
def identity_header_missing() -> Story:
    """The registration carries no X-3GPP-Intended-Identity."""
    story = Story.begun_by_http()
    without = Edit(headers={"X-3GPP-Intended-Identity": None})
    story.register(edits={"request": without, "authorized": without})
    story.keys_and_media()
    return story


@case(breaks=("SI-15",))
def identity_differs() -> Story:
    """The UE registers as another IMPU than it invited with and the SCF authorized, and the BM-SC grants it."""
    story = Story.begun_by_http()
    story.register(identity='"sip:user7@home1.net"')
    story.keys_and_media()
    return story


@case(breaks=("RG-01",))
def wrong_requesttype() -> Story:
    """The registration says requesttype=registration; the BM-SC takes it for what its content type says."""
    story = Story.begun_by_http()
    story.register(requesttype="registration")
    story.keys_and_media()
    return story


@case(breaks=("DG-05",))
def wrong_digest() -> Story:
    """The UE computes its digest with a wrong MRK; refused, it bootstraps again and gets through."""
    story = Story.begun_by_http()
    story.register(retry=False)
    wrong = made_up("wrong password", 16).hex().encode()
    story.register(challenge=True, preauthorize=True, retry=False, password=wrong, zn=True)
    story.bootstrap()
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("DG-11",))
def challenge_unanswered() -> Story:
    """The UE does not answer the 401 to its registration."""
    story = Story.begun_by_http()
    story.register(retry=False)
    story.linger(25)
    return story


@case(breaks=("DG-04",))
def expired_b_tid_http() -> Story:
    """The UE registers with a B-TID whose lifetime is over; sent back by 401, it bootstraps and registers again."""
    story = Story("expired", by_sip=False)
    story.bootstrap(lifetime=60)
    story.invite()
    story.wait(70)
    story.register(retry=False)
    story.register(challenge=True, preauthorize=True, retry=False, zn={"result": 5403})
    story.bootstrap()
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("SB-02",))
def expired_b_tid_sip() -> Story:
    """The UE invites with a B-TID whose lifetime is over; refused, it bootstraps again and invites anew."""
    story = Story("expired", by_sip=True)
    story.bootstrap(lifetime=60)
    story.wait(70)
    story.sip("register", zn={"result": 5403}, post="never", status="403 Forbidden")
    story.wait(0.1)
    story.bootstrap()
    story.sip("register", in_dialog=False)
    story.keys_and_media()
    return story


@case(breaks=("SB-18",))
def old_b_tid_after_bootstrapping() -> Story:
    """After a new bootstrapping the UE repeats its registration with the old B-TID."""
    story = Story.begun_by_sip(lifetime=600)
    story.keys_and_media()
    story.at(500)
    old = story.ue.last.b_tid
    story.bootstrap()
    story.wait(0.2)
    story.sip("register", b_tid=old)
    return story


@case(breaks=("MS-16",))
def msk_under_another_muk() -> Story:
    """The BM-SC protects the MSK with a MUK that is not the UE's: the MAC fails."""
    story = Story.registered_by_http()
    story.msk(muk=made_up("another MUK", 32), verify=False)
    story.linger(3)
    return story


@case(breaks=("MS-12",))
def msk_counter_repeated() -> Story:
    """The second MSK message has the counter of the first: the UE takes it for a replay."""
    story = Story.registered_by_http()
    story.keys_and_media()
    story.msk(msk_id=SECOND_MSK, counter=1, v=False)
    return story


@case(breaks=("MS-19",))
def verification_missing() -> Story:
    """The MSK message asks for a verification message, and the UE sends none."""
    story = Story.registered_by_http()
    story.msk(verify=False)
    story.mtk(times=2)
    story.media(packets=10)
    story.linger(3)
    return story


@case(breaks=("MT-07",))
def mtk_outside_window() -> Story:
    """The second MTK has an ID above SEQu of its MSK: the UE rejects it."""
    story = Story.registered_by_http()
    story.msk(seq=(0, 5))
    story.mtk(mtk_id=5, times=2)
    story.media(mtk_id=5, packets=10)
    story.mtk(mtk_id=6, times=2)
    return story


@case(breaks=("MT-04",))
def mtk_under_unknown_msk() -> Story:
    """An MTK comes under an MSK that no UE was ever sent."""
    story = Story.registered_by_http()
    story.keys_and_media()
    story.mtk(SECOND_MSK, 1, times=2)
    return story


@case(breaks=("SR-11",))
def unknown_mki_never_asked_for() -> Story:
    """Media goes over to an MSK that no UE was sent, and no UE asks for it."""
    story = Story.registered_by_http()
    story.keys_and_media()
    story.media(SECOND_MSK, 1, packets=10)
    story.linger(35)
    return story


@case(breaks=("MS-28",))
def pull_unanswered() -> Story:
    """The UE does not answer a solicited pull."""
    story = Story.begun_by_sip()
    story.keys_and_media()
    story.pull()
    story.linger(15)
    return story


@case(breaks=("MS-01",))
def msk_to_another_address() -> Story:
    """The MSK message goes to an address that is not the one the UE registered from."""
    story = Story.registered_by_http()
    story.msk(dst=story.addresses.ues[2], verify=False)
    story.linger(3)
    return story
