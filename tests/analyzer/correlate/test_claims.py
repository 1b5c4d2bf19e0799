"""What a message says of whose it is."""

from __future__ import annotations

from analyzer.correlate.claims import claims
from analyzer.correlate.traffic import correlate
from sample_pcaps.story import Story

from .test_sessions import BM_SC, BSF, CSCF, UE, b_tid, register, ub


def said(talk):
    traffic = correlate(talk.messages, 0, 0)
    return [
        (claim.message.frame, claim.tokens, claim.address)
        for claim in claims(traffic.exchanges, traffic.mikey, traffic.bootstrappings, traffic.nodes)
    ]


def test_both_exchanges_of_a_bootstrapping_have_all_its_names(talk):
    ub(talk, 1, UE)
    names = [("impi", "user1_private@home1.net"), ("b_tid", b_tid(1))]
    assert said(talk) == [(1, names, UE), (3, names, UE)]


def test_a_registration_has_b_tid_identity_and_address(talk):
    register(talk, 1, UE, "sip:user1@home1.net")
    assert said(talk) == [(1, [("b_tid", b_tid(1)), ("impu", "sip:user1@home1.net")], UE)]


def test_an_invite_has_its_dialog_and_caller(talk, invite):
    talk.sip(invite(), UE, CSCF)
    assert said(talk) == [(1, [("call_id", "call1"), ("impu", "sip:user1@home1.net")], UE)]


def test_zn_has_no_address(talk, zn):
    talk.diameter(zn(True, b_tid=b_tid(1).encode()), BM_SC, BSF, (1, 3868))
    assert said(talk) == [(1, [("b_tid", b_tid(1))], None)]


def test_a_mikey_error_for_the_bm_sc_is_of_the_ue_that_sent_it(tell):
    """The BM-SC is no UE, though MIKEY messages go to it."""
    story = Story.registered_by_http()
    story.mtk(csb_id=0x0BADCAFE)
    story.mikey_error(csb_id=0x0BADCAFE)
    assert [ue.addresses for ue in tell(story).report.ues] == [(story.ue.ip,)]


def test_what_is_no_key_management_says_nothing(talk):
    talk.http("GET /favicon.ico HTTP/1.1\nHost: example.net", UE, BM_SC)
    assert said(talk) == []
