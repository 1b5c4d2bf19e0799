"""EX rules: what keys do over time, on whole stories, without keys, and on legs seen in part."""

import pytest

from sample_pcaps.forge_text import Edit, base64_of
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK

CODES = ("EX-02", "EX-06", "EX-10")
ZN, UB, UA = ("bm_sc", "bsf"), ("ue", "bsf"), ("ue", "bm_sc")


def message_of(analysis, code):
    return next(j.message for j in analysis.report.judgements if j.rule == code and str(j.verdict) == "fail")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["http_good", "sip_good"])
def test_passes_on_the_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


class TestEndOfTheMuk:
    def pushed(self, after, **lifetimes):
        story = Story.begun_by_http(lifetime=60)
        story.register(zn=lifetimes or None)
        story.msk()
        story.wait(after)
        story.msk(verify=False, v=False)
        return story

    def test_is_kept_to_the_second(self, tell, verdicts):
        assert verdicts(tell(self.pushed(50)), "EX-02") == ["pass", "pass"]
        assert verdicts(tell(self.pushed(65)), "EX-02") == ["pass", "fail"]

    def test_is_that_of_zn_where_ub_was_not_captured(self, tell, keep, verdicts):
        story = keep(self.pushed(65), ZN, UA)
        assert verdicts(tell(story, keyring=""), "EX-02") == ["pass", "fail"]

    def test_is_that_of_ub_where_zn_was_not_captured(self, tell, keep, verdicts):
        assert verdicts(tell(keep(self.pushed(65), UB, UA)), "EX-02") == ["pass", "fail"]

    def test_cannot_be_told_where_nothing_tells_it(self, tell, keep, verdicts):
        assert verdicts(tell(keep(self.pushed(65), UA), keyring=""), "EX-02") == ["inconc", "inconc"]

    def test_does_not_hold_for_a_solicited_pull(self, tell, verdicts):
        story = Story.registered_by_http(lifetime=60)
        story.msk()
        story.wait(65)
        story.pull()
        assert verdicts(tell(story), "EX-02") == ["pass"]


class TestImpiOfABTid:
    def renewed(self, *, username=None, **zn):
        story = Story.registered_by_http()
        story.msk()
        story.wait(1)
        story.bootstrap(username=username)
        story.register(zn=zn or None)
        return story

    def test_that_changes_under_one_user_name_is_a_fault(self, tell, verdicts):
        story = self.renewed(username="user1_private@home1.net", impi="user7_private@home1.net")
        analysis = tell(story)
        assert verdicts(analysis, "EX-05") == ["fail"]
        assert "user7_private" in message_of(analysis, "EX-05")

    def test_that_stays_passes(self, tell, verdicts):
        assert verdicts(tell(self.renewed(username="user1_private@home1.net")), "EX-05") == ["pass"]

    def test_proves_nothing_where_only_an_address_joins_two_b_tids(self, tell, verdicts):
        """Two subscribers behind one NAT may even share an IMPU."""
        assert verdicts(tell(self.renewed(impi="user7_private@home1.net")), "EX-05") == []

    def test_is_that_of_the_dialog_where_the_ue_goes_by_a_tmpi(self, sample, verdicts):
        assert verdicts(sample("sip_good"), "EX-05") == ["pass"]
        assert verdicts(sample("new_b_tid_of_another_user"), "EX-05") == ["fail"]

    def test_is_not_judged_without_ub(self, tell, keep, verdicts):
        story = self.renewed(username="user1_private@home1.net", impi="user7_private@home1.net")
        assert verdicts(tell(keep(story, ZN, UA)), "EX-05") == []


class TestKeyInTheClear:
    def leaking(self, form):
        story = Story.begun_by_http()
        muk = story.ue.last.naf_key(story.naf_fqdn, story.ua_id)
        story.register(edits={"answer": Edit(headers={"X-Trace": form(muk)})})
        story.msk()
        return story

    @pytest.mark.parametrize("form", [bytes.hex, lambda muk: muk.hex().upper()])
    def test_is_found_in_hex(self, tell, verdicts, form):
        analysis = tell(self.leaking(form))
        assert "fail" in verdicts(analysis, "EX-06")

    @pytest.mark.parametrize("form", [bytes.hex, base64_of])
    @pytest.mark.parametrize(
        ("kind", "secret"),
        [("MSK", lambda story: story.msks[FIRST_MSK].key), ("RES", lambda story: story.ue.last.vector.res)],
    )
    def test_may_be_an_msk_or_res(self, tell, verdicts, kind, secret, form):
        story = Story.registered_by_http()
        story.msk()
        story.msk_request(edits={"answer": Edit(headers={"X-Trace": form(secret(story))})})
        analysis = tell(story)
        assert "fail" in verdicts(analysis, "EX-06")
        assert message_of(analysis, "EX-06") == f"{kind} stands in the clear"

    @pytest.mark.parametrize("secret", [bytes([0xFF, 10, *range(14)]), b"16 octets,\nASCII"], ids=["octets", "text"])
    def test_is_found_as_octets_beyond_the_end_of_a_line(self, tell, verdicts, secret):
        story = Story.registered_by_http()
        story.msk(key=secret)
        story.msk_request(edits={"answer": Edit(body=b"<!--" + secret + b"-->")})
        analysis = tell(story)
        assert verdicts(analysis, "EX-06").count("fail") == 1
        assert message_of(analysis, "EX-06") == "MSK stands in the clear"

    def test_does_not_stand_in_the_finding(self, tell):
        story = self.leaking(bytes.hex)
        muk = story.ue.last.naf_key(story.naf_fqdn, story.ua_id).hex()
        assert muk not in message_of(tell(story), "EX-06")

    def test_belongs_on_zn_and_in_the_post(self, sample, verdicts):
        assert set(verdicts(sample("sip_good"), "EX-06")) == {"pass"}

    def test_cannot_be_found_without_any_key(self, tell, keep, verdicts):
        assert verdicts(tell(keep(self.leaking(bytes.hex), UB, UA), keyring=""), "EX-06") == []


class TestOldBTid:
    def test_before_the_new_one_was_used_is_right(self, tell, verdicts):
        """An earlier bootstrapping counts as long as it lasts (TS 33.246 6.2.1.3)."""
        story = Story.registered_by_http()
        old = story.ue.last.b_tid
        story.bootstrap()
        story.msk_request(b_tid=old)
        assert verdicts(tell(story), "EX-07") == ["pass", "pass"]

    def test_after_the_new_one_comes_from_two_stores(self, sample, verdicts):
        assert verdicts(sample("old_b_tid_comes_back"), "EX-07") == ["pass", "pass", "fail"]

    def test_without_its_bootstrapping_is_not_judged(self, tell, keep, verdicts):
        story = Story.registered_by_http()
        old = story.ue.last.b_tid
        story.bootstrap()
        story.register()
        story.msk_request(b_tid=old)
        assert verdicts(tell(keep(story, ZN, UA)), "EX-07") == []

    def test_of_another_ue_does_not_count(self, sample, verdicts):
        assert set(verdicts(sample("two_ues"), "EX-07")) == {"pass"}


class TestCopiedBTid:
    @pytest.mark.parametrize(
        "write", [lambda b: b.replace("==", ""), lambda b: b.replace("=", "%3D"), lambda b: b.replace("==", "=")]
    )
    def test_written_otherwise_is_a_fault(self, tell, verdicts, write):
        story = Story.begun_by_http()
        story.register(b_tid=write(story.ue.last.b_tid))
        analysis = tell(story)
        assert set(verdicts(analysis, "EX-10")) == {"fail"}
        assert story.ue.last.b_tid in message_of(analysis, "EX-10")

    def test_may_have_its_host_in_capitals(self, tell, verdicts):
        """The host of an NAI is a domain name (RFC 7542)."""
        story = Story.begun_by_http()
        story.register(b_tid=story.ue.last.b_tid.replace("bsf.home1.net", "BSF.Home1.net"))
        assert "fail" not in verdicts(tell(story), "EX-10")

    def test_of_a_bootstrapping_not_captured_is_not_judged(self, tell, keep, verdicts):
        story = Story.begun_by_http()
        story.register(b_tid=story.ue.last.b_tid.replace("==", ""))
        assert verdicts(tell(keep(story, ZN, UA)), "EX-10") == []
