"""Cases in which GBA takes its rarer turns, all as the specifications want it."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_tuak import Sim, Tuak
from sample_pcaps.good import keyed_by_http
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK


@case()
def second_challenges() -> Story:
    """The HTTP variant, all of it right, with a second challenge where one may come.

    The SQN of the UE is ahead: it resynchronises, and the BSF challenges it anew. With the keys the BSF gives the BM-SC
    the user security settings. Later the nonce on Ua is too old: the BM-SC says stale=true, and the UE repeats its MSK
    request with the new one and the same B-TID.
    """
    story = Story("second challenges", by_sip=False)
    story.bootstrap(resync=True)
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register(zn={"uids": (story.ue.impu, "tel:+15550100")})
    story.keys_and_media()
    story.wait(60)
    story.msk_request(challenge=True, preauthorize=True, stale=True)
    story.msk(msk_id=SECOND_MSK)
    return story


@case()
def renewed_by_http() -> Story:
    """The HTTP variant, all of it right, with a new Ks before the old one ends.

    The UE bootstraps ten seconds before its Ks ends, and registers again with the new B-TID; the BM-SC sends the MSK
    under the new MUK, and pulls the UE under it later. The service goes on all the time.
    """
    story = Story.registered_by_http(lifetime=60)
    story.keys_and_media()
    story.at(50)
    story.bootstrap()
    story.wait(0.2)
    story.register()
    story.msk()
    story.mtk(mtk_id=2, times=2)
    story.media(mtk_id=2, packets=10)
    story.at(70)
    story.pull()
    story.wait(0.1)
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    story.mtk(SECOND_MSK, 1, times=2)
    story.media(SECOND_MSK, 1, packets=10)
    return story


@case()
def switched_off_and_on() -> Story:
    """The HTTP variant, all of it right, by a UE that is switched off in between.

    It registers with the IMS, ends its key management, session and registration, comes back with another Call-ID
    after a minute, and has neither Ks nor TMPI then: it bootstraps anew.
    """
    story = Story("switched off and on", by_sip=False)
    for _ in range(2):
        story.attach()
        story.bootstrap(username=story.ue.impi)
        story.wait(0.2)
        story.invite()
        story.wait(0.1)
        story.register()
        story.keys_and_media(packets=5)
        story.wait(1)
        story.deregister()
        story.msk(seq=(2, 1), sp=None)
        story.bye()
        story.detach()
        story.wait(60)
    return story


@case()
def pulled_after_expiry() -> Story:
    """The HTTP variant, all of it right, with a UE whose Ks has expired when the next MSK is due.

    The BM-SC pulls under the old MUK, meets the request with a 401, and the UE bootstraps and asks again. Two more MSKs
    of the key group follow, each when the one before is in use.
    """
    story = Story.registered_by_http(lifetime=60)
    story.keys_and_media()
    story.at(75)
    story.pull()
    story.wait(0.1)
    story.msk_request(challenge=True, preauthorize=True, retry=False)
    story.wait(0.1)
    story.bootstrap()
    story.wait(0.2)
    story.msk_request()
    for msk_id in (SECOND_MSK, SECOND_MSK[:3] + b"\3"):
        story.msk(msk_id=msk_id)
        story.mtk(msk_id, 1, times=2)
        story.media(msk_id, 1, packets=10)
    return story


@case()
def keyed_by_tuak() -> Story:
    """The HTTP variant, all of it right, with two UEs whose USIMs run TUAK; the keyring has K and TOPc.

    The first has the sizes of Milenage. The second has all of them longer, K too, and runs Keccak twice; its SQN is
    ahead, and it resynchronises.
    """
    story = Story("tuak", by_sip=False, ues=2)
    top = made_up("TOP", 32)
    for ue, chosen, octets in zip(story.ues, (Tuak(), Tuak(res=16, ck=32, ik=32, iterations=2)), (16, 32), strict=True):
        ue.tuak, ue.k = chosen, made_up(f"K of TUAK {ue.number}", octets)
        ue.opc = chosen.topc(ue.k, top)
        story.bootstrap(ue, resync=octets == 32)
        story.wait(0.2)
        story.invite(ue)
        story.wait(0.1)
        story.register(ue)
        story.wait(0.1)
    story.keys_and_media()
    story.wait(1)
    for ue in story.ues:
        story.msk_request(ue)
        story.msk(ue, SECOND_MSK)
    story.mtk(SECOND_MSK, 1, times=2)
    story.media(SECOND_MSK, 1, packets=10)
    return story


@case()
def keyed_by_a_sim() -> Story:
    """The story of http_good by 2G GBA (TS 33.220 Annex I): the UE has a SIM, and the keyring its Kc and SRES.

    Ub is inside TLS, as it has to be with a SIM: RAND follows from the B-TID, and Ks-input stands in the keyring. The
    key log opens Ub with the tshark engine.
    """
    story = Story("a SIM", by_sip=False)
    story.ub_tls = True
    story.bootstrap(sim=Sim(made_up("Kc", 8), made_up("SRES", 4)), server_data=made_up("Ks-input", 16))
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    story.wait(0.1)
    story.entry = "sim"
    return keyed_by_http(story)
