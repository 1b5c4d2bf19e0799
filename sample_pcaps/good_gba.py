"""Cases in which GBA takes its rarer turns, all as the specifications want it."""

from __future__ import annotations

from sample_pcaps.casebook import case
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
