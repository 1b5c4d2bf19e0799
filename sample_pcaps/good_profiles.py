"""Cases of deployments that were built to older texts, all as those want it; their case.toml names the profile."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_text import NO_EDIT, Edit, Edits, Text, register_xml
from sample_pcaps.good import keyed_by_http
from sample_pcaps.stage import BM_SC_FQDN, KEY_DOMAIN, date
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK
from sample_pcaps.story_sip import B_TID_TYPE, Parts
from sample_pcaps.story_ua import CURRENT

UE, BSF = "sample-ue/0.8", "sample-bsf/0.8"  # without a product token: neither knows the TMPI
SCF_POST = Edit(line="POST /keymanagement HTTP/1.1")  # no request type is named yet
ACKNOWLEDGED = Edit(headers={"Content-Type": None}, body=b"")
SIP_OF_2009 = bytes.fromhex("0100000001")  # those of TS 33.220 H.3 were to be registered; this is that of MBMS


def _intended(story: Story) -> Edit:
    """The header of the change request in place of the one of its final text."""
    return Edit(headers={"P-Preferred-Identity": None, "P-Intended-Identity": f"<{story.ue.impu}>"})


@case(profile="rel8")
def rel8_http() -> Story:
    """The HTTP variant by Release 8, all of it right.

    UE and BSF know no TMPI: there are no product tokens on Ub, and when Ks is renewed the user name is the IMPI again.
    """
    story = Story("Release 8", by_sip=False)
    story.bootstrap(lifetime=600, user_agent=UE, server=BSF)
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    keyed_by_http(story)
    story.at(590)
    story.bootstrap(lifetime=600, user_agent=UE, server=BSF)
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    story.msk(msk_id=SECOND_MSK)
    return story


@case(profile="rel8")
def rel8_sip() -> Story:
    """The SIP variant by Release 8, all of it right: no TMPI, and a new Ks that a re-INVITE brings to the SCF."""
    story = Story("Release 8", by_sip=True)
    story.bootstrap(lifetime=600, user_agent=UE, server=BSF)
    story.wait(0.2)
    story.sip("register")
    story.keys_and_media()
    story.at(590)
    story.bootstrap(lifetime=600, user_agent=UE, server=BSF)
    story.wait(0.2)
    story.sip("register")
    story.msk(msk_id=SECOND_MSK)
    story.wait(1)
    story.sip("deregister")
    story.msk(msk_id=FIRST_MSK, seq=(2, 1), sp=None)
    story.msk(msk_id=SECOND_MSK, seq=(2, 1), sp=None)
    story.bye()
    return story


@case(profile="cr-2009")
def cr_2009_http() -> Story:
    """The HTTP variant as the change request of 2009 has it: P-Intended-Identity in the INVITE, no TMPI on Ub."""
    story = Story("2009", by_sip=False)
    story.bootstrap(user_agent=UE, server=BSF)
    story.wait(0.2)
    story.invite(edits={"gm-invite": _intended(story)})
    story.wait(0.1)
    story.register()
    return keyed_by_http(story)


@case(profile="cr-2009")
def cr_2009_sip() -> Story:
    """The SIP variant as the change request of 2009 has it.

    P-Intended-Identity in the INVITE; a POST with service, IMPU, address and Ks_NAF and nothing else, which the BM-SC
    acknowledges without contents; a SIP 200 without statuses; a re-INVITE for an MSK that has no B-TID; the Ua id of
    MBMS, as that of the procedure is not registered yet. At the end of the subscription the SCF tells the BM-SC that
    the UE is no more authorised: there is no deregistration.
    """
    story = Story("2009", by_sip=True)
    story.ua_id = SIP_OF_2009
    story.bootstrap(user_agent=UE, server=BSF)
    story.wait(0.2)
    bare = {"lifetime": None, "b_tid": None, "naf_fqdn": None}
    post: Edits = {"post": SCF_POST, "post-answer": ACKNOWLEDGED}
    story.sip("register", key_info=bare, ok_parts=_offer, edits={**post, "gm-invite": _intended(story)})
    story.keys_and_media()
    story.wait(2)
    story.sip("msk-request", pairs=((KEY_DOMAIN, CURRENT),), ue_parts=_without_b_tid, ok_parts=_offer, edits=post)
    story.msk(msk_id=SECOND_MSK)
    story.wait(0.2)
    story.mtk(SECOND_MSK, 1, times=2, interval=0.5)
    story.media(SECOND_MSK, 1, packets=12)
    story.wait(1)
    story.bye()
    _no_more_authorised(story)
    story.linger(2)
    return story


def _offer(parts: Parts) -> Parts:
    return parts[:1]


def _without_b_tid(parts: Parts) -> Parts:
    return [part for part in parts if part[0] != B_TID_TYPE]


def _no_more_authorised(story: Story) -> None:
    """The POST at the end of a subscription. Its form is made up: the change request gives none."""
    wire = story.connect(story.addresses.scf, story.addresses.bm_sc)
    headers = (
        ("Host", BM_SC_FQDN),
        ("User-Agent", "sample-scf/0.8"),
        ("Date", date(story.now)),
        ("X-3GPP-Asserted-Identity", f'"{story.ue.impu}"'),
        ("Content-Type", "application/xml"),
    )
    post = Text("POST /keymanagement?requesttype=deauthorize HTTP/1.1", headers, register_xml(story.services))
    wire.http(post, by_client=True, edit=NO_EDIT)
    wire.http(Text("HTTP/1.1 200 OK", (("Server", "sample-bmsc/0.8"),)), by_client=False, edit=NO_EDIT)
    wire.close()
