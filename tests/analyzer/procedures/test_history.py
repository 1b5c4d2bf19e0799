"""What a UE and its BM-SC had agreed on: asked before, between and after the steps of a story."""

from analyzer.procedures import history
from sample_pcaps.forge import SECOND
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

ZN, UA, UB = ("bm_sc", "bsf"), ("ue", "bm_sc"), ("ue", "bsf")


def only_ue(analysis):
    (ue,) = analysis.story.traffic.sessions
    return analysis.story, ue


def answer_time(story, ue, kind="http-registration"):
    return history.answered(story.runs_of(ue, kind)[0])


class TestBefore:
    def test_gives_the_newest_first(self, tell):
        told = Story.registered_by_http()
        told.msk_request()
        story, ue = only_ue(tell(told))
        kinds = (*history.REGISTERING, *history.REQUESTING)
        found = [run.procedure.kind for run in history.before(story, ue, told.now, *kinds)]
        assert found == ["http-msk-request", "http-registration"]

    def test_leaves_out_what_was_refused_and_what_came_later(self, tell):
        told = Story.begun_by_http()
        told.register(status="503 Service Unavailable")
        told.register()
        story, ue = only_ue(tell(told))
        (run,) = history.before(story, ue, told.now, "http-registration")
        assert list(history.before(story, ue, history.answered(run) - 1, "http-registration")) == []


class TestBTid:
    def test_is_that_of_the_last_registration_or_request(self, tell):
        told = Story.registered_by_http()
        first = told.ue.last.b_tid
        then = told.now
        told.bootstrap()
        told.msk_request()
        story, ue = only_ue(tell(told))
        assert history.last_b_tid(story, ue, then) == first
        assert history.last_b_tid(story, ue, told.now) == told.ue.last.b_tid != first

    def test_is_none_before_the_first(self, tell):
        story, ue = only_ue(tell(Story.registered_by_http()))
        assert history.last_b_tid(story, ue, answer_time(story, ue) - 1) is None

    def test_stands_in_the_invite_too(self, tell):
        told = Story.begun_by_sip()
        story, ue = only_ue(tell(told))
        (run,) = story.runs_of(ue, "sip-initiation")
        assert history.b_tid_of(run) == told.ue.last.b_tid


class TestAddressAndName:
    def test_are_those_of_the_registration(self, tell):
        told = Story.registered_by_http()
        story, ue = only_ue(tell(told))
        assert history.registered_addresses(story, ue, told.now) == (told.ue.ip,)
        assert history.naf_fqdns(story, ue, told.now) == ("bmsc.home1.net",)

    def test_are_those_of_the_post(self, tell):
        told = Story("sip", by_sip=True)
        told.bootstrap()
        told.sip("register", key_info={"ue_ip": "10.9.9.9"})
        story, ue = only_ue(tell(told))
        assert history.registered_addresses(story, ue, told.now) == ("10.9.9.9",)
        assert history.naf_fqdns(story, ue, told.now) == (told.naf_fqdn,)

    def test_are_unknown_before(self, tell):
        told = Story.registered_by_http()
        story, ue = only_ue(tell(told))
        assert history.registered_addresses(story, ue, 0) == history.naf_fqdns(story, ue, 0) == ()


class TestServices:
    def test_are_granted_by_their_status(self, tell):
        told = Story.begun_by_http()
        told.register(statuses={NEWS: 403})
        told.register()
        story, ue = only_ue(tell(told))
        assert [history.granted(run) for run in story.runs_of(ue, "http-registration")] == [(), (NEWS,)]

    def test_end_with_the_deregistration(self, tell):
        told = Story.registered_by_http()
        then = told.now
        told.deregister()
        left = told.now
        told.register()
        story, ue = only_ue(tell(told))
        assert [history.deregistered(story, ue, time) for time in (0, then, left, told.now)] == [
            False, False, True, False,
        ]  # fmt: skip


def test_msk_messages_are_those_to_the_ue_with_pulls_and_without_verifications(tell):
    told = Story.registered_by_http()
    told.msk(msk_id=FIRST_MSK)
    told.pull()
    told.msk(msk_id=SECOND_MSK)
    told.mtk(SECOND_MSK)
    story, ue = only_ue(tell(told))
    assert [message.body.t.value for message in history.msk_messages(story, ue)] == [1, 2, 3]


class TestEndOfAMuk:
    def test_is_what_zn_told(self, tell):
        told = Story.begun_by_http()
        expiry = told.now + 600 * SECOND
        told.register(zn={"expiry": expiry})
        story, _ = only_ue(tell(told))
        b_tid = told.ue.last.b_tid
        assert history.muk_expiry(story, b_tid, told.now) == expiry // SECOND * SECOND

    def test_is_that_of_ub_until_zn_is_asked(self, tell):
        told = Story.begun_by_http()
        then = told.now
        told.register(zn={"expiry": told.now + 600 * SECOND})
        story, _ = only_ue(tell(told))
        run = told.ue.last
        assert history.muk_expiry(story, run.b_tid, then) == run.lifetime // SECOND * SECOND

    def test_is_that_of_the_post_before_that_of_zn(self, tell):
        told = Story("sip", by_sip=True)
        told.bootstrap()
        told.sip("register", key_info={"lifetime": told.iso(told.now + 60 * SECOND)})
        story, _ = only_ue(tell(told))
        ends = history.muk_expiry(story, told.ue.last.b_tid, told.now)
        assert ends is not None
        assert ends < told.ue.last.lifetime - 3000 * SECOND

    def test_is_the_latest_that_was_told(self, tell):
        told = Story.registered_by_http()
        later = told.ue.last.lifetime + 60 * SECOND
        told.zn(expiry=later)
        told.zn(expiry=told.now + SECOND)
        story, _ = only_ue(tell(told))
        assert history.muk_expiry(story, told.ue.last.b_tid, told.now) == later // SECOND * SECOND

    def test_is_that_of_zn_where_the_post_has_none(self, tell):
        told = Story("sip", by_sip=True)
        told.bootstrap()
        told.sip("register", key_info={"lifetime": None})
        story, _ = only_ue(tell(told))
        run = told.ue.last
        assert history.muk_expiry(story, run.b_tid, told.now) == run.lifetime // SECOND * SECOND

    def test_is_unknown_where_nothing_tells(self, tell, keep):
        told = Story.begun_by_http()
        told.register(zn={"edits": {"bia": Edit(drop=True)}})
        story = tell(keep(told, ZN, UA)).story
        assert history.muk_expiry(story, told.ue.last.b_tid, told.now) is None
        assert history.muk_expiry(story, "nobody@bsf.home1.net", told.now) is None


class TestRetiredMuk:
    def renewed(self, tell, **more):
        told = Story.registered_by_http()
        old = told.ue.last.b_tid
        told.bootstrap()
        told.register()
        told.msk(**more)
        return *only_ue(tell(told)), old, told.ue.last.b_tid, told.now

    def test_went_with_the_acknowledgement_of_a_newer_one(self, tell):
        story, ue, old, new, now = self.renewed(tell)
        message = history.muk_retired_by(story, ue, old, now + SECOND)
        assert message is not None
        assert message.payload.src == ue.addresses[0]
        assert history.muk_retired_by(story, ue, old, message.time) is None
        assert history.muk_retired_by(story, ue, new, now + SECOND) is None

    def test_is_held_where_nothing_was_acknowledged(self, tell):
        story, ue, old, _, now = self.renewed(tell, verify=False)
        assert history.muk_retired_by(story, ue, old, now + SECOND) is None
        assert history.muk_retired_by(story, ue, "unknown@bsf.home1.net", now + SECOND) is None
