"""The walk back over the chain: the run's own breaks, then the nearest earlier link that is broken."""

from __future__ import annotations

from analyzer.diagnosis.reasons import reasons
from analyzer.diagnosis.trouble import Known, troubles


def explained(analysis):
    known = Known.of(analysis.story, analysis.runs, analysis.report.judgements)
    (trouble,) = troubles(known)
    return reasons(known, trouble)


def test_what_the_run_broke_itself_comes_first(sample):
    found, sound = explained(sample("wrong_digest"))
    assert [reason.cause for reason in found] == ["digest-wrong-response"]
    assert "INVITE and authorization" in sound


def test_a_refusal_is_explained_by_the_authorization_before_it(sample):
    found, sound = explained(sample("authorization_missing"))
    assert [reason.cause for reason in found] == ["authorization-notification-missing"]
    assert sound == ["Zn"]  # the links between the refusal and its cause


def test_a_refusal_that_nothing_explains_is_what_its_answer_says(sample):
    found, _ = explained(sample("refused_and_registered"))
    assert [(reason.cause, reason.confidence) for reason in found] == [("not-authorized-by-scf", "likely")]
