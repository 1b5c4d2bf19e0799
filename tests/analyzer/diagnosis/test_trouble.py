"""What counts as trouble: refusals on the way to success too, and nothing that the capture could not show."""

from __future__ import annotations

from analyzer.diagnosis.trouble import Known, place, troubles


def known(analysis):
    return Known.of(analysis.story, analysis.runs, analysis.report.judgements)


def test_a_good_case_has_none(sample):
    assert list(troubles(known(sample("http_good")))) == []


def test_refused_credentials_are_trouble_though_the_run_succeeds(sample):
    (found,) = troubles(known(sample("wrong_digest")))
    assert found.run.outcome == "success"
    assert (found.symptom, found.code) == ("registration-failed", 401)


def test_a_refused_service_is_trouble_though_the_answer_is_200(sample):
    (found,) = troubles(known(sample("authorization_missing")))
    assert (found.run.outcome, found.code) == ("success", 403)
    assert found.ue is not None
    assert found.ue.id == "ue2"


def test_a_rule_that_the_repeat_broke_is_of_the_repeat(sample):
    told = known(sample("refused_b_tid_repeated"))
    (judgement,) = [j for found in told.broken.values() for j in found if j.rule == "SB-05"]
    name = next(name for name, found in told.broken.items() if judgement in found)
    run = dict(told.runs)[name]
    assert judgement.procedure != name
    assert judgement.evidence[-1] in [place(message) for message in run.messages]
