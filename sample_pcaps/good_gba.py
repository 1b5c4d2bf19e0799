"""A case in which GBA takes its rarer turns, all as the specifications want it."""

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
