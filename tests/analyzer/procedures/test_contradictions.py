"""Captures whose clocks cannot both be right: told by SIP and by Date, and then nobody is blamed."""

from ipaddress import ip_address

import pytest

from analyzer.procedures.contradictions import contradiction
from analyzer.report import Verdict
from sample_pcaps.casebook import cases
from sample_pcaps.story import Story

SECOND = 10**9


def split(story, one, other, seconds):
    """Put what two nodes say to each other into a capture of its own, whose clock is so far ahead."""
    at = [story.ue.ip if node == "ue" else getattr(story.addresses, node) for node in (one, other)]
    ends = {ip_address(address).packed for address in at}
    packets = story.tape.sorted()
    apart = [(time + round(seconds * SECOND), p) for time, p in packets if {p[26:30], p[30:34]} == ends]
    return [[(time, p) for time, p in packets if {p[26:30], p[30:34]} != ends], apart]


@pytest.mark.parametrize(
    ("one", "other", "seconds", "told"),
    [
        ("ue", "p_cscf", 180, True),  # by the legs of SIP
        ("ue", "p_cscf", -180, True),
        ("ue", "p_cscf", 5, False),  # of two calls each may have been sent again
        ("ue", "p_cscf", 0, False),
        ("ue", "bm_sc", 180, True),  # by the Date of the BM-SC
        ("scf", "bm_sc", -180, True),
        ("scf", "bm_sc", 5, False),
        ("bm_sc", "bsf", 180, False),  # nothing tells
        ("bm_sc", "bsf", -180, True),  # by a B-TID that is asked for before it is made
        ("ue", "bsf", 180, True),
        ("ue", "bsf", 0.9, False),
    ],
)
def test_is_told_by_messages_of_both(tell_merged, one, other, seconds, told):
    story = cases()["http_good"].tell()
    found = contradiction(tell_merged(split(story, one, other, seconds), story.keyring()).story)
    assert found.startswith("the clocks of captures 0 and 1 are 1") is told


@pytest.mark.parametrize("seconds", [5, -5])
def test_is_told_by_several_calls_for_a_few_seconds_too(tell_merged, seconds):
    story = cases()["sip_good"].tell()
    assert " 4 s apart" in contradiction(tell_merged(split(story, "ue", "p_cscf", seconds), story.keyring()).story)


@pytest.mark.parametrize("name", ["http_good", "sip_good", "switched_off_and_on", "renewed_by_http"])
@pytest.mark.parametrize("seconds", [180, -180])
def test_blames_nobody(tell_merged, name, seconds):
    story = cases()[name].tell()
    report = tell_merged(split(story, "ue", "p_cscf", seconds), story.keyring()).report
    assert not [(j.rule, j.message) for j in report.judgements if j.verdict >= Verdict.FAIL]


def test_says_what_would_be_wrong_and_case_toml_settles_it(tell_merged):
    story = cases()["authorization_after_200_ok"].tell()
    captures = split(story, "ue", "p_cscf", 180)

    def judged(config=""):
        report = tell_merged(captures, story.keyring(), config).report
        return {j.rule: j for j in report.judgements if j.verdict >= Verdict.INCONC}

    doubted = judged()["SI-08"]
    assert doubted.verdict is Verdict.INCONC
    assert doubted.message.startswith("the clocks of captures 0 and 1 are 1")
    assert "after the 200 OK" in doubted.message
    assert judged('[capture."b.pcapng"]\nclock_offset = -180\n')["SI-08"].verdict is Verdict.FAIL


def test_one_capture_contradicts_nobody(tell):
    assert contradiction(tell(Story.registered_by_http()).story) == ""


def test_one_request_that_was_sent_again_is_no_contradiction(tell_merged):
    """Its first sending is missing at the first probe: half a minute may lie between."""
    story = Story.begun_by_http()
    rest, apart = split(story, "ue", "p_cscf", 0)
    invite = next(place for place, (_, p) in enumerate(apart) if b"INVITE sip:" in p)
    apart[invite] = apart[invite][0] + 16 * SECOND, apart[invite][1]
    assert contradiction(tell_merged([rest, apart], story.keyring()).story) == ""


def test_a_post_that_is_of_no_invite_by_its_clock_may_be_of_any_of_its_user(tell_merged, failed):
    """No Date says that the clock is wrong."""
    story = cases()["rel8_sip"].tell()
    analysis = tell_merged(split(story, "scf", "bm_sc", 180), story.keyring(), 'profile = "rel8"\n')
    assert contradiction(analysis.story) == ""
    assert "SB-13" not in failed(analysis)
