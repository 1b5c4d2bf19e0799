"""UB rules on what a BSF grants: what they pass, what they leave alone, and what they cannot tell."""

import pytest

from sample_pcaps.forge_keys import b_tid_of, made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

CODES = ("UB-08", "UB-09", "UB-10", "UB-11", "UB-12")
RAND = made_up("RAND of a test", 16)


def bootstrapped(**more):
    story = Story("bootstrapping", by_sip=False)
    story.bootstrap(**more)
    return story


def xml(*inside, namespace="uri:3gpp-gba", root="BootstrappingInfo"):
    return f'<?xml version="1.0"?><{root} xmlns="{namespace}">{"".join(inside)}</{root}>'


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["http_good", "sip_good", "second_challenges"])
def test_passes_on_the_good_stories(sample, verdicts, name, code):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
def test_is_not_of_a_capture_without_ub(sample, verdicts, code):
    assert verdicts(sample("mid_capture"), code) == []


@pytest.mark.parametrize("code", CODES[:4])
def test_without_a_grant_there_is_nothing_to_judge(tell, verdicts, code):
    assert verdicts(tell(bootstrapped(stop_after="second")), code) == []


class TestProof:
    def test_needs_res(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(), keyring=""), "UB-08") == ["inconc"]

    def test_its_absence_needs_nothing(self, tell, verdicts):
        story = bootstrapped(edits={"ok": Edit(headers={"Authentication-Info": None})})
        assert verdicts(tell(story, keyring=""), "UB-08") == ["fail"]

    def test_another_xres(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(xres=made_up("XRES of nobody", 8))), "UB-08") == ["fail"]

    def test_a_body_changed_on_the_way(self, tell, verdicts):
        later = Edit(mutate=lambda octets: octets.replace(b"<lifetime>2026", b"<lifetime>2027"))
        assert verdicts(tell(bootstrapped(edits={"ok": later})), "UB-08") == ["fail"]

    def test_lost_octets_may_be_the_cause(self, tell, verdicts):
        story = bootstrapped(resync=True)
        story.tape.packets = [p for p in story.tape.packets if b'auts="' not in p[1]]
        assert "fail" not in verdicts(tell(story), "UB-08")


class TestForm:
    @pytest.mark.parametrize(
        "body",
        [
            xml("<btid>a@bsf.home1.net</btid>"),
            xml("<lifetime>2026-01-01T01:00:00Z</lifetime>"),
            xml("<btid>a@b</btid><lifetime>2026-01-01T01:00:00Z</lifetime>", namespace="uri:other"),
            xml("<btid>a@b</btid>", root="Other"),
            "",
        ],
        ids=["no lifetime", "no btid", "namespace", "root", "nothing"],
    )
    def test_what_is_not_well_formed(self, tell, verdicts, body):
        assert verdicts(tell(bootstrapped(edits={"ok": Edit(body=body)})), "UB-09") == ["fail"]

    def test_a_body_that_we_do_not_read_is_not_judged(self, tell, verdicts):
        body = xml("<btid>a@b</btid><lifetime>2026-01-01T01:00:00Z</lifetime>").replace("?>", "?><!DOCTYPE x>")
        assert verdicts(tell(bootstrapped(edits={"ok": Edit(body=body)})), "UB-09") == ["inconc"]

    def test_a_parameter_of_the_content_type_is_taken(self, tell, verdicts):
        utf8 = Edit(headers={"Content-Type": "application/vnd.3gpp.bsf+xml; charset=utf-8"})
        assert verdicts(tell(bootstrapped(edits={"ok": utf8})), "UB-09") == ["pass"]

    def test_half_an_answer_is_not_judged(self, tell, verdicts):
        half = Edit(headers={"Content-Length": "9999"})
        analysis = tell(bootstrapped(edits={"ok": half}))
        assert "fail" not in verdicts(analysis, "UB-09")


class TestBTid:
    def test_the_rand_of_the_last_challenge_counts(self, tell, verdicts):
        story = bootstrapped(rand=RAND, resync=True, b_tid=b_tid_of(RAND, "bsf.home1.net"))
        assert verdicts(tell(story), "UB-10") == ["fail"]

    @pytest.mark.parametrize("b_tid", ["nobody", "!@bsf.home1.net"])
    def test_what_is_no_b_tid(self, tell, verdicts, b_tid):
        assert verdicts(tell(bootstrapped(b_tid=b_tid)), "UB-10") == ["fail"]

    def test_the_domain_may_be_another_than_the_host(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(rand=RAND, b_tid=b_tid_of(RAND, "ims.example"))), "UB-10") == ["pass"]

    def test_a_challenge_that_cannot_be_read(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(nonce="AAAA")), "UB-10") == ["inconc"]


class TestLifetime:
    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("2026-01-01T01:00:00Z", "pass"),
            ("2026-01-01T01:00:00.500Z", "pass"),
            ("2026-01-01T01:00:00+00:00", "pass"),
            ("2026-01-01T01:00:00", "fail"),
            ("2026-01-01T03:00:00+02:00", "fail"),
            ("2025-12-31T23:59:59Z", "fail"),
            ("3600", "fail"),
            ("tomorrow", "fail"),
        ],
    )
    def test_of_texts(self, tell, verdicts, text, verdict):
        assert verdicts(tell(bootstrapped(lifetime_text=text)), "UB-11") == [verdict]

    @pytest.mark.parametrize("date", ["Wed, 31 Dec 2025 22:00:00 GMT", "Wed, 31 Dec 2025 22:00:00 -0000"])
    def test_the_clock_of_the_bsf_counts(self, tell, verdicts, date):
        """Where the clock of the capture is late, the key is still good by that of the BSF."""
        story = bootstrapped(lifetime_text="2025-12-31T23:00:00Z", edits={"ok": Edit(headers={"Date": date})})
        assert verdicts(tell(story), "UB-11") == ["pass"]

    def test_a_date_that_is_none_does_not_count(self, tell, verdicts):
        story = bootstrapped(edits={"ok": Edit(headers={"Date": "today"})})
        assert verdicts(tell(story), "UB-11") == ["pass"]


class TestTmpi:
    @pytest.mark.parametrize("name", ["user_agent", "server"])
    def test_one_end_that_does_not_know_it(self, tell, verdicts, name):
        assert verdicts(tell(bootstrapped(**{name: "old/1.0"})), "UB-12") == ["fail"]
