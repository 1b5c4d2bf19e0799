"""What UE and BM-SC had agreed on: by both variants, before and after each step."""

import pytest

from analyzer.procedures import history
from sample_pcaps.stage import BM_SC_FQDN, NEWS, SCF_FQDN, SPORT, START
from sample_pcaps.story import Story

SECOND = 10**9
LATER = START + 10_000 * SECOND


def told(analysis):
    return analysis.story, analysis.story.traffic.sessions[0]


def begun(by_sip, **more):
    return Story.begun_by_sip(**more) if by_sip else Story.registered_by_http(**more)


@pytest.mark.parametrize("by_sip", [False, True])
class TestRegistered:
    def test_names_b_tid_address_and_naf(self, tell, by_sip):
        story = begun(by_sip)
        case, ue = told(tell(story))
        assert history.last_b_tid(case, ue, LATER) == story.ue.last.b_tid
        assert history.registered_addresses(case, ue, LATER) == (story.ue.ip,)
        assert history.naf_fqdns(case, ue, LATER) == (SCF_FQDN if by_sip else BM_SC_FQDN,)
        assert not history.deregistered(case, ue, LATER)

    def test_names_nothing_before_the_answer(self, tell, by_sip):
        story = begun(by_sip)
        case, ue = told(tell(story))
        (run,) = case.runs_of(ue, *history.REGISTERING)
        before = history.answered(run) - 1
        assert history.last_b_tid(case, ue, before) is None
        assert history.registered_addresses(case, ue, before) == history.naf_fqdns(case, ue, before) == ()
        assert history.last_b_tid(case, ue, history.answered(run)) == story.ue.last.b_tid

    def test_goes_over_to_the_b_tid_used_last(self, tell, by_sip):
        story = begun(by_sip)
        first = story.ue.last.b_tid
        story.wait(1)
        story.bootstrap()
        middle = story.now
        story.wait(1)
        story.sip("register") if by_sip else story.register()
        case, ue = told(tell(story))
        assert history.last_b_tid(case, ue, middle) == first
        assert history.last_b_tid(case, ue, LATER) == story.ue.last.b_tid != first

    def test_ends_with_the_deregistration(self, tell, by_sip):
        story = begun(by_sip)
        story.wait(1)
        middle = story.now
        story.sip("deregister") if by_sip else story.deregister()
        case, ue = told(tell(story))
        assert not history.deregistered(case, ue, middle)
        assert history.deregistered(case, ue, LATER)


class TestGranted:
    def test_are_the_services_with_status_200(self, tell):
        story = Story.begun_by_http()
        story.register(services=(NEWS, SPORT), statuses={SPORT: 403})
        case, ue = told(tell(story))
        (run,) = case.runs_of(ue, "http-registration")
        assert history.granted(run) == (NEWS,)

    def test_are_msks_by_domain_and_id(self, tell):
        story = Story.registered_by_http()
        story.msk_request(pairs=((b"\x00\xf1\x10", b"\0\1\0\2"),))
        case, ue = told(tell(story))
        (run,) = case.runs_of(ue, "http-msk-request")
        assert history.granted(run) == ("00f11000010002",)

    def test_are_none_after_a_refusal(self, tell):
        story = Story.begun_by_http()
        story.register(status="403 Forbidden")
        case, ue = told(tell(story))
        (run,) = case.runs_of(ue, "http-registration")
        assert history.granted(run) == ()
        assert history.last_b_tid(case, ue, LATER) is None


class TestExpiryOfAMuk:
    def test_is_what_zn_said(self, tell):
        story = Story.begun_by_http(lifetime=60)
        b_tid, end = story.ue.last.b_tid, story.ue.last.lifetime // SECOND * SECOND - 20 * SECOND
        story.register(zn={"expiry": end})
        case, _ = told(tell(story))
        assert history.muk_expiry(case, b_tid, LATER) == end

    def test_is_what_the_scf_said_where_it_did(self, tell):
        story = Story.begun_by_sip(lifetime=60)
        case, _ = told(tell(story))
        end = story.ue.last.lifetime // SECOND * SECOND
        assert history.muk_expiry(case, story.ue.last.b_tid, LATER) == end

    def test_is_that_of_ub_before_anybody_said(self, tell):
        story = Story.begun_by_http(lifetime=60)
        run = story.ue.last
        story.register(zn={"expiry": run.lifetime + 3600 * SECOND})
        case, _ = told(tell(story))
        assert history.muk_expiry(case, run.b_tid, START) == run.lifetime // SECOND * SECOND

    def test_of_a_stranger_is_not_known(self, tell):
        case, _ = told(tell(Story.registered_by_http()))
        assert history.muk_expiry(case, "AAAA@bsf.home1.net", LATER) is None


def test_msk_messages_are_those_of_one_ue_with_its_pulls(tell):
    story = Story.registered_by_http(ues=2)
    for ue in story.ues:
        story.msk(ue)
    story.pull()
    case = tell(story).story
    counts = {ue.impi[0]: len(history.msk_messages(case, ue)) for ue in case.traffic.sessions}
    assert counts == {"user1_private@home1.net": 2, "user2_private@home1.net": 1}
