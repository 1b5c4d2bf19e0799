"""INVITEs: their legs, the POSTs that belong to them, and which procedure they are."""

import pytest

from analyzer.procedures.invites import (
    invitations,
    nearest_to_scf,
    offer_and_answer,
    posts,
    sent_by_ue,
)
from sample_pcaps.forge_text import Edit, register_xml
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story
from sample_pcaps.story_sip import B_TID_TYPE
from sample_pcaps.story_ua import CONTENT

SIP_KINDS = ("sip-initiation", "sip-msk-refresh", "ks-naf-refresh", "sip-deauthorization")
FINALS = ("isc-ok", "gm-ok", "gm-ack", "isc-ack")


def kinds(analysis):
    found = [run.procedure.kind for _, run in analysis.runs]
    return [kind for kind in found if kind == "http-initiation" or kind in SIP_KINDS]


def of_kind(analysis, kind):
    return [run for _, run in analysis.runs if run.procedure.kind == kind]


def begun(by_sip=False, **more):
    story = Story("begun", by_sip=by_sip, **more)
    for ue in story.ues:
        story.bootstrap(ue)
    return story


class TestKinds:
    def test_of_a_whole_session(self, tell):
        story = begun(by_sip=True)
        story.sip("register")
        story.sip("msk-request")
        story.bootstrap()
        story.sip("register")
        story.sip("deregister")
        assert kinds(tell(story)) == ["sip-initiation", "sip-msk-refresh", "ks-naf-refresh", "sip-deauthorization"]

    def test_are_told_without_the_post(self, tell, keep):
        story = begun(by_sip=True)
        for asked in ("register", "msk-request", "register", "deregister"):
            story.sip(asked)
        analysis = tell(keep(story, ("ue", "p_cscf")))
        assert kinds(analysis) == ["sip-initiation", "sip-msk-refresh", "ks-naf-refresh", "sip-deauthorization"]

    def test_of_a_list_that_may_mean_both_are_told_by_the_post(self, tell):
        """A deregistration may carry the list of a registration: the texts name one schema for both."""

        def as_registration(parts):
            return [parts[0], (CONTENT["register"], register_xml((NEWS,))), parts[2]]

        story = begun(by_sip=True)
        story.sip("register")
        story.sip("deregister", ue_parts=as_registration)
        assert kinds(tell(story)) == ["sip-initiation", "sip-deauthorization"]

    def test_what_the_ue_says_goes_before_what_the_scf_made_of_it(self, tell):
        story = begun(by_sip=True)
        story.sip("register")
        story.sip("deregister", requesttype="sip-based-register")
        assert kinds(tell(story)) == ["sip-initiation", "sip-deauthorization"]

    def test_a_refresh_of_the_session_is_none(self, tell):
        """RFC 4028: a re-INVITE with nothing but SDP."""
        story = begun(by_sip=True)
        story.sip("register")
        story.sip("register", ue_parts=lambda parts: parts[:1], post="never", zn=False)
        assert kinds(tell(story)) == ["sip-initiation"]

    def test_a_call_to_a_person_is_none(self, tell):
        plain = Edit(mutate=lambda o: o.replace(b"a=mbms_service:" + NEWS.encode(), b"a=x" + b" " * 36))
        story = begun()
        story.invite(group="10.9.9.9", authorize="never", edits={"gm-invite": plain, "isc-invite": plain})
        assert kinds(tell(story)) == []


class TestLegs:
    def test_of_one_call_are_one_run(self, tell):
        story = begun()
        story.invite()
        (run,) = of_kind(tell(story), "http-initiation")
        assert [len(run.all(step)) for step in ("invite", "post", "post-answer", "ok", "ack")] == [2, 1, 1, 2, 2]
        ((_, by_ue),) = sent_by_ue(run)
        ((_, at_scf),) = nearest_to_scf(run)
        assert (len(by_ue.vias), len(at_scf.vias)) == (1, 2)

    def test_a_retransmission_is_of_the_same_run(self, tell):
        story = begun()
        story.invite(edits={"gm-invite": Edit(repeat=2)})
        (run,) = of_kind(tell(story), "http-initiation")
        assert len(run.all("invite")) == 4

    def test_of_two_ues_are_kept_apart_when_one_has_no_answer(self, tell):
        """Both go through one P-CSCF to one service at the same time."""
        story = begun(ues=2)
        at = story.now
        story.invite(story.ues[0])
        story.now = at + 2_000_000
        story.invite(story.ues[1], edits=dict.fromkeys(FINALS, Edit(drop=True)))
        runs = of_kind(tell(story), "http-initiation")
        assert [len(run.all("invite")) for run in runs] == [2, 2]
        assert [len(run.all("post")) for run in runs] == [1, 1]

    @pytest.mark.parametrize("caller", ["<sip:user1@home1.net>;tag=1", '"A, B" <sip:user1@HOME1.net>;tag=1'])
    def test_beyond_a_b2bua_are_of_the_same_run(self, tell, caller):
        own = {"Call-ID": "b2bua@x", "CSeq": "9 INVITE", "From": caller}
        story = begun()
        story.invite(edits={name: Edit(headers=own) for name in ("isc-invite", "isc-100", "isc-ok")})
        (run,) = of_kind(tell(story), "http-initiation")
        assert len(run.all("invite")) == 2
        assert len(run.all("post")) == 1

    def test_that_the_ue_repeats_after_a_challenge_are_two_runs(self, tell):
        story = begun()
        story.invite(authorize="never", status="407 Proxy Authentication Required")
        story.invite()
        runs = of_kind(tell(story), "http-initiation")
        assert [(run.outcome, len(run.all("post"))) for run in runs] == [("failure", 0), ("success", 1)]


class TestPosts:
    def test_of_two_services_go_each_to_its_invite(self, tell):
        story = begun()
        at = story.now
        story.invite(services=("urn:a",))
        story.now = at + 3_000_000
        story.invite(services=("urn:b",))
        for run in of_kind(tell(story), "http-initiation"):
            ((message, body, answer),) = posts(run)
            assert answer is not None
            assert answer.payload.dst == message.payload.src
            assert body.request_type == "authorize"

    def test_of_another_address_of_the_scf_are_found(self, tell):
        """SIP and HTTP of the SCF need not have one address."""
        story = begun()
        story.invite()
        scf, other = bytes((10, 3, 0, 1)), bytes((10, 3, 9, 9))
        story.tape.packets = [
            (time, packet.replace(scf, other, 1) if packet[23] == 6 else packet) for time, packet in story.tape.packets
        ]
        (run,) = of_kind(tell(story), "http-initiation")
        assert len(run.all("post")) == 1

    def test_that_name_another_user_are_taken_where_nothing_speaks_against_it(self, tell):
        story = begun()
        story.invite(posted_identity='"sip:user9@home1.net"')
        (run,) = of_kind(tell(story), "http-initiation")
        assert len(run.all("post")) == 1

    def test_that_come_late_are_found(self, tell):
        story = begun()
        story.invite(authorize="after")
        (run,) = of_kind(tell(story), "http-initiation")
        assert run.one("post").time > run.one("ok").time

    def test_of_a_ue_whose_invite_was_not_captured_are_nobodys(self, tell):
        story = begun(ues=2)
        one, other = story.ues
        story.invite(one)
        story.wait(1)
        before = len(story.tape.packets)
        story.invite(other)
        story.tape.packets = [
            (time, packet)
            for n, (time, packet) in enumerate(story.tape.packets)
            if n < before or packet[23] == 6  # no UDP
        ]
        (run,) = of_kind(tell(story), "http-initiation")
        assert len(run.all("post")) == 1


def test_offer_and_answer_are_of_one_leg(tell):
    story = begun()
    story.invite(edits={"gm-ok": Edit(mutate=lambda o: o.replace(b"239.1.2.3", b"239.1.2.4"))})
    (run,) = of_kind(tell(story), "http-initiation")
    invite, offer, ok, answer = offer_and_answer(run)
    assert ok.payload.src == invite.payload.dst == story.addresses.scf
    assert offer.media[0].connection == answer.media[0].connection == "239.1.2.3"


def test_invitations_come_in_the_order_of_time(sample):
    found = invitations(sample("sip_good").story)
    starts = [invitation.legs[0].first.time for invitation in found]
    assert starts == sorted(starts)
    assert {invitation.kind for invitation in found} == set(SIP_KINDS)
    assert all(invitation.posts for invitation in found)


def test_a_body_without_a_b_tid_is_told_by_its_list(tell):
    story = begun(by_sip=True)
    story.sip("register", ue_parts=lambda parts: [part for part in parts if part[0] != B_TID_TYPE])
    assert kinds(tell(story)) == ["sip-initiation"]
