"""DG rules on what follows a challenge or a refusal: what they pass, leave alone, and cannot tell."""

import pytest

from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

BUSY = "503 Service Unavailable"
FIXED = {"cnonce": "0123456789abcdef", "opaque": "fedcba9876543210"}
SAME = {"challenge": Edit(claim={"opaque": FIXED["opaque"]}), "authorized": Edit(digest=FIXED)}


def challenged(seconds=25.0, **more):
    """A registration that ends with a 401, and how long the capture goes on."""
    story = Story.begun_by_http()
    story.register(retry=False, **more)
    story.linger(seconds)
    return story


SILENT = {"edits": {"bia": Edit(drop=True)}}


def refused(status, **more):
    story = Story.begun_by_http()
    story.register(status=status, **more)
    return story


@pytest.mark.parametrize("code", ["DG-08", "DG-09", "DG-11"])
@pytest.mark.parametrize("name", ["http_good", "two_ues", "ipv6", "missed_update", "second_challenges"])
def test_passes_on_the_good_stories(sample, verdicts, name, code):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", ["DG-10", "DG-12", "DG-13", "DG-14"])
def test_is_for_stories_with_a_refusal(sample, verdicts, code):
    assert verdicts(sample("http_good"), code) == []


@pytest.mark.parametrize("code", ["DG-08", "DG-09", "DG-11", "DG-12", "DG-13", "DG-14"])
def test_is_not_of_the_sip_variant(sample, verdicts, code):
    assert verdicts(sample("sip_good"), code) == []


class TestCount:
    def test_each_nonce_has_its_own(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk_request(challenge=True, preauthorize=True, stale=True)
        story.msk_request()
        assert set(verdicts(tell(story), "DG-08")) == {"pass"}

    def test_a_count_that_goes_back(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk_request(nc="00000005")
        story.deregister(nc="00000004")
        assert verdicts(tell(story), "DG-08") == ["pass", "pass", "fail"]

    def test_a_cnonce_is_needed(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(edits={"authorized": Edit(digest={"cnonce": None})})
        assert verdicts(tell(story), "DG-08") == ["fail"]

    def test_a_count_that_is_no_number_is_not_compared(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk_request(nc="none")
        assert verdicts(tell(story), "DG-08") == ["pass", "pass"]


class TestReplay:
    def replayed(self, **more):
        story = Story.begun_by_http()
        story.register(edits=SAME)
        story.wait(5)
        story.register(nc="00000001", edits={"authorized": Edit(digest=FIXED)}, **more)
        return story

    def test_it_is_no_mistake_of_the_ue(self, tell, verdicts):
        analysis = tell(self.replayed())
        assert verdicts(analysis, "DG-09") == ["pass", "fail"]
        assert verdicts(analysis, "DG-08") == ["pass", "pass"]

    def test_refused_it_does_no_harm(self, tell, verdicts):
        assert verdicts(tell(self.replayed(status="403 Forbidden")), "DG-09") == ["pass"]

    def test_a_request_that_got_no_answer_may_come_again(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(edits=SAME | {"answer": Edit(drop=True)})
        story.wait(70)
        story.register(nc="00000001", edits={"authorized": Edit(digest=FIXED)})
        assert "fail" not in verdicts(tell(story), "DG-09")


class TestStale:
    def renewed(self, lifetime=3600.0):
        story = Story.begun_by_http(lifetime=lifetime)
        story.register()
        story.wait(1)
        story.msk_request(challenge=True, preauthorize=True, stale=True, retry=False)
        story.bootstrap()
        story.msk_request()
        return story

    def test_the_same_b_tid_is_right(self, sample, verdicts):
        assert verdicts(sample("second_challenges"), "DG-10") == ["pass"]

    def test_a_new_one_is_not(self, tell, verdicts):
        assert verdicts(tell(self.renewed()), "DG-10") == ["fail"]

    def test_near_its_end_ks_may_be_renewed(self, tell, verdicts):
        assert verdicts(tell(self.renewed(lifetime=120)), "DG-10") == ["pass"]

    def test_a_lifetime_that_was_not_captured(self, tell, verdicts):
        story = self.renewed()
        story.cut(0.1)
        assert verdicts(tell(story), "DG-10") == ["inconc"]


class TestChallenge:
    def test_without_an_answer(self, tell, verdicts):
        assert verdicts(tell(challenged()), "DG-11") == ["fail"]

    def test_the_capture_ends_too_early(self, tell, verdicts):
        assert verdicts(tell(challenged(5)), "DG-11") == ["inconc"]

    def test_octets_that_were_not_captured(self, tell, verdicts):
        story = challenged()
        story.tape.packets = [p for p in story.tape.packets if b"POST /keymanagement?requesttype=authorize" not in p[1]]
        assert "fail" not in verdicts(tell(story), "DG-11")

    def test_a_user_that_has_left(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(retry=False)
        story.wait(1)
        story.bye()
        story.linger(25)
        assert verdicts(tell(story), "DG-11") == ["pass"]

    def test_a_ue_that_gets_no_ks(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(retry=False)
        story.bootstrap(stop_after="challenge")
        story.linger(25)
        assert verdicts(tell(story), "DG-11") == ["pass"]

    def test_a_ue_that_asks_for_something_else(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(retry=False)
        story.wait(1)
        story.msk_request()
        story.linger(25)
        assert verdicts(tell(story), "DG-11")[0] == "pass"

    def test_a_refused_b_tid_once_more(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(retry=False)
        story.register(challenge=True, preauthorize=True, retry=False)
        story.register()
        assert verdicts(tell(story), "DG-11") == ["fail"]


class TestZn:
    def test_an_unknown_b_tid_makes_a_401(self, sample, verdicts):
        assert "pass" in verdicts(sample("expired_b_tid_http"), "DG-12")

    def test_another_error_is_another_matter(self, tell, verdicts):
        assert verdicts(tell(refused("403 Forbidden", zn={"result": 5402})), "DG-12") == []

    def test_the_answer_to_the_ue_is_missing(self, tell, verdicts):
        story = refused("403 Forbidden", zn={"result": 5403}, edits={"answer": Edit(drop=True)})
        assert "fail" not in verdicts(tell(story), "DG-12")

    @pytest.mark.parametrize(
        ("status", "verdict"),
        [("504 Gateway Timeout", "pass"), ("500 Internal Server Error", "fail"), ("403 Forbidden", "fail")],
    )
    def test_a_silent_bsf(self, tell, verdicts, status, verdict):
        waited = {"answer": Edit(delay=5, headers={"Authentication-Info": None})}
        assert verdicts(tell(refused(status, zn=SILENT, edits=waited)), "DG-13") == [verdict]

    @pytest.mark.parametrize(
        "edit", [Edit(headers={"Authentication-Info": None}), Edit(delay=5, headers={"Authentication-Info": "rspauth"})]
    )
    def test_a_bsf_of_which_an_answer_may_be_missing(self, tell, verdicts, edit):
        """The BM-SC says so at once, or as one that has the key."""
        assert verdicts(tell(refused("403 Forbidden", zn=SILENT, edits={"answer": edit})), "DG-13") == ["inconc"]

    def test_a_bsf_of_which_no_answer_is_captured(self, tell, verdicts):
        story = refused("403 Forbidden")
        bsf = bytes(map(int, story.addresses.bsf.split(".")))
        story.tape.packets = [p for p in story.tape.packets if p[1][26:30] != bsf]
        assert "fail" not in verdicts(tell(story), "DG-13")

    def test_a_bsf_that_answers(self, tell, verdicts):
        assert verdicts(tell(refused("403 Forbidden")), "DG-13") == ["pass"]

    def test_overload_with_a_hint(self, tell, verdicts):
        hint = {"answer": Edit(headers={"Retry-After": "30"})}
        assert verdicts(tell(refused(BUSY, edits=hint)), "DG-13") == ["pass"]


class TestRepeat:
    def repeated(self, status, seconds, **more):
        story = refused(status, **more)
        story.wait(seconds)
        story.register()
        return story

    @pytest.mark.parametrize(("seconds", "verdict"), [(5, "fail"), (11, "pass")])
    def test_retry_after_is_waited_for(self, tell, verdicts, seconds, verdict):
        hint = {"answer": Edit(headers={"Retry-After": "10"})}
        assert verdicts(tell(self.repeated(BUSY, seconds, edits=hint)), "DG-14") == [verdict]

    @pytest.mark.parametrize(
        ("hint", "verdict"),
        [("soon", "pass"), ("Thu, 01 Jan 2026 00:10:00 GMT", "fail"), ("Thu, 01 Jan 2026 00:00:00 GMT", "pass")],
    )
    def test_a_hint_may_be_a_date(self, tell, verdicts, hint, verdict):
        # RFC 9110 10.2.3: held against the Date of the answer, so that clocks do not matter
        edits = {"answer": Edit(headers={"Retry-After": hint})}
        assert verdicts(tell(self.repeated(BUSY, 5, edits=edits)), "DG-14") == [verdict]

    @pytest.mark.parametrize(("seconds", "verdict"), [(5, "fail"), (60, "pass")])
    def test_after_a_403(self, tell, verdicts, seconds, verdict):
        assert verdicts(tell(self.repeated("403 Forbidden", seconds)), "DG-14") == [verdict]

    def test_after_another_invite_the_answer_may_be_another(self, tell, verdicts):
        story = refused("403 Forbidden")
        story.wait(1)
        story.invite()
        story.register()
        assert verdicts(tell(story), "DG-14") == ["pass"]

    def test_another_service_is_no_repetition(self, tell, verdicts):
        story = refused("403 Forbidden")
        story.register(services=("urn:home1.net:mbms:sport",))
        assert verdicts(tell(story), "DG-14") == []


@pytest.mark.parametrize("apart", [3_000_000, 20_000_000, 500_000_000])
def test_two_ues_behind_one_address_do_not_answer_for_each_other(tell, failed, apart):
    story = Story("nat", by_sip=False, ues=2)
    behind = "192.0.2.1"
    steps = (
        (story.bootstrap, {"edits": {"first": Edit(src=behind)}}),
        (story.invite, {}),
        (story.register, {"ip": behind}),
        (story.msk_request, {"ip": behind}),
    )
    for step, more in steps:
        begin, ends = story.now, []
        for number, ue in enumerate(story.ues):
            story.now = begin + number * apart
            step(ue, **more)
            ends.append(story.now)
        story.now = max(ends) + 100_000_000
    story.linger(30)
    assert {code for code in failed(tell(story)) if code.startswith(("UB", "DG"))} == set()
