"""SB rules on INVITE and re-INVITE: bodies in any wrapping, old and new B-TIDs, dialogs seen in part."""

import pytest

from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import PSI
from sample_pcaps.story import Story
from sample_pcaps.story_sip import B_TID_TYPE

CODES = ("SB-01", "SB-02", "SB-13", "SB-14", "SB-16", "SB-18", "SB-19")


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("sip_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
def test_is_not_of_the_http_variant(sample, verdicts, code):
    assert verdicts(sample("http_good"), code) == []


def test_one_leg_of_sip_is_enough(begun, tell, keep, failed):
    for legs in ([("ue", "p_cscf")], [("p_cscf", "scf")]):
        story = begun()
        story.keys_and_media()
        story.linger(20)
        assert failed(tell(keep(story, *legs))) == set()


class TestBodies:
    @pytest.mark.parametrize("kind", ["application/xml", "text/xml", "application/vnd.3gpp.b-tid+xml; charset=utf-8"])
    def test_have_no_fixed_content_type(self, begun, tell, verdicts, kind):
        def renamed(parts):
            return [(kind if name == B_TID_TYPE else name, octets) for name, octets in parts]

        assert verdicts(tell(begun(ue_parts=renamed)), "SB-01") == ["pass"]

    def test_in_a_type_that_is_not_read_leave_it_open(self, begun, tell, verdicts):
        def hidden(parts):
            return [("application/octet-stream" if name == B_TID_TYPE else name, octets) for name, octets in parts]

        assert verdicts(tell(begun(ue_parts=hidden)), "SB-01") == ["inconc"]

    def test_without_a_b_tid_are_a_fault(self, begun, tell, verdicts):
        def without(parts):
            return [part for part in parts if part[0] != B_TID_TYPE]

        assert verdicts(tell(begun(ue_parts=without)), "SB-01") == ["fail"]


class TestBTid:
    def test_of_a_bootstrapping_before_the_capture_is_not_judged(self, begun, tell, keep, verdicts):
        story = begun()
        assert verdicts(tell(keep(story, ("ue", "p_cscf"), ("p_cscf", "scf"))), "SB-02") == []

    def test_other_than_those_seen_leaves_it_open(self, begun, tell, verdicts):
        story = begun()
        story.cut(0.15)
        story.at(10)
        story.bootstrap()
        assert verdicts(tell(story), "SB-02") == ["inconc"]

    def test_that_has_just_ended_is_a_fault(self, tell, verdicts):
        story = Story("ended", by_sip=True)
        story.bootstrap(lifetime=10)
        story.wait(11)
        story.sip("register")
        assert verdicts(tell(story), "SB-02") == ["fail"]


class TestRefused:
    def test_and_renewed_is_right(self, tell, verdicts):
        story = Story("renewed", by_sip=True)
        story.bootstrap()
        story.sip("register", zn={"result": 5403}, post="never", status="401 Unauthorized")
        story.bootstrap()
        story.sip("register", in_dialog=False)
        assert verdicts(tell(story), "SB-05") == ["pass"]

    def test_and_accepted_is_a_fault(self, tell, verdicts):
        story = Story("accepted", by_sip=True)
        story.bootstrap()
        story.sip("register", zn={"result": 5403}, post="never")
        assert verdicts(tell(story), "SB-05") == ["fail"]

    def test_without_an_answer_is_open_until_it_is_due(self, tell, verdicts):
        silent = dict.fromkeys(("isc-ok", "gm-ok", "gm-ack", "isc-ack"), Edit(drop=True))
        for linger, verdict in ((2, "inconc"), (40, "fail")):
            story = Story("silent", by_sip=True)
            story.bootstrap()
            story.sip("register", zn={"result": 5403}, post="never", edits=silent)
            story.linger(linger)
            assert verdicts(tell(story), "SB-05") == [verdict]


class TestOk:
    @pytest.mark.parametrize(("when", "verdict"), [("before", "pass"), ("late", "fail"), ("after", "fail")])
    def test_waits_for_the_bm_sc(self, begun, tell, verdicts, when, verdict):
        story = begun(post=when)
        story.linger(12)
        assert verdicts(tell(story), "SB-13") == [verdict]

    @pytest.mark.parametrize(("linger", "found"), [(1, ["pass"]), (12, ["fail", "pass"])])
    def test_without_a_post_is_a_fault_when_it_is_due(self, begun, tell, verdicts, linger, found):
        story = begun()
        story.wait(1)
        story.sip("deregister", post="never")
        story.linger(linger)
        assert sorted(verdicts(tell(story), "SB-13")) == found

    def test_changed_is_a_fault(self, begun, tell, verdicts):
        def changed(parts):
            return [(kind, octets.replace(b">200<", b">403<")) for kind, octets in parts]

        assert verdicts(tell(begun(ok_parts=changed)), "SB-13") == ["fail"]

    def test_in_a_type_that_is_not_read_leaves_it_open(self, begun, tell, verdicts):
        def hidden(parts):
            return [(kind if kind == "application/sdp" else "application/octet-stream", o) for kind, o in parts]

        assert verdicts(tell(begun(ok_parts=hidden)), "SB-13") == ["inconc"]


class TestDialog:
    @pytest.mark.parametrize(("asked", "code"), [("deregister", "SB-14"), ("msk-request", "SB-16")])
    def test_of_its_own_is_a_fault(self, begun, tell, verdicts, asked, code):
        story = begun()
        story.wait(1)
        story.sip(asked, in_dialog=False)
        assert verdicts(tell(story), code) == ["fail"]


class TestNewBTid:
    def test_never_registered_is_a_fault_when_the_old_one_has_ended(self, tell, verdicts):
        story = Story.begun_by_sip(lifetime=60)
        story.msk()
        story.at(50)
        story.bootstrap()
        story.linger(30)
        assert verdicts(tell(story), "SB-18") == ["fail"]

    @pytest.mark.parametrize("leave", ["bye", "deregister"])
    def test_need_not_be_registered_by_a_ue_that_has_left(self, tell, verdicts, leave):
        story = Story.begun_by_sip(lifetime=60)
        story.msk()
        story.at(40)
        story.bye() if leave == "bye" else story.sip("deregister")
        story.at(50)
        story.bootstrap()
        story.linger(30)
        assert verdicts(tell(story), "SB-18") == []

    def test_has_time_until_the_old_one_ends(self, tell, verdicts):
        story = Story.begun_by_sip(lifetime=600)
        story.msk()
        story.at(50)
        story.bootstrap()
        story.linger(30)
        assert verdicts(tell(story), "SB-18") == []


class TestRequestUri:
    def test_of_a_dialog_that_began_before_the_capture_is_not_judged(self, begun, tell, verdicts):
        story = begun()
        story.at(10)
        story.sip("msk-request", uri=PSI)
        story.cut(5)
        assert verdicts(tell(story), "SB-19") == []

    def test_that_names_the_service_is_a_fault(self, begun, tell, verdicts):
        assert verdicts(tell(begun(uri="sip:urn%3Ahome1.net%3Ambms%3Anews@home1.net")), "SB-19") == ["fail"]

    def test_may_be_the_contact_of_the_scf(self, begun, tell, verdicts):
        story = begun(edits=dict.fromkeys(("gm-ok", "isc-ok"), Edit(headers={"Contact": "<sip:s1@10.3.0.1:5070>"})))
        story.sip("msk-request", uri="sip:s1@10.3.0.1:5070")
        assert verdicts(tell(story), "SB-19") == ["pass", "pass"]
