"""SB rules on keys: Zn asked once, the MUK that it gave, its lifetime, and whose it is."""

from ipaddress import ip_address

import pytest

from analyzer.procedures.sb_key_rules import zn_requests
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import BM_SC_FQDN, SCF_FQDN
from sample_pcaps.story import Story

CODES = ("SB-03", "SB-04", "SB-09", "SB-10", "SB-20", "SB-21")
SIP = [("ue", "p_cscf"), ("p_cscf", "scf")]
POST = ("scf", "bm_sc")


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("sip_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
def test_is_not_of_the_http_variant(sample, verdicts, code):
    assert verdicts(sample("http_good"), code) == []


class TestZn:
    def test_that_was_not_captured_is_not_missing(self, begun, tell, keep, verdicts):
        story = begun()
        story.linger(5)
        analysis = tell(keep(story, *SIP, POST, ("ue", "bsf")))
        assert verdicts(analysis, "SB-03") == verdicts(analysis, "SB-04") == []

    def test_not_asked_for_a_new_b_tid_is_a_fault(self, begun, tell, verdicts):
        """The SCF sends a key on that it cannot have."""
        story = begun(lifetime=600)
        story.at(300)
        story.bootstrap()
        story.sip("register", zn=False, key_info=True)
        story.linger(5)
        assert verdicts(tell(story), "SB-03") == ["pass", "fail"]

    def test_may_be_asked_again_when_its_key_has_ended(self, begun, tell, verdicts):
        story = begun(zn={"expiry": Story("clock", by_sip=True).now + 10 * 10**9})
        story.at(30)
        story.sip("msk-request", zn=True)
        assert verdicts(tell(story), "SB-03") == ["pass", "pass"]

    def test_may_be_asked_again_after_a_refusal(self, tell, verdicts):
        story = Story("again", by_sip=True)
        story.bootstrap()
        story.sip("register", zn={"result": 5012}, post="never", status="500 Server Internal Error")
        story.sip("register", in_dialog=False)
        assert verdicts(tell(story), "SB-03") == ["pass", "pass"]

    def test_seen_before_and_behind_an_agent_is_asked_once(self, begun, tell, verdicts):
        """Session-Id and End-to-End stay the same, connections do not (RFC 6733 6.2)."""
        story = begun()
        scf, bsf, agent = (ip_address(a).packed for a in (story.addresses.scf, story.addresses.bsf, "10.3.0.9"))
        story.tape.packets += [
            (time + 1_000_000, packet.replace(scf, agent, 1))
            for time, packet in story.tape.packets
            if {packet[26:30], packet[30:34]} == {scf, bsf}
        ]
        analysis = tell(story)
        (run,) = [run for _, run in analysis.runs if run.procedure.kind == "sip-initiation"]
        assert len([run for _, run in analysis.runs if run.procedure.kind == "gba-usage"]) == 2
        assert len(zn_requests(run)) == 1
        assert verdicts(analysis, "SB-03") == ["pass"]


class TestMuk:
    def test_cannot_be_told_without_any_key(self, begun, tell, keep, verdicts):
        assert verdicts(tell(keep(begun(), *SIP, POST), keyring=""), "SB-09") == ["inconc"]

    def test_is_compared_with_that_of_zn(self, begun, tell, verdicts):
        story = begun(key_info={"muk": made_up("another", 32)})
        assert verdicts(tell(story, keyring=""), "SB-09") == ["fail"]

    def test_for_another_naf_is_named(self, tell):
        story = Story("naf", by_sip=True)
        run = story.bootstrap()
        other = run.naf_key("scf2.home1.net", story.ua_id)
        story.sip("register", key_info={"muk": other}, zn={"naf_fqdn": "scf2.home1.net"})
        told = [j.message for j in tell(story).report.judgements if j.rule == "SB-09"]
        assert told == [f"muk is the NAF key for scf2.home1.net, expected that for {SCF_FQDN}"]


class TestLifetime:
    def test_in_seconds_counts_from_the_post(self, begun, tell, verdicts):
        assert verdicts(tell(begun(key_info={"lifetime": "3000"})), "SB-10") == ["pass"]
        assert verdicts(tell(begun(key_info={"lifetime": "90000"})), "SB-10") == ["fail"]

    def test_that_cannot_be_read_leaves_it_open(self, begun, tell, verdicts):
        assert verdicts(tell(begun(key_info={"lifetime": "tomorrow"})), "SB-10") == ["inconc"]

    def test_without_ub_and_zn_is_not_judged(self, begun, tell, keep, verdicts):
        assert verdicts(tell(keep(begun(), *SIP, POST)), "SB-10") == []


class TestIdi:
    def test_of_the_http_variant_is_not_looked_at(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(idi="elsewhere.home1.net", v=False)
        assert verdicts(tell(story), "SB-20") == []

    def test_of_the_bm_sc_is_a_fault(self, begun, tell, verdicts):
        story = begun()
        story.msk(idi=BM_SC_FQDN, v=False)
        assert verdicts(tell(story), "SB-20") == ["fail"]


class TestIdrOfAPull:
    def renewed(self, begun, tell, keep=lambda story: story, **more):
        story = begun()
        old = story.ue.last.b_tid
        story.wait(15)
        story.bootstrap()
        story.sip("register", **more)
        story.pull(b_tid=old)
        story.sip("msk-request")
        return tell(keep(story))

    def test_is_the_b_tid_of_the_last_post(self, sample, begun, tell, verdicts):
        story = begun()
        story.wait(1)
        story.pull()
        assert verdicts(tell(story), "SB-20") == ["pass"]
        assert verdicts(sample("sip_good"), "SB-20")[-1] == "pass"

    def test_of_the_post_before_is_a_fault(self, begun, tell, verdicts):
        analysis = self.renewed(begun, tell)
        assert verdicts(analysis, "SB-20") == ["fail"]
        assert "msk-not-usable" not in {d.symptom for d in analysis.report.diagnoses}  # the UE answers it

    def test_cannot_be_told_where_the_last_post_is_missing(self, begun, tell, verdicts):
        gone = Edit(drop=True)
        analysis = self.renewed(begun, tell, edits={"post": gone, "post-answer": gone})
        assert verdicts(analysis, "SB-20") == ["inconc"]

    def test_is_not_judged_where_no_post_was_captured(self, begun, tell, keep, verdicts):
        analysis = self.renewed(begun, tell, lambda story: keep(story, *SIP, ("ue", "bm_sc"), ("ue", "bsf")))
        assert verdicts(analysis, "SB-20") == []


class TestSeveralBmScs:
    def test_a_repetition_at_another_node_is_none(self, begun, tell, verdicts):
        story = begun()
        story.sip("register", edits={"post": Edit(headers={"Host": "bmsc-2.home1.net"})})
        assert verdicts(tell(story), "SB-21") == ["pass", "pass"]

    def test_another_service_at_the_same_one_is_none(self, begun, tell, verdicts):
        story = begun()
        story.sip("register", services=("urn:home1.net:mbms:sport",))
        assert verdicts(tell(story), "SB-21") == ["pass", "pass"]
