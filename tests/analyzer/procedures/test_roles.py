"""Names of users, which have many spellings, and outcomes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.procedures.roles import finals, name, names, outcome, owners
from sample_pcaps.story import Story


@pytest.mark.parametrize(
    ("uri", "same"),
    [
        ("sip:user1@HOME1.net", "sip:user1@home1.net"),
        ("SIP:user1@home1.net;transport=udp?subject=x", "sip:user1@home1.net"),
        ("sips:user1@home1.net", "sip:user1@home1.net"),
        ("sip:%75ser1@home1.net", "sip:user1@home1.net"),
        ("tel:+1-555-1234;phone-context=home1.net", "tel:+15551234"),
        ("tel:+1(555)1234", "tel:+15551234"),
        ("sip:+1-555-1234@home1.net;user=phone", "tel:+15551234"),
        ("sip:+15551234;phone-context=x@home1.net;user=phone", "tel:+15551234"),
        (" sip:home1.net;lr ", "sip:home1.net"),
        ("urn:home1.net:mbms:news", "urn:home1.net:mbms:news"),
        ("no uri at all", "no uri at all"),
        ("", ""),
    ],
)
def test_uris_that_mean_the_same_have_one_name(uri, same):
    assert name(uri) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:user1@home1.net", "sip:User1@home1.net"),  # the user part minds its case
        ("sip:user1@home1.net", "sip:user1@home2.net"),
        ("sip:5551234@home1.net", "tel:5551234"),  # no user=phone: a name of digits
        ("sip:bob@home1.net;user=phone", "tel:bob"),
    ],
)
def test_others_have_not(one, other):
    assert name(one) != name(other)


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_a_name_is_its_own_name(uri):
    once = name(uri)
    if "%" not in once and "?" not in once and ";" not in once and "@" not in once:
        assert name(once) == once


def test_names_are_given_once():
    assert names(["sip:a@b", "", "sip:a@B", "tel:1"]) == ("sip:a@b", "tel:1")


def test_outcomes_and_finals(tell):
    story = Story.begun_by_http()
    analysis = tell(story)
    exchanges = [e for e in analysis.story.traffic.exchanges if e.protocol == "sip"]
    answers = finals(exchanges)
    assert {outcome(answer) for answer in answers} == {"success"}
    assert len(answers) == 2  # one on each leg, the 100 Trying apart
    assert outcome(None) == "incomplete"
    (session,) = owners(analysis.story, exchanges[0].first)
    assert session.impu == (story.ue.impu,)
    assert owners(analysis.story, answers[0]) == (session,)
