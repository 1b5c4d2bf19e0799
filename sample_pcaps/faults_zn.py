"""One thing wrong on Zn, between NAF and BSF (rules ZN)."""

from __future__ import annotations

from sample_pcaps import forge_diameter as diameter
from sample_pcaps.casebook import case
from sample_pcaps.forge import SECOND
from sample_pcaps.forge_diameter import Avp
from sample_pcaps.forge_keys import UA_SIP_BASED, made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import Ue
from sample_pcaps.story import Story
from sample_pcaps.story_gba import ChangeAvps


def _without(*codes: int) -> ChangeAvps:
    """Return what takes AVPs out of a message."""

    def drop(avps: list[Avp]) -> list[Avp]:
        return [avp for avp in avps if avp[0] not in codes]

    return drop


def _begun(*, lifetime: float = 3600) -> Story:
    """Bootstrapping and INVITE: ready for the registration that asks on Zn."""
    return Story.begun_by_http(lifetime=lifetime)


@case(breaks=("ZN-01",))
def zn_request_without_a_naf_id() -> Story:
    """The BM-SC sends no NAF-Id; the BSF misses an AVP (5005), and the UE is told 504."""
    story = _begun()
    story.register(zn={"bir_avps": _without(diameter.NAF_ID), "result": 5005}, status="504 Gateway Time-out")
    return story


@case(breaks=("ZN-02",))
def naf_id_of_another_name() -> Story:
    """The BM-SC asks the BSF by a name of its own, and not by the one in its realm; the key is for that name."""
    story = _begun()
    story.register(zn={"naf_fqdn": "node7.bmsc.home1.net"})
    story.msk()
    return story


@case(breaks=("ZN-03",))
def naf_id_with_the_ua_id_of_sip() -> Story:
    """The BM-SC asks for the Ua protocol of the SIP based procedure; the UE has come by HTTP."""
    story = _begun()
    story.register(zn={"ua_id": UA_SIP_BASED})
    story.msk()
    return story


@case(breaks=("ZN-04",))
def naf_key_of_sixteen_octets() -> Story:
    """The BSF answers with an ME-Key-Material of 16 octets: the first half of the key."""
    story = _begun()
    story.register(zn={"me_key": story.ue.last.naf_key(story.naf_fqdn, story.ua_id)[:16]})
    story.msk()
    return story


@case(breaks=("ZN-05",))
def naf_key_that_outlives_ks() -> Story:
    """The BSF tells the BM-SC a lifetime of a day; the UE was told an hour."""
    story = _begun()
    story.register(zn={"expiry": story.now + 86400 * SECOND})
    story.msk()
    return story


@case(breaks=("ZN-06",))
def expired_b_tid_of_an_unknown_user() -> Story:
    """The BM-SC asks when the B-TID has just expired, and the BSF says that it knows no such user (5401)."""
    story = _begun(lifetime=60)
    story.wait(57)
    story.register(challenge=True, preauthorize=True, retry=False, zn={"result": 5401, "edits": {"bir": Edit(delay=6)}})
    story.bootstrap()
    story.register()
    story.msk()
    return story


@case(breaks=("ZN-07",))
def naf_key_of_another_user() -> Story:
    """User-Name of the BSF's answer is another IMPI than the one that has bootstrapped; the key is right."""
    story = _begun()
    story.register(zn={"impi": "user7_private@home1.net"})
    story.msk()
    return story


@case(breaks=("ZN-08",))
def zn_request_to_another_realm() -> Story:
    """The BM-SC sends its request to another realm than that of the B-TID; it arrives all the same."""
    realm = (diameter.DESTINATION_REALM, b"visited2.net")
    story = _begun()
    story.register(zn={"bir_avps": lambda avps: [realm if avp[0] == realm[0] else avp for avp in avps]})
    story.msk()
    return story


@case(breaks=("ZN-09",))
def naf_key_of_other_input() -> Story:
    """The BSF derives the key from something else; the BM-SC holds a key that fits nothing of the UE."""
    story = _begun()
    story.register(zn={"me_key": made_up("derived from something else", 32)})
    story.msk()
    return story


@case(breaks=("ZN-10",))
def uicc_keys_without_awareness() -> Story:
    """Two UEs use the keys of their UICCs; for the second the BM-SC does not say that it knows GBA_U."""
    story = Story.begun_by_http(ues=2)
    for ue, aware in zip(story.ues, (True, None), strict=True):
        register_by_uicc(story, ue, aware=aware)
        story.msk(ue, muk=uicc_key(story, ue), verify=False, v=False)
    return story


def uicc_key(story: Story, ue: Ue) -> bytes:
    return ue.last.naf_key(story.naf_fqdn, story.ua_id, "gba-u")


def register_by_uicc(story: Story, ue: Ue, *, aware: bool | None) -> None:
    keys = {"uicc_key": uicc_key(story, ue)} if aware else {}
    story.register(ue, user_agent="sample-ue/1.0 3gpp-gba-uicc", zn={"aware": aware, **keys})


@case(breaks=("ZN-11",))
def zn_answer_of_another_hop() -> Story:
    """The answer of the BSF has another Hop-by-Hop Identifier: the BM-SC cannot match it, and tells the UE 504."""
    story = _begun()
    story.register(zn={"answer_hop": 0x7777}, status="504 Gateway Time-out")
    return story
