"""Every rule that a sample breaks is named by `diagnose`: as a cause, or as broken without harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.diagnosis.effects import EFFECTS
from analyzer.diagnosis.harmless import harmless, rules_of
from analyzer.report import Verdict
from sample_pcaps.casebook import cases

FAULTY = [name for name, case in cases().items() if not case.good]


@pytest.mark.parametrize("name", FAULTY)
def test_what_a_sample_breaks_is_told(sample, name):
    report = sample(name).report
    told = {one.rule for one in harmless(report)}
    causes = {diagnosis.cause for diagnosis in report.diagnoses}
    symptoms = {diagnosis.symptom for diagnosis in report.diagnoses}
    for code in cases()[name].breaks:
        effect = EFFECTS.get(code)
        explained = effect is not None and (effect.cause in causes or effect.symptom in symptoms)
        assert code in told or explained


@pytest.mark.parametrize("name", [name for name, case in cases().items() if case.good])
def test_a_good_sample_has_no_more_than_information(sample, name):
    assert {one.level for one in harmless(sample(name).report)} <= {"info"}


def test_what_is_broken_again_and_again_is_told_once(sample):
    report = sample("identity_header_missing").report
    (one,) = harmless(report)
    assert (one.rule, one.cause, one.ues) == ("DG-16", "identity-header-missing", ("ue1",))
    failed = [j for j in report.judgements if j.verdict is Verdict.FAIL and j.rule == "DG-16"]
    assert (one.times, one.evidence) == (len(failed), failed[0].evidence)


def test_a_ue_that_comes_back_too_early_is_told_of_beside_the_overload(sample):
    (one,) = harmless(sample("retry_after_ignored").report)
    assert (one.rule, one.cause) == ("DG-14", "server-unavailable")
    assert one.told.startswith(
        "At 00:00:02 the UE sent “POST /keymanagement?requesttype=register” to the BM-SC in frame 47 "
    )


def test_the_worst_come_first(sample):
    report = sample("wrong_requesttype").report
    (broken,) = (j for j in report.judgements if j.verdict is Verdict.FAIL)
    others = [broken._replace(rule=code, level=level) for code, level in (("EX-03", "info"), ("DG-18", "should"))]
    told = harmless(replace(report, judgements=(*others, broken)))
    assert [one.level for one in told] == ["shall", "should", "info"]


def test_what_was_forwarded_is_told_of_whoever_sent_it(sample):
    (one,) = harmless(sample("muk_passed_on_to_the_ue").report)
    assert "the SCF sent “200 OK (INVITE)” to the IM CN in frame 28" in one.told


def test_b_tids_that_differ_at_their_end_are_told_whole(sample):
    (one,) = harmless(sample("b_tid_without_its_padding").report)
    assert "B-TID 3aGRjH/C+mtsiHTv3fhMuw@bsf.home1.net, the BSF gave 3aGRjH/C+mtsiHTv3fhMuw==@bsf.home1.net" in one.told


def test_each_diagnosis_has_the_rules_that_show_it(sample):
    report = sample("refused_b_tid_repeated").report
    found = rules_of(report)
    assert [[j.rule for j in found.get(n, ())] for n in range(len(report.diagnoses))] == [[], ["SB-05"]]


def test_what_a_diagnosis_tells_is_not_told_again(sample):
    assert harmless(sample("msk_under_another_muk").report) == ()
