"""Why things belong to a UE, as evidence: names with frames, key groups for what is sent to all."""

from __future__ import annotations

from itertools import pairwise

from analyzer.membership import KEY_GROUP, memberships
from sample_pcaps.story import Story


def test_every_message_of_a_ue_is_there_with_the_first_frame_of_its_names(sample):
    story = sample("http_good").story
    (own,) = memberships(story).values()
    assert [(n.kind, n.at.frame) for n in own[0].brings] == [("impi", 4), ("b_tid", 7)]
    assert own[0].tied_by == ()
    assert [one.summary for one in own if one.at.frame == 38] == ["BIR"]
    assert all(one.time <= after.time for one, after in pairwise(own))


def test_what_is_sent_to_all_is_tied_by_its_key_group(sample):
    told = memberships(sample("two_ues").story)
    for own in told.values():
        shared = [one for one in own if [tie.kind for tie in one.tied_by] == [KEY_GROUP]]
        assert {one.protocol for one in shared} == {"mikey", "srtp", "srtcp"}
        (msk,) = {tie.at.frame for one in shared for tie in one.tied_by}
        assert any(one.at.frame == msk and one.summary.startswith("MIKEY MSK") for one in own)
        assert {tie.value for one in shared for tie in one.tied_by} == {"00f110/0001"}


def test_a_key_group_that_no_msk_message_gave_a_ue_ties_nothing(tell):
    story = Story.registered_by_http(ues=2)
    one, _ = story.ues
    story.msk(one)
    story.mtk()
    of_one, of_other = memberships(tell(story).story).values()
    assert [sum(tie.kind == KEY_GROUP for link in own for tie in link.tied_by) for own in (of_one, of_other)] == [1, 0]


def test_names_of_another_ue_are_told_apart(tell):
    story = Story.registered_by_http(ues=2)
    one, other = story.ues
    story.msk_request(one, identity=f'"{other.impu}"')
    told = memberships(tell(story).story)
    (strange,) = [name for own in told.values() for link in own for name in link.contradicted_by]
    assert (strange.kind, strange.value, strange.ue) == ("impu", other.impu, "ue2")
