"""Every rule that a sample breaks is named by `diagnose`: as a cause, or as broken without harm."""

from __future__ import annotations

import pytest

from analyzer.diagnosis.effects import EFFECTS
from analyzer.diagnosis.harmless import harmless
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


def test_what_a_diagnosis_tells_is_not_told_again(sample):
    assert harmless(sample("msk_under_another_muk").report) == ()
