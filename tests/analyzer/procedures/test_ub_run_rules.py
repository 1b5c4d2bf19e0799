"""UB rules on when a UE bootstraps and as whom: what they pass, what they leave alone, what they cannot tell."""

import pytest

from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

RAND = made_up("RAND of a test", 16)


def invited(**more):
    story = Story("invited", by_sip=False)
    story.bootstrap(**more)
    story.wait(0.1)
    story.invite()
    story.wait(0.1)
    return story


@pytest.mark.parametrize("code", ["UB-14", "UB-15"])
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "second_challenges"])
def test_passes_on_the_good_stories(sample, verdicts, name, code):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", ["UB-14", "UB-15", "UB-16", "UB-17"])
def test_is_not_of_a_capture_without_ub(sample, verdicts, code):
    assert verdicts(sample("mid_capture"), code) == []


class TestRand:
    def test_one_run_seen_on_two_legs_is_one(self, tell, verdicts):
        """A proxy on Ub: the same messages once more, a little later, between other addresses."""
        story = Story("proxy", by_sip=False)
        story.bootstrap(rand=RAND)
        shown = list(story.tape.packets)
        apart = story.tape.packets[-1][0] - story.tape.packets[0][0] + 1_000_000
        old, new = (bytes(map(int, ip.split("."))) for ip in (story.ue.ip, "10.9.9.9"))
        story.tape.packets += [(time + apart, packet.replace(old, new)) for time, packet in shown]
        assert set(verdicts(tell(story), "UB-14")) == {"pass"}

    def test_a_vector_that_nobody_answered_may_come_again(self, tell, verdicts):
        story = Story("again", by_sip=False)
        story.bootstrap(rand=RAND, stop_after="challenge")
        story.wait(1)
        story.bootstrap(rand=RAND)
        assert set(verdicts(tell(story), "UB-14")) == {"pass"}

    def test_of_another_ue_it_is_as_bad(self, tell, verdicts):
        story = Story("two", by_sip=False, ues=2)
        for ue in story.ues:
            story.bootstrap(ue, rand=RAND)
            story.wait(1)
        assert sorted(verdicts(tell(story), "UB-14")) == ["fail", "pass"]


class TestBurst:
    def test_a_refusal_explains_it(self, tell, verdicts):
        story = invited()
        story.register(retry=False)
        story.bootstrap()
        assert set(verdicts(tell(story), "UB-15")) == {"pass"}

    def test_the_end_of_ks_explains_it(self, tell, verdicts):
        story = invited(lifetime=3)
        story.wait(4)
        story.bootstrap()
        assert set(verdicts(tell(story), "UB-15")) == {"pass"}

    def test_much_later_there_may_be_reasons(self, tell, verdicts):
        story = invited()
        story.wait(60)
        story.bootstrap()
        assert set(verdicts(tell(story), "UB-15")) == {"pass"}

    def test_where_only_ub_is_seen_nobody_can_tell(self, tell, keep, verdicts):
        story = invited()
        story.bootstrap()
        assert sorted(verdicts(tell(keep(story, ("ue", "bsf"))), "UB-15")) == ["inconc", "pass"]

    def test_two_ues_are_two(self, tell, verdicts):
        story = Story("two", by_sip=False, ues=2)
        for ue in story.ues:
            story.bootstrap(ue)
            story.invite(ue)
        assert verdicts(tell(story), "UB-15") == ["pass", "pass"]

    def test_an_answer_that_is_missing_may_have_been_a_refusal(self, tell, verdicts):
        story = invited()
        story.register(edits={"answer": Edit(drop=True)}, challenge=False)
        story.bootstrap()
        assert verdicts(tell(story), "UB-15")[-1] == "inconc"


class TestOrder:
    def test_ub_before_the_invite(self, tell, verdicts):
        assert verdicts(tell(invited()), "UB-16") == ["pass"]

    def test_a_ks_that_is_over(self, tell, verdicts):
        story = Story("over", by_sip=False)
        story.bootstrap(lifetime=5)
        story.wait(10)
        story.invite()
        assert verdicts(tell(story), "UB-16") == ["fail"]

    def test_a_ks_of_before_the_capture_is_not_known(self, tell, verdicts):
        story = invited()
        story.register()
        story.cut(0.1)
        assert verdicts(tell(story), "UB-16") == []

    def late(self, *, attached=True):
        story = Story("late", by_sip=False)
        if attached:
            story.attach()
            story.wait(0.5)
        story.invite()
        story.wait(0.1)
        story.bootstrap()
        story.register()
        return story

    def test_after_the_ims_registration_it_is_due(self, tell, verdicts):
        assert verdicts(tell(self.late()), "UB-16") == ["fail"]

    def test_a_ue_that_was_registered_before_the_capture_may_have_a_ks(self, tell, verdicts):
        assert verdicts(tell(self.late(attached=False)), "UB-16") == ["inconc"]

    def test_a_b_tid_whose_bootstrapping_is_not_captured_explains_it(self, tell, verdicts):
        story = Story("over", by_sip=False)
        story.bootstrap(lifetime=5)
        story.wait(10)
        begun = len(story.tape.packets)
        story.bootstrap()
        story.tape.packets = story.tape.packets[:begun]
        story.invite()
        story.register()
        assert verdicts(tell(story), "UB-16") == ["inconc"]

    def test_a_renewal_after_the_registration_is_no_first_one(self, tell, verdicts):
        story = invited()
        story.register()
        story.wait(5)
        story.bootstrap()
        story.cut(0.1)
        assert verdicts(tell(story), "UB-16") == []


class TestTmpi:
    def test_the_tmpi_is_used(self, tell, verdicts):
        story = invited(lifetime=20)
        story.wait(15)
        story.bootstrap()
        assert verdicts(tell(story), "UB-17") == ["pass"]

    def test_a_bsf_that_does_not_know_it_gives_none(self, tell, verdicts):
        story = invited(server="old-bsf/1.0")
        story.wait(15)
        story.bootstrap(server="old-bsf/1.0")
        assert verdicts(tell(story), "UB-17") == []

    def test_a_tmpi_that_was_refused_is_given_up(self, tell, verdicts):
        story = invited()
        story.wait(15)
        forbidden = Edit(line="HTTP/1.1 403 Forbidden", headers={"WWW-Authenticate": None})
        story.bootstrap(stop_after="challenge", edits={"challenge": forbidden})
        story.bootstrap(username=story.ue.impi)
        assert verdicts(tell(story), "UB-17") == ["pass"]

    def test_a_ue_that_may_have_been_off_has_lost_it(self, tell, verdicts):
        story = invited()
        story.wait(100)
        story.bootstrap(username=story.ue.impi)
        assert verdicts(tell(story), "UB-17") == ["inconc"]

    @pytest.mark.parametrize(("seconds", "verdict"), [(1, "fail"), (5, "inconc")])
    def test_a_ue_that_was_on_has_it(self, tell, verdicts, seconds, verdict):
        """One that begins anew in a few seconds, and whose REGISTER is not to be seen, has not."""
        story = invited()
        story.wait(seconds)
        story.bootstrap(username=story.ue.impi)
        assert verdicts(tell(story), "UB-17") == [verdict]

    @pytest.mark.parametrize("go_on", [Story.bye, lambda story: story.register(b_tid=story.ue.gba[0].b_tid)])
    def test_a_ue_that_goes_on_with_what_it_had_was_on(self, tell, verdicts, go_on):
        story = invited()
        story.register()
        story.wait(100)
        story.bootstrap(username=story.ue.impi)
        go_on(story)
        assert verdicts(tell(story), "UB-17") == ["fail"]

    def test_what_a_ue_is_sent_does_not_show_that_it_was_on(self, tell, verdicts):
        story = invited()
        story.register()
        for _ in range(3):
            story.wait(1.5)
            story.msk(verify=False)
        story.wait(1)
        story.bootstrap(username=story.ue.impi)
        assert verdicts(tell(story), "UB-17") == ["inconc"]


class TestPower:
    def switched(self, *, off=True, renewed=False, by_sip=False, same=False, user_agent="sample-ue/1.0 3gpp-gba"):
        story = Story("power", by_sip=by_sip)
        story.attach()
        story.bootstrap()
        if off:
            story.detach()
        story.wait(60)
        story.attach(call_id=story.ue.registration if same else None)
        if renewed:
            story.bootstrap(username=story.ue.impi)
        if by_sip:
            story.sip("register")
        else:
            story.register(user_agent=user_agent)
        return story

    @pytest.mark.parametrize("by_sip", [False, True])
    def test_takes_the_b_tid_with_it(self, tell, verdicts, by_sip):
        assert verdicts(tell(self.switched(by_sip=by_sip)), "UB-18") == ["fail"]
        assert verdicts(tell(self.switched(by_sip=by_sip, renewed=True)), "UB-18") == ["pass"]

    def test_may_have_failed_where_only_the_call_id_is_new(self, tell, verdicts):
        assert verdicts(tell(self.switched(off=False)), "UB-18") == ["inconc"]

    def test_stayed_on_where_the_registration_goes_on(self, tell, verdicts):
        assert verdicts(tell(self.switched(off=False, same=True)), "UB-18") == []

    def test_leaves_keys_on_the_uicc_alone(self, tell, verdicts):
        story = self.switched(user_agent="sample-ue/1.0 3gpp-gba-uicc")
        assert verdicts(tell(story, keyring=""), "UB-18") == []
        assert verdicts(tell(story), "UB-18") == ["fail"]  # K shows that it was no GBA_U

    def test_is_not_judged_where_the_bootstrapping_was_not_captured(self, tell, keep, verdicts):
        legs = ("ue", "bm_sc"), ("bm_sc", "bsf"), ("ue", "p_cscf")
        assert verdicts(tell(keep(self.switched(), *legs)), "UB-18") == []

    def test_that_was_off_has_taken_the_tmpi(self, tell, verdicts):
        assert verdicts(tell(self.switched(renewed=True)), "UB-17") == []
        assert verdicts(tell(self.switched(off=False, renewed=True)), "UB-17") == ["inconc"]

    def test_is_told_by_expires_of_the_contact_too(self, tell, verdicts):
        story = Story("power", by_sip=False)
        story.attach()
        story.bootstrap()
        contact = f"<sip:{story.ue.ip}:5060>;Expires=0"
        story.detach(edits={"register": Edit(headers={"Expires": None, "Contact": contact})})
        story.attach()
        story.register()
        assert verdicts(tell(story), "UB-18") == ["fail"]
