"""Cases that break one rule each of the SIP based procedure."""

from __future__ import annotations

from dataclasses import replace

from sample_pcaps.casebook import case
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import BM_SC_FQDN, KEY_DOMAIN, PSI, SPORT
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK
from sample_pcaps.story_sip import B_TID_TYPE, ChangeParts, Parts
from sample_pcaps.story_ua import CONTENT, CURRENT

OTHER_BM_SC = "10.4.0.2"
PUBLIC_BM_SC = "203.0.113.1"  # RFC 5737: nobody's
REGISTER_TYPE = CONTENT["register"]


def _begun(**more: object) -> Story:
    """Bootstrapping, and the INVITE that registers, with the deviations given."""
    story = Story("sip", by_sip=True)
    story.bootstrap()
    story.wait(0.2)
    story.sip("register", **more)  # type: ignore[arg-type]
    story.wait(0.1)
    return story


def _served(story: Story) -> Story:
    story.keys_and_media()
    return story


def _without(*types: str) -> ChangeParts:
    """Return what takes the parts of some content types away."""

    def drop(parts: Parts) -> Parts:
        return [part for part in parts if part[0] not in types]

    return drop


@case(breaks=("SB-01",))
def invite_without_the_services() -> Story:
    """The INVITE has the B-TID and no list of services; the SCF takes the service of its SDP."""
    return _served(_begun(ue_parts=_without(REGISTER_TYPE)))


@case(breaks=("SB-03",))
def zn_asked_each_time() -> Story:
    """The SCF asks the BSF again at the MSK request, for a B-TID whose key it holds."""
    story = _served(_begun())
    story.wait(1)
    story.sip("msk-request", zn=True)
    story.msk()
    return story


@case(breaks=("SB-04",))
def naf_id_of_another_fqdn() -> Story:
    """The SCF asks the BSF for the key of another FQDN than it tells the BM-SC; the MUK itself is right."""
    return _served(_begun(zn={"naf_fqdn": "scf2.home1.net"}))


@case(breaks=("SB-05",))
def refused_b_tid_repeated() -> Story:
    """The BSF has lost the B-TID and the SCF refuses the INVITE; the UE repeats it with the same B-TID."""
    story = Story("lost", by_sip=True)
    story.bootstrap()
    story.wait(0.2)
    story.sip("register", zn={"result": 5403}, post="never", status="403 Forbidden")
    story.wait(1)
    story.sip("register", zn={"result": 5403}, post="never", status="403 Forbidden", in_dialog=False)
    story.wait(1)
    story.bootstrap()
    story.sip("register", in_dialog=False)
    return _served(story)


@case(breaks=("SB-06",))
def refused_and_registered() -> Story:
    """The SCF registers the UE at the BM-SC, and then refuses the INVITE for want of a subscription."""
    story = _begun(status="403 Forbidden")
    story.linger(2)
    return story


@case(breaks=("SB-07",))
def register_post_without_identity() -> Story:
    """The SCF sends its sip-based-register POST without X-3GPP-Asserted-Identity."""
    return _served(_begun(edits={"post": Edit(headers={"X-3GPP-Asserted-Identity": None})}))


@case(breaks=("SB-08",))
def register_post_without_lifetime() -> Story:
    """The POST of the SCF has no mukLifeTime."""
    return _served(_begun(key_info={"lifetime": None}))


@case(breaks=("SB-09",))
def muk_of_the_scf_s_own() -> Story:
    """The SCF sends a MUK that is no key of the UE; the BM-SC uses it, and the UE drops what it cannot verify."""
    muk = made_up("another MUK", 32)
    story = _begun(key_info={"muk": muk})
    story.msk(muk=muk, v=False)
    return story


@case(breaks=("SB-10",))
def muk_that_outlives_ks() -> Story:
    """The SCF gives the MUK a day, the BSF gave it an hour."""
    story = Story("long", by_sip=True)
    story.bootstrap()
    story.wait(0.2)
    story.sip("register", key_info={"lifetime": story.iso(story.now + 86400 * 10**9)})
    return _served(story)


@case(breaks=("SB-11",))
def posted_address_of_the_proxy() -> Story:
    """The SCF tells the BM-SC the address of the P-CSCF as that of the UE: the keys go there."""
    story = Story("proxy", by_sip=True)
    proxy = story.addresses.p_cscf
    story.bootstrap()
    story.wait(0.2)
    story.sip("register", key_info={"ue_ip": proxy})
    story.msk(dst=proxy, v=False)
    return story


@case(breaks=("SB-12",))
def register_answer_of_another_type() -> Story:
    """The BM-SC answers the POST with the statuses as application/xml."""
    return _served(_begun(edits={"post-answer": Edit(headers={"Content-Type": "application/xml"})}))


@case(breaks=("SB-13",))
def ok_without_the_statuses() -> Story:
    """The SIP 200 has an SDP answer and none of the statuses of the BM-SC."""
    return _served(_begun(ok_parts=lambda parts: parts[:1]))


@case(breaks=("SB-14",))
def deregistration_without_b_tid() -> Story:
    """The re-INVITE that deregisters has the services and no B-TID."""
    story = _served(_begun())
    story.wait(1)
    story.sip("deregister", ue_parts=_without(B_TID_TYPE))
    story.msk(seq=(2, 1), sp=None)
    return story


@case(breaks=("SB-15",))
def deregistration_with_the_muk() -> Story:
    """The SCF sends the MUK once more, with the POST that deregisters the UE."""
    story = _served(_begun())
    story.wait(1)
    story.sip("deregister", key_info=True)
    story.msk(seq=(2, 1), sp=None)
    return story


@case(breaks=("SB-16",))
def msk_request_without_b_tid() -> Story:
    """The re-INVITE that asks for an MSK has its pair and no B-TID."""
    story = _served(_begun())
    story.wait(1)
    story.sip("msk-request", ue_parts=_without(B_TID_TYPE))
    story.msk(msk_id=SECOND_MSK)
    return story


@case(breaks=("SB-17",))
def msk_request_changed_on_the_way() -> Story:
    """The UE asks for the current MSK of a group, and the SCF asks the BM-SC for the one that it has."""
    story = _served(_begun())
    story.wait(1)
    had = (KEY_DOMAIN, FIRST_MSK)
    story.sip("msk-request", pairs=((KEY_DOMAIN, CURRENT),), posted_pairs=(had,))
    story.msk()
    return story


@case(breaks=("SB-19",))
def reinvite_to_the_service() -> Story:
    """The re-INVITE that asks for an MSK has the PSI of the service as its Request-URI."""
    story = _served(_begun())
    story.wait(1)
    story.sip("msk-request", uri=PSI)
    story.msk(msk_id=SECOND_MSK)
    return story


@case(breaks=("SB-20",))
def msk_under_the_name_of_the_bm_sc() -> Story:
    """The BM-SC names itself in IDi of the MSK message, and not the NAF that the SCF told it."""
    story = _begun()
    story.msk(idi=BM_SC_FQDN, verify=False, v=False)
    return story


@case(breaks=("SB-20",))
def pull_under_the_b_tid_before() -> Story:
    """The UE has registered a new B-TID, and the BM-SC pulls it under the one before, whose MUK the UE still holds.

    The capture begins after the first bootstrapping.
    """
    story = _begun()
    story.msk()
    old = story.ue.last.b_tid
    story.wait(15)
    story.bootstrap()
    story.wait(0.2)
    story.sip("register")
    story.wait(0.5)
    story.pull(b_tid=old)
    story.wait(0.1)
    story.sip("msk-request")
    story.msk()
    story.cut(0.1)
    return story


@case(breaks=("SB-21",))
def one_muk_for_two_bm_scs() -> Story:
    """The UE adds a service of another BM-SC, and the SCF gives that one the MUK of the first."""
    story = _served(_begun())
    story.wait(1)
    first = story.addresses
    story.addresses = replace(first, bm_sc=OTHER_BM_SC)
    story.sip("register", services=(SPORT,), edits={"post": Edit(headers={"Host": "bmsc2.home1.net"})})
    story.addresses = first
    story.msk(msk_id=SECOND_MSK)
    return story


@case(breaks=("SB-22",))
def muk_over_a_public_network() -> Story:
    """The BM-SC is reached at a public address, and the POST with the MUK goes there in the clear."""
    story = Story("public", by_sip=True)
    story.addresses = replace(story.addresses, bm_sc=PUBLIC_BM_SC)
    story.bootstrap()
    story.wait(0.2)
    story.sip("register")
    story.wait(0.1)
    return _served(story)


@case(breaks=("SB-23",))
def msk_for_a_ue_that_has_left() -> Story:
    """The UE deregisters and asks for an MSK after that; the BM-SC grants it, though it sends none."""
    story = _served(_begun())
    story.wait(1)
    story.sip("deregister")
    story.msk(seq=(2, 1), sp=None)
    story.wait(1)
    story.sip("msk-request")
    return story
