"""SI rules on the authorization: absence counts only where the capture would have shown it."""

import pytest

from sample_pcaps.forge_text import Edit, Text, authorize_xml
from sample_pcaps.stage import BM_SC_FQDN, NEWS
from sample_pcaps.story import Story

CODES = ("SI-08", "SI-09", "SI-10", "SI-11", "SI-12", "SI-13", "SI-19")
SPORT = "urn:home1.net:mbms:sport"
POST_LEG = ("scf", "bm_sc")
FINALS = ("isc-ok", "gm-ok", "gm-ack", "isc-ack")


def told_and_untold(*, linger: float = 12.0, **more) -> Story:
    """Two UEs: the BM-SC is told of the first, which shows the leg; of the second it is not."""
    story = Story("two", by_sip=False, ues=2)
    one, other = story.ues
    for ue in story.ues:
        story.bootstrap(ue)
    story.invite(one)
    story.register(one)
    story.msk(one)
    story.wait(1)
    story.invite(other, authorize="never", **more)
    story.register(other, statuses={NEWS: 403})
    story.linger(linger)
    return story


def authorize(story: Story) -> Text:
    headers = (
        ("Host", BM_SC_FQDN),
        ("X-3GPP-Asserted-Identity", f'"{story.ue.impu}"'),
        ("Content-Type", "application/mbms-authorize+xml"),
    )
    return Text("POST /keymanagement?requesttype=authorize HTTP/1.1", headers, authorize_xml((NEWS,)))


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("http_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
def test_is_not_of_the_sip_variant(sample, verdicts, code):
    assert verdicts(sample("sip_good"), code) == []


class TestTheLegIsNotCaptured:
    @pytest.mark.parametrize("code", ["SI-08", "SI-09", "SI-10", "SI-11", "SI-12", "SI-13"])
    def test_so_nothing_is_missing(self, tell, keep, verdicts, code):
        story = Story.registered_by_http()
        story.keys_and_media()
        story.linger(20)
        legs = [("ue", "p_cscf"), ("p_cscf", "scf"), ("ue", "bm_sc"), ("ue", "bsf")]
        assert verdicts(tell(keep(story, *legs)), code) == []

    def test_and_what_was_authorized_is_not_known(self, tell, keep, verdicts):
        story = Story.registered_by_http()
        story.linger(20)
        assert verdicts(tell(keep(story, ("ue", "p_cscf"), ("ue", "bm_sc"))), "SI-15") == ["inconc"]


class TestNoPost:
    def test_fails_where_the_leg_is_shown(self, tell, verdicts, failed):
        analysis = tell(told_and_untold())
        assert verdicts(analysis, "SI-13") == ["pass", "fail"]
        assert failed(analysis) == {"SI-13"}

    def test_is_no_fault_when_the_capture_ends_before_it_is_due(self, tell, verdicts):
        assert "fail" not in verdicts(tell(told_and_untold(linger=1)), "SI-13")

    def test_is_no_fault_of_a_service_without_protection(self, tell, verdicts):
        story = told_and_untold()
        story.invite(
            story.ues[1], services=(SPORT,), authorize="never",
            edits={name: Edit(mutate=lambda o: o.replace(b"RTP/SAVP", b"RTP/AVP "))
                   for name in ("gm-invite", "isc-invite", "isc-ok", "gm-ok")},
        )  # fmt: skip
        story.linger(12)
        assert verdicts(tell(story), "SI-13") == ["pass", "fail"]

    def test_cannot_be_told_when_a_segment_was_lost(self, tell, verdicts):
        """The POST was sent, yet the probe has missed it: the stream has a hole where it was."""
        story = told_and_untold()
        story.bootstrap(story.ue)
        before = len(story.tape.packets)
        story.invite(story.ue)
        posts = [n for n, (_, packet) in enumerate(story.tape.packets) if n >= before and b"=authorize" in packet]
        del story.tape.packets[posts[0]]
        story.linger(12)
        assert verdicts(tell(story), "SI-13")[1:] == ["inconc", "inconc"]

    def test_by_a_b2bua_belongs_to_the_leg_behind_it(self, tell, verdicts):
        """The leg to the SCF has a Call-ID of its own: both are one INVITE, and its POST serves both."""
        own = {"Call-ID": "other@b2bua", "CSeq": "77 INVITE"}
        ack = {"Call-ID": "other@b2bua", "CSeq": "77 ACK"}
        edits = {name: Edit(headers=own) for name in ("isc-invite", "isc-100", "isc-ok")}
        story = Story("b2bua", by_sip=False)
        story.bootstrap()
        story.invite(edits=edits | {"isc-ack": Edit(headers=ack)})
        story.register()
        story.linger(12)
        analysis = tell(story)
        assert [run.procedure.kind for _, run in analysis.runs].count("http-initiation") == 1
        assert verdicts(analysis, "SI-13") == ["pass"]


class TestOrder:
    @pytest.mark.parametrize(("when", "verdict"), [("before", "pass"), ("late", "fail"), ("after", "fail")])
    def test_is_that_of_the_last_word(self, tell, verdicts, when, verdict):
        story = Story("order", by_sip=False)
        story.bootstrap()
        story.invite(authorize=when)
        story.linger(12)
        assert verdicts(tell(story), "SI-08") == [verdict]

    def test_a_refused_invite_has_none(self, tell, verdicts):
        story = Story("order", by_sip=False)
        story.bootstrap()
        story.invite(status="403 Forbidden")
        assert verdicts(tell(story), "SI-08") == verdicts(tell(story), "SI-13") == []


class TestAcknowledgement:
    def test_a_refusal_is_a_fault(self, tell, verdicts):
        story = Story("again", by_sip=False)
        story.bootstrap()
        story.invite(post_status="503 Service Unavailable", status="500 Server Internal Error")
        assert verdicts(tell(story), "SI-12") == ["fail"]

    def test_an_answer_that_was_lost_is_not_missing(self, tell, verdicts):
        story = told_and_untold()
        story.bootstrap(story.ue)
        story.invite(story.ue, status="500 Server Internal Error", edits={"post-answer": Edit(delay=30)})
        story.tape.packets = [
            (time, packet) for time, packet in story.tape.packets
            if not (time > story.now - 10 * 10**9 and b"HTTP/1.1 200" in packet)
        ]  # fmt: skip
        story.linger(5)
        assert verdicts(tell(story), "SI-12") == ["pass", "inconc"]  # the answer's segment left a hole

    def test_no_answer_at_all_is_one(self, tell, verdicts):
        story = told_and_untold()
        story.bootstrap(story.ue)
        wire = story.connect(story.addresses.scf, story.addresses.bm_sc)
        calm = story.now
        story.invite(
            story.ue, authorize="never", status="500 Server Internal Error", edits=dict.fromkeys(FINALS, Edit(shift=15))
        )
        story.now = calm + 40_000_000
        wire.http(authorize(story), by_client=True)
        story.linger(20)
        assert verdicts(tell(story), "SI-12") == ["pass", "fail"]


class TestIdentity:
    @pytest.mark.parametrize(
        "posted",
        [
            '"sip:user1@home1.net"',
            "sip:user1@home1.net",
            '"tel:+15551234", "sip:user1@HOME1.net;transport=udp"',
        ],
        ids=["quoted", "bare", "one of several"],
    )
    def test_is_the_same_however_it_is_written(self, tell, verdicts, posted):
        story = Story("written", by_sip=False)
        story.bootstrap()
        asserted = Edit(headers={"P-Asserted-Identity": ['"Doe, John" <sip:user1@home1.net>', "<tel:+15551234>"]})
        story.invite(posted_identity=posted, edits={"isc-invite": asserted})
        analysis = tell(story)
        assert verdicts(analysis, "SI-10") == ["pass"]
        assert verdicts(analysis, "SI-03") == ["pass"]

    def test_of_a_phone_is_its_number(self, tell, verdicts):
        story = Story("number", by_sip=False)
        story.bootstrap()
        asserted = Edit(headers={"P-Asserted-Identity": "<sip:+1-555-1234@home1.net;user=phone>"})
        story.invite(posted_identity='"tel:+15551234"', edits={"isc-invite": asserted})
        assert verdicts(tell(story), "SI-10") == ["pass"]

    def test_the_default_identity_is_not_known_before_the_p_cscf(self, tell, keep, verdicts):
        story = Story("default", by_sip=False)
        story.bootstrap()
        story.invite(posted_identity='"sip:other@home1.net"')
        assert verdicts(tell(keep(story, ("ue", "p_cscf"), POST_LEG)), "SI-10") == ["inconc"]

    def test_a_missing_header_is_a_fault(self, tell, verdicts):
        story = Story("missing", by_sip=False)
        story.bootstrap()
        story.invite(edits={"post": Edit(headers={"X-3GPP-Asserted-Identity": None})})
        assert verdicts(tell(story), "SI-10") == ["fail"]

    def test_a_content_type_may_have_parameters(self, tell, verdicts):
        story = Story("type", by_sip=False)
        story.bootstrap()
        story.invite(edits={"post": Edit(headers={"Content-Type": "Application/MBMS-authorize+xml; charset=utf-8"})})
        assert verdicts(tell(story), "SI-10") == ["pass"]


class TestService:
    def test_a_body_without_a_schema_leaves_it_open(self, tell, verdicts):
        """No text gives a schema for the body of authorize."""
        story = Story("schema", by_sip=False)
        story.bootstrap()
        story.invite(edits={"post": Edit(body='<?xml version="1.0"?><auth><what>news</what></auth>')})
        assert verdicts(tell(story), "SI-11") == ["inconc"]


class TestAck:
    def invited(self, *gone, linger=35):
        story = Story("ack", by_sip=False)
        story.bootstrap()
        story.invite(edits={name: Edit(drop=True) for name in gone})
        story.linger(linger)
        story.bye()
        return story

    def test_on_either_leg_is_enough(self, tell, verdicts):
        assert verdicts(tell(self.invited("isc-ack")), "SI-19") == ["pass"]

    def test_that_is_missing_on_both_is_found(self, tell, verdicts, failed):
        analysis = tell(self.invited("gm-ack", "isc-ack"))
        assert verdicts(analysis, "SI-19") == ["fail"]
        assert failed(analysis) == set()

    def test_may_still_come_when_the_capture_ends(self, tell, verdicts):
        assert verdicts(tell(self.invited("gm-ack", "isc-ack", linger=10)), "SI-19") == ["inconc"]

    def test_is_looked_for_where_the_post_was_not_captured(self, tell, keep, verdicts):
        legs = [("ue", "p_cscf"), ("p_cscf", "scf"), ("ue", "bsf")]
        assert verdicts(tell(keep(self.invited("gm-ack", "isc-ack"), *legs)), "SI-19") == ["fail"]
        assert verdicts(tell(keep(self.invited(), *legs)), "SI-19") == ["pass"]

    def test_is_none_of_a_refusal(self, tell, verdicts):
        story = Story("refused", by_sip=False)
        story.bootstrap()
        story.invite(authorize="never", status="403 Forbidden")
        assert verdicts(tell(story), "SI-19") == []
