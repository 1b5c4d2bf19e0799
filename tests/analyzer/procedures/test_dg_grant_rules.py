"""DG rules on grants: whom they are for, and what protects the answer; on whole stories and on legs seen in part."""

import pytest

from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK

UB, UA = ("ue", "bsf"), ("ue", "bm_sc")
OTHER_IMPU = "sip:user7@home1.net"


class TestIdentityOfTheUser:
    def registered(self, uids, invite=False, **more):
        story = Story("settings", by_sip=False)
        story.bootstrap()
        if invite:
            story.invite()
            story.wait(0.1)
        story.register(zn={"uids": uids}, **more)
        return story

    def test_is_in_the_settings(self, tell, verdicts):
        story = self.registered(["sip:user1@home1.net", OTHER_IMPU], identity=f'"{OTHER_IMPU}"')
        assert verdicts(tell(story), "DG-18") == ["pass"]
        assert verdicts(tell(self.registered(["SIP:user1@HOME1.net"])), "DG-18") == ["pass"]

    def test_is_not_and_granted_all_the_same(self, tell, verdicts):
        analysis = tell(self.registered([OTHER_IMPU]))
        assert verdicts(analysis, "DG-18") == ["fail"]
        message = next(j.message for j in analysis.report.judgements if j.rule == "DG-18")
        assert message == f"granted for sip:user1@home1.net, the B-TID is of {OTHER_IMPU}"

    @pytest.mark.parametrize("refused", [{"status": "403 Forbidden"}, {"statuses": {"urn:home1.net:mbms:news": 403}}])
    def test_is_not_and_refused(self, tell, verdicts, refused):
        assert verdicts(tell(self.registered([OTHER_IMPU], **refused)), "DG-18") == ["pass"]

    def test_cannot_be_told_of_settings_without_identities(self, tell, verdicts):
        assert verdicts(tell(self.registered([])), "DG-18") == ["inconc"]

    def test_is_not_judged_without_zn(self, tell, keep, verdicts):
        assert verdicts(tell(keep(self.registered([OTHER_IMPU]), UB, UA)), "DG-18") == []

    def test_that_differs_from_the_invite_is_left_to_another_rule(self, tell, failed, verdicts):
        analysis = tell(self.registered(["sip:user1@home1.net"], invite=True, identity=f'"{OTHER_IMPU}"'))
        assert verdicts(analysis, "DG-18") == []
        assert failed(analysis) == {"SI-15"}

    def test_is_looked_at_in_every_request(self, tell, verdicts):
        story = self.registered(["sip:user1@home1.net"], invite=True)
        story.msk_request(identity=f'"{OTHER_IMPU}"')
        story.msk(msk_id=SECOND_MSK)
        assert verdicts(tell(story), "DG-18") == ["pass", "fail"]


class TestAnswerInTheClear:
    def answered(self, **answer):
        story = Story.begun_by_http()
        story.register(edits={"answer": Edit(**answer)})
        return story

    def test_covers_its_body(self, sample, verdicts):
        assert set(verdicts(sample("http_good"), "DG-19")) == {"pass"}

    def test_leaves_its_body_open(self, tell, verdicts):
        assert verdicts(tell(self.answered(digest={"qop": "auth"})), "DG-19") == ["fail"]

    def test_does_not_say(self, tell, verdicts):
        assert verdicts(tell(self.answered(claim={"qop": None})), "DG-19") == ["inconc"]

    def test_without_a_proof_is_left_to_another_rule(self, sample, verdicts):
        assert verdicts(sample("answer_without_a_proof"), "DG-19") == []

    def test_to_a_request_without_integrity_is_too(self, sample, verdicts):
        assert verdicts(sample("digest_without_integrity"), "DG-19") == []
