"""RG rules on the MSKs that follow a request, and on those that must not."""

import pytest

from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import KEY_DOMAIN, NEWS
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

SPORT = "urn:home1.net:mbms:sport"
OTHER_GROUP = bytes.fromhex("00020001")
LOST = Edit(drop=True)


def served() -> Story:
    story = Story.registered_by_http()
    story.keys_and_media()
    story.wait(20)
    return story


@pytest.mark.parametrize("code", ["RG-04", "RG-07", "RG-08", "RG-10", "RG-12"])
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("http_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", ["RG-04", "RG-07", "RG-08", "RG-12"])
def test_passes_in_the_sip_variant(sample, verdicts, code):
    assert set(verdicts(sample("sip_good"), code)) == {"pass"}


class TestAfterRegistration:
    def test_a_leg_that_was_never_seen_leaves_it_open(self, tell, verdicts):
        story = Story.registered_by_http()
        story.linger(30)
        assert verdicts(tell(story), "RG-04") == ["inconc"]

    def test_a_capture_that_ends_leaves_it_open(self, tell, verdicts):
        story = served()
        story.register(services=(SPORT,))
        story.linger(5)
        assert verdicts(tell(story), "RG-04") == ["pass", "inconc"]

    def test_a_message_that_only_its_answer_shows_leaves_it_open(self, tell, verdicts):
        story = served()
        story.register(services=(SPORT,))
        story.msk(msk_id=OTHER_GROUP, edits={"msk": LOST})
        story.linger(30)
        assert verdicts(tell(story), "RG-04") == ["pass", "inconc"]

    def test_a_refused_service_brings_none(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(statuses={NEWS: 403})
        story.linger(30)
        assert verdicts(tell(story), "RG-04") == []


class TestAfterDeregistration:
    def test_another_service_goes_on(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(services=(NEWS, SPORT))
        story.msk()
        story.msk(msk_id=OTHER_GROUP)
        story.wait(20)
        story.deregister(services=(NEWS,))
        story.wait(3)
        story.msk(msk_id=OTHER_GROUP)
        assert verdicts(tell(story), "RG-07") == []

    def test_a_service_of_before_the_capture_may_go_on(self, tell, verdicts):
        """Its key group was there before the registration that the capture shows."""
        story = Story.registered_by_http()
        story.msk(msk_id=OTHER_GROUP)
        story.at(20)
        story.register(services=(SPORT,))
        story.msk()
        story.wait(20)
        story.deregister(services=(SPORT,))
        story.wait(3)
        story.msk(msk_id=OTHER_GROUP)
        story.cut(0.4)  # the first registration is lost
        assert "fail" not in verdicts(tell(story), "RG-07")

    def test_a_new_registration_brings_keys_again(self, tell, verdicts):
        story = served()
        story.deregister()
        story.wait(3)
        story.register()
        story.msk()
        assert "fail" not in verdicts(tell(story), "RG-07")

    def test_what_was_on_its_way_is_no_fault(self, tell, verdicts):
        story = served()
        story.deregister()
        story.msk()
        assert verdicts(tell(story), "RG-07") == ["pass"]

    def test_without_a_key_it_cannot_be_told(self, tell, keep, verdicts):
        story = served()
        story.deregister()
        story.wait(3)
        story.msk(seq=(2, 1), sp=None)
        legs = (("ue", "bm_sc"), ("ue", "p_cscf"))
        assert verdicts(tell(keep(story, *legs), keyring=""), "RG-07") == ["inconc"]

    def test_of_the_sip_variant_too(self, tell, verdicts):
        story = Story.begun_by_sip()
        story.keys_and_media()
        story.wait(1)
        story.sip("deregister")
        story.wait(3)
        story.msk()
        assert verdicts(tell(story), "RG-07") == ["fail"]


class TestMskRequest:
    def test_of_the_current_one_brings_any_of_its_group(self, tell, verdicts):
        story = served()
        story.msk_request()
        story.msk(msk_id=SECOND_MSK)
        story.linger(20)
        assert verdicts(tell(story), "RG-10") == ["pass"]

    def test_of_one_brings_just_this(self, tell, verdicts):
        story = served()
        story.msk_request(pairs=((KEY_DOMAIN, SECOND_MSK),))
        story.msk(msk_id=FIRST_MSK)
        story.linger(20)
        assert verdicts(tell(story), "RG-10") == ["fail"]

    def test_that_is_refused_brings_none(self, tell, verdicts):
        story = served()
        pair = (KEY_DOMAIN, SECOND_MSK)
        story.msk_request(pairs=(pair,), statuses={pair: 403})
        story.linger(20)
        assert verdicts(tell(story), "RG-10") == ["pass"]

    def test_is_answered_in_the_type_of_annex_h_too(self, tell, verdicts):
        story = served()
        story.msk_request(answer_type="application/mbms-msk+xml")
        story.msk(msk_id=SECOND_MSK)
        assert verdicts(tell(story), "RG-10") == ["pass"]

    def test_of_a_registered_ue_is_not_judged_as_of_another(self, sample, verdicts):
        assert verdicts(sample("http_good"), "RG-11") == []

    def test_of_a_ue_that_has_left_is_forbidden(self, sample, verdicts):
        assert verdicts(sample("msk_granted_after_deregistration"), "RG-11") == ["pass", "fail"]

    def test_of_group_zero_over_sip_is_a_fault_too(self, tell, verdicts):
        story = Story.begun_by_sip()
        story.msk()
        pair = (KEY_DOMAIN, bytes(4))
        story.sip("msk-request", pairs=(pair,), statuses={pair: 400})
        assert verdicts(tell(story), "RG-12") == ["fail"]
