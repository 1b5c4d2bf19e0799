"""Rules on which MSKs a UE gets and on expired MUKs, beyond what the samples show."""

import pytest

from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

THIRD_MSK = FIRST_MSK[:2] + b"\0\3"
STRANGE = b"\0\2\0\1"


class TestMskBelongsToTheService:
    def test_without_a_description_there_is_nothing_to_compare(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(msk_id=STRANGE)
        assert verdicts(tell(story), "MS-17") == []

    def test_an_announced_group_passes_and_so_does_one_that_was_asked_for(self, tell, verdicts):
        story = Story.registered_by_http()
        story.announce()
        story.msk()
        story.msk_request(pairs=((b"\x00\xf1\x10", STRANGE),))
        story.msk(msk_id=STRANGE)
        assert set(verdicts(tell(story), "MS-17")) == {"pass"}

    def test_another_group_fails(self, sample, verdicts):
        assert "fail" in verdicts(sample("msk_of_a_strange_group"), "MS-17")

    def test_a_group_of_a_service_whose_description_is_not_captured_blames_nobody(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(services=("urn:3gpp:mbms:one", "urn:3gpp:mbms:two"))
        story.announce()
        story.msk(msk_id=STRANGE)
        assert verdicts(tell(story), "MS-17") == ["inconc"]

    def test_where_no_registration_is_seen_the_services_are_not_known(self, tell, verdicts):
        story = Story.begun_by_http()
        story.announce()
        story.msk(msk_id=STRANGE)
        assert verdicts(tell(story), "MS-17") == ["inconc"]


class TestAtMostTwoMsksLive:
    def pushed(self, media=FIRST_MSK, third=THIRD_MSK, **more):
        story = Story.registered_by_http()
        story.msk()
        story.mtk(times=2)
        story.msk(msk_id=SECOND_MSK)
        story.mtk(SECOND_MSK, 1, times=2)
        story.msk(msk_id=third, **more)
        story.media(media, packets=60, interval=0.1)
        return story

    def test_a_third_while_the_first_is_in_use_fails(self, tell, verdicts):
        assert verdicts(tell(self.pushed()), "MS-18") == ["fail"]

    def test_one_that_is_out_of_use_may_go(self, tell, verdicts):
        assert verdicts(tell(self.pushed(media=SECOND_MSK)), "MS-18") == ["pass"]

    def test_the_second_again_makes_nobody_drop_the_first(self, tell, verdicts):
        assert verdicts(tell(self.pushed(third=SECOND_MSK)), "MS-18") == []

    def test_a_message_that_no_key_opens_may_have_taken_nothing(self, tell, verdicts):
        shut = self.pushed(muk=bytes(32), verify=False)
        assert verdicts(tell(shut), "MS-18") == ["inconc"]


class TestExpiredMukIsNotUsed:
    def acknowledged(self, delay, lifetime=60):
        story = Story.registered_by_http(lifetime=lifetime)
        story.wait(57)
        story.msk(edits={"verification": Edit(delay=delay)})
        return story

    @pytest.mark.parametrize(("delay", "found"), [(0.1, "pass"), (4, "pass"), (7, "fail")])
    def test_two_seconds_are_the_difference_of_clocks(self, tell, verdicts, delay, found):
        assert verdicts(tell(self.acknowledged(delay)), "MS-25") == [found]

    def test_a_message_without_an_answer_shows_nothing(self, tell, verdicts):
        story = Story.registered_by_http(lifetime=60)
        story.wait(70)
        story.msk(verify=False)
        assert verdicts(tell(story), "MS-25") == []

    def test_where_neither_ub_nor_zn_is_seen_nobody_knows(self, tell, verdicts):
        story = self.acknowledged(0.1)
        story.cut(30)
        assert verdicts(tell(story), "MS-25") == ["inconc"]


class TestExpiredMukIsRenegotiated:
    def pulled(self, after, **more):
        story = Story.registered_by_http(lifetime=60)
        story.msk()
        story.wait(after)
        story.pull()
        story.wait(0.1)
        story.msk_request(**more)
        return story

    def test_granted_fails_and_a_401_passes(self, tell, verdicts):
        assert verdicts(tell(self.pulled(70)), "MS-29") == ["fail"]
        refused = self.pulled(70, challenge=True, preauthorize=True, retry=False)
        assert verdicts(tell(refused), "MS-29") == ["pass"]

    def test_who_pulls_cannot_forbid_the_answer(self, tell, verdicts):
        assert verdicts(tell(self.pulled(70, status="403 Forbidden")), "MS-29") == ["fail"]

    def test_long_after_the_pull_a_403_may_have_another_reason(self, tell, verdicts):
        story = Story.registered_by_http(lifetime=60)
        story.msk()
        story.wait(70)
        story.pull()
        story.wait(60)
        story.msk_request(status="403 Forbidden")
        assert verdicts(tell(story), "MS-29") == ["inconc"]

    @pytest.mark.parametrize("status", ["503 Service Unavailable", "400 Bad Request"])
    def test_another_refusal_tells_nothing_of_the_muk(self, tell, verdicts, status):
        assert verdicts(tell(self.pulled(70, status=status)), "MS-29") == ["inconc"]

    def test_a_muk_that_lives_is_no_matter(self, tell, verdicts):
        assert verdicts(tell(self.pulled(10)), "MS-29") == []

    def test_who_has_bootstrapped_already_is_granted(self, tell, verdicts):
        story = Story.registered_by_http(lifetime=60)
        story.msk()
        story.wait(70)
        story.pull()
        story.bootstrap()
        story.msk_request()
        assert verdicts(tell(story), "MS-29") == []

    def test_an_answer_that_is_not_captured_tells_nothing(self, tell, verdicts):
        lost = self.pulled(70, edits={"answer": Edit(drop=True)})
        assert verdicts(tell(lost), "MS-29") == ["inconc"]

    def test_dg_04_lets_the_request_pass(self, tell, verdicts):
        assert "fail" not in verdicts(tell(self.pulled(70)), "DG-04")
