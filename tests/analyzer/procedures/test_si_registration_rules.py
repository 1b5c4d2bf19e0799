"""SI rules on registrations: what was authorized before the capture began is not known."""

import pytest

from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story

CODES = ("SI-14", "SI-15")
SPORT = "urn:home1.net:mbms:sport"


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("http_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
def test_is_not_of_the_sip_variant(sample, verdicts, code):
    assert verdicts(sample("sip_good"), code) == []


class TestRegistration:
    def test_without_an_invite_nobody_knows(self, tell, verdicts):
        """A UE of plain TS 33.246 has no INVITE at all."""
        story = Story("plain", by_sip=False)
        story.bootstrap()
        story.register()
        analysis = tell(story)
        assert [verdicts(analysis, code) for code in ("SI-14", "SI-15", "SI-16")] == [[], [], []]

    def test_before_an_invite_may_be_of_an_older_session(self, tell, verdicts):
        story = Story("older", by_sip=False)
        story.bootstrap()
        story.register()
        story.wait(1)
        story.invite()
        assert verdicts(tell(story), "SI-14") == ["inconc"]

    def test_of_a_service_that_was_invited_before_the_capture(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(services=(NEWS, SPORT))
        assert verdicts(tell(story), "SI-15") == ["inconc"]

    def test_of_a_service_that_was_forbidden(self, tell, verdicts):
        story = Story("forbidden", by_sip=False)
        story.bootstrap()
        story.invite(services=(SPORT,), authorize="never", status="403 Forbidden")
        story.invite()
        story.register(services=(NEWS, SPORT))
        analysis = tell(story)
        assert verdicts(analysis, "SI-15") == ["fail"]
        assert verdicts(analysis, "SI-16") == []

    @pytest.mark.parametrize(("code", "verdict"), [(403, "pass"), (404, "fail")])
    def test_a_forbidden_service_has_status_403(self, tell, verdicts, code, verdict):
        story = Story("status", by_sip=False)
        story.bootstrap()
        story.invite(services=(SPORT,), authorize="never", status="403 Forbidden")
        story.register(services=(SPORT,), statuses={SPORT: code})
        assert verdicts(tell(story), "SI-16") == [verdict]

    def test_a_service_refused_for_other_reasons_is_left_alone(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(statuses={NEWS: 503})
        assert verdicts(tell(story), "SI-16") == []
