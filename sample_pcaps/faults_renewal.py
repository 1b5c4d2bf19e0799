"""One thing wrong in which MSKs a UE gets, and in what becomes of an expired MUK (rules MS)."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

THIRD_MSK = FIRST_MSK[:2] + b"\0\3"
OF_ANOTHER_GROUP = b"\0\2\0\1"


@case(breaks=("MS-17",))
def msk_of_a_strange_group() -> Story:
    """The protection description names key group 1; besides its MSK the UE gets one of key group 2."""
    story = Story.registered_by_http()
    story.announce()
    story.msk()
    story.wait(1)
    story.msk(msk_id=OF_ANOTHER_GROUP)
    story.wait(5)
    return story


@case(breaks=("MS-18",))
def third_msk_while_the_first_is_in_use() -> Story:
    """Three MSKs of a key group are pushed at once, and the media goes on under the first for some time."""
    story = Story.registered_by_http()
    story.msk()
    story.wait(0.2)
    story.mtk(times=2)
    for msk_id in (SECOND_MSK, THIRD_MSK):
        story.msk(msk_id=msk_id)
    story.media(packets=50, interval=0.1)
    return story


@case(breaks=("MS-25",))
def verification_under_an_expired_muk() -> Story:
    """The second MSK comes a second before the MUK expires, and the UE acknowledges it four seconds later."""
    story = Story.registered_by_http(lifetime=60)
    story.msk()
    story.wait(58)
    story.msk(msk_id=SECOND_MSK, edits={"verification": Edit(delay=4)})
    story.wait(1)
    return story


@case(breaks=("MS-29",))
def pull_with_an_expired_muk_granted() -> Story:
    """The BM-SC pulls under a MUK that has expired, and answers the request with the old B-TID with 200."""
    story = Story.registered_by_http(lifetime=60)
    story.msk()
    story.wait(70)
    story.pull()
    story.wait(0.1)
    story.msk_request()
    return story
