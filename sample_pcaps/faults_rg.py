"""Cases that break one rule each on registration, deregistration and MSK request over HTTP."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_text import Edit, base64_of, service_statuses_xml
from sample_pcaps.stage import KEY_DOMAIN, NEWS, SPORT
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK
from sample_pcaps.story_ua import CURRENT

OTHER_BM_SC = "bmsc2.home1.net"
NO_GROUP = bytes(4)


def _served() -> Story:
    """Everything up to keys and media, all right."""
    story = Story.registered_by_http()
    story.keys_and_media()
    story.wait(1)
    return story


@case(breaks=("RG-02",))
def registration_answer_without_a_status() -> Story:
    """The UE registers two services, and the answer has a status for one of them."""
    story = Story("two services", by_sip=False)
    story.bootstrap()
    story.invite(services=(NEWS, SPORT))
    story.wait(0.1)
    story.register(services=(NEWS, SPORT), edits={"answer": Edit(body=service_statuses_xml({NEWS: 200}))})
    story.keys_and_media()
    return story


@case(breaks=("RG-03",))
def deregistration_at_another_server() -> Story:
    """The UE deregisters at another key management server than it registered at."""
    story = _served()
    mrk = story.ue.last.mrk(OTHER_BM_SC, story.ua_id)
    story.deregister(
        host=OTHER_BM_SC, realm=f"3GPP-bootstrapping@{OTHER_BM_SC}", password=base64_of(mrk).encode(), challenge=True,
        zn={"naf_fqdn": OTHER_BM_SC},
    )  # fmt: skip
    return story


@case(breaks=("RG-04",))
def registration_without_an_msk() -> Story:
    """The UE registers a second service; the BM-SC grants it and sends no MSK."""
    story = _served()
    story.wait(15)
    story.invite(services=(SPORT,))
    story.wait(0.1)
    story.register(services=(SPORT,))
    story.linger(12)
    return story


@case(breaks=("RG-05",))
def deregistration_of_the_register_type() -> Story:
    """The UE deregisters with the content type of a registration."""
    story = _served()
    story.deregister(content_type="application/mbms-register+xml")
    story.msk(seq=(2, 1), sp=None)
    return story


@case(breaks=("RG-06",))
def deregistration_answer_of_its_own_type() -> Story:
    """The BM-SC answers a deregistration with a content type that does not exist."""
    story = _served()
    story.deregister(answer_type="application/mbms-deregister-response+xml")
    story.msk(seq=(2, 1), sp=None)
    return story


@case(breaks=("RG-07",))
def msk_after_deregistration() -> Story:
    """The UE deregisters, and three seconds later the BM-SC sends it the MSK once more."""
    story = _served()
    story.deregister()
    story.wait(3)
    story.msk()
    return story


@case(breaks=("RG-08",))
def msk_not_invalidated() -> Story:
    """The UE deregisters, and the BM-SC leaves it the MSK that it has."""
    story = _served()
    story.deregister()
    story.linger(12)
    return story


@case(breaks=("RG-09",))
def msk_request_of_an_unknown_requesttype() -> Story:
    """The MSK request says requesttype=mskrequest; the BM-SC takes it for what its content type says."""
    story = _served()
    story.msk_request(requesttype="mskrequest")
    story.msk(msk_id=SECOND_MSK)
    return story


@case(breaks=("RG-10",))
def msk_request_not_served() -> Story:
    """The BM-SC grants an MSK request and sends no MSK."""
    story = _served()
    story.msk_request(pairs=((KEY_DOMAIN, SECOND_MSK),))
    story.linger(12)
    return story


@case(breaks=("RG-11",))
def msk_granted_after_deregistration() -> Story:
    """A UE that has deregistered asks for an MSK, and is refused; later it asks again, and is granted it."""
    story = _served()
    story.deregister()
    story.msk(seq=(2, 1), sp=None)
    story.wait(1)
    pair = (KEY_DOMAIN, CURRENT)
    story.msk_request(pairs=(pair,), statuses={pair: 403})
    story.wait(60)
    story.msk_request(pairs=(pair,))
    return story


@case(breaks=("RG-12",))
def msk_request_of_group_zero() -> Story:
    """The UE asks for an MSK of Key Group 0000, which does not exist; the BM-SC refuses it."""
    story = _served()
    pair = (KEY_DOMAIN, NO_GROUP)
    story.msk_request(pairs=(pair,), statuses={pair: 400})
    return story


@case(breaks=("RG-13",))
def missed_msk_asked_for_at_once() -> Story:
    """The UE meets an MKI whose MSK it lacks, and asks half a second later; announced is to wait for 5 s at least."""
    story = Story("no back-off", by_sip=False)
    story.announce(wait=5, back_off=30)
    story.bootstrap()
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    story.keys_and_media()
    story.media(SECOND_MSK, 1, packets=10, report=False)
    story.wait(0.1)
    story.msk_request(pairs=((KEY_DOMAIN, SECOND_MSK),))
    story.msk(msk_id=SECOND_MSK)
    return story


@case(breaks=("RG-14",))
def deregistration_from_another_address() -> Story:
    """The UE deregisters from another address than it registered from."""
    story = _served()
    story.deregister(ip=story.addresses.ues[2])
    story.msk(seq=(2, 1), sp=None)
    return story


@case(breaks=("RG-15",))
def msk_request_with_status_500() -> Story:
    """The BM-SC answers an MSK request with 500, which key management does not use."""
    story = _served()
    story.msk_request(status="500 Internal Server Error")
    return story


@case(breaks=("RG-16",))
def body_changed_on_the_way() -> Story:
    """Something between UE and BM-SC writes the body of the MSK request anew, and its digest fits no longer."""
    story = _served()
    rewrite = Edit(mutate=lambda octets: octets.replace(b"<MSK>", b"<Msk>").replace(b"</MSK>", b"</Msk>"))
    story.msk_request(edits={"authorized": rewrite}, status="400 Bad Request")
    return story


@case(breaks=("RG-17",))
def zn_for_another_b_tid() -> Story:
    """The UE bootstraps again and registers with the new B-TID; the BM-SC asks the BSF for the old one."""
    story = Story("old B-TID", by_sip=False)
    old = story.bootstrap(lifetime=600)
    story.wait(595)
    story.bootstrap()
    story.invite()
    story.register(zn={"b_tid": old.b_tid})
    story.keys_and_media()
    return story
