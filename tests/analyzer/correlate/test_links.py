"""The links of a session: each message is tied to the others of its UE, by what both show."""

from __future__ import annotations

import pytest

from analyzer.correlate.links import ADDRESS, DESTINATION, links
from analyzer.correlate.traffic import correlate
from sample_pcaps.casebook import cases

from .test_sessions import BM_SC, BSF, CSCF, UE, UE2, b_tid, register, ub


def told(talk):
    """What ties each message of a talk, by UE: kind, frame that shows it, other UE."""
    found = links(correlate(talk.messages, 0, 0))
    return {
        ue: [(link.message.frame, [(tie.kind, tie.shown.frame, tie.ue) for tie in link.ties]) for link in own]
        for ue, own in found.items()
    }


def test_identities_are_shown_with_the_message_that_has_them(talk):
    ub(talk, 1, UE)
    register(talk, 1, UE, "sip:user1@home1.net")
    found = links(correlate(talk.messages, 0, 0))["ue1"]
    first, second, posted = found
    assert [(tie.kind, tie.shown.frame) for tie in first.brings] == [("impi", 1), ("b_tid", 4)]
    assert [(tie.kind, tie.shown.frame) for tie in second.ties] == [("impi", 1), ("b_tid", 4)]
    assert [(tie.kind, tie.value, tie.shown.frame) for tie in posted.ties] == [("b_tid", b_tid(1), 4)]
    assert [(tie.kind, tie.shown.frame) for tie in posted.brings] == [("impu", 5)]


def test_an_address_is_named_where_nothing_else_ties(talk, invite):
    ub(talk, 1, UE)
    talk.sip(invite(), UE, CSCF)
    assert told(talk)["ue1"][-1] == (5, [(ADDRESS, 1, None)])


def test_a_destination_is_named_where_nothing_else_ties(talk, vector, invite):
    talk.sip(invite(), UE, CSCF)
    talk.mikey(vector("MSK msg: complete UDP payload (217 octets)"), dst=UE)
    assert told(talk) == {"ue1": [(1, []), (2, [(DESTINATION, 1, None)])]}


def test_what_contradicts_is_told_with_the_ue_that_has_the_name(talk):
    ub(talk, 1, UE)
    register(talk, 1, UE, "sip:user1@home1.net")
    ub(talk, 2, UE2)
    register(talk, 2, UE2, "sip:user2@home1.net")
    register(talk, 1, UE, "sip:user2@home1.net", port=45000)
    assert told(talk)["ue1"][-1] == (11, [("b_tid", 4, None), ("impu", 10, "ue2")])


def test_a_name_that_is_nobodys_is_left_out(talk, zn):
    ub(talk, 1, UE)
    talk.diameter(zn(True, b_tid=b_tid(1).encode()), BM_SC, BSF, (1, 3868))
    talk.diameter(zn(False, user=b"user7_private@home1.net"), BSF, BM_SC, (3868, 1))
    assert told(talk)["ue1"][-1] == (5, [("b_tid", 4, None)])


def test_nothing_has_no_links():
    assert links(correlate((), 0, 0)) == {}


@pytest.mark.parametrize("name", sorted(cases()))
def test_ties_alone_lead_from_every_message_of_a_ue_to_every_other(sample, name):
    traffic = sample(name).story.traffic
    for session in traffic.sessions:
        found = links(traffic)[session.id]
        of = {id(m): number for number, link in enumerate(found) for m in _messages(session, link.message)}
        together = {0}
        for _ in found:
            for number, link in enumerate(found):
                ends = {number, *(of[id(tie.shown)] for tie in link.ties if tie.ue is None)}
                if ends & together:
                    together |= ends
        assert together == set(range(len(found)))


def _messages(session, first):
    exchange = next((e for e in session.exchanges if e.first is first), None)
    return [first] if exchange is None else exchange.messages
