"""Why a MAC fails: the message, the MUK, or an older MUK."""

from __future__ import annotations

from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK


def test_a_message_that_its_right_muk_does_not_open_is_corrupted(tell):
    story = Story.registered_by_http()
    story.msk(verify=True)
    story.wait(1)
    story.msk(msk_id=SECOND_MSK, v=False, break_mac=True)
    (found,) = tell(story).report.diagnoses
    assert (found.symptom, found.cause, found.confidence) == ("msk-not-usable", "msk-corrupted", "likely")
    assert "that is the right one, as it opens the MSK message in frame 44" in found.message


def test_the_muk_of_before_is_told_with_its_bootstrapping_and_why(tell):
    story = Story.registered_by_http()
    story.msk()
    old = story.ue.last
    story.wait(600)
    story.bootstrap()
    story.wait(1)
    story.register()
    story.msk(msk_id=SECOND_MSK, v=False, muk=old.naf_key(story.naf_fqdn, story.ua_id))
    found = [d for d in tell(story).report.diagnoses if d.symptom == "msk-not-usable"]
    assert [(d.cause, d.confidence) for d in found] == [("old-muk-used", "certain")]
    message = found[0].message
    assert "the BM-SC sent MSK 00010002 for UE 10.1.0.11 (user1_private@home1.net)" in message
    assert "Its MAC fails under MUK" in message
    assert "(bootstrapping of 00:10:" in message.split("but verifies under MUK")[0]
    assert "(bootstrapping of 00:00:00): the BM-SC still uses the old MUK" in message


def test_what_only_zn_says_of_a_muk_makes_nobody_certain(tell, sample):
    story = Story.registered_by_http()
    story.msk(v=False, muk=bytes(32))
    with_key = [(d.cause, d.confidence) for d in tell(story).report.diagnoses]
    without = [(d.cause, d.confidence) for d in tell(story, "").report.diagnoses]
    assert with_key == [("msk-wrong-key", "certain")]
    assert without == [("msk-wrong-key", "likely")]
