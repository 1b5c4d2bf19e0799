"""The catalogue: every rule has its page, and a sample that breaks it and nothing else."""

import re

import pytest

from analyzer.procedures import CATALOGUE, PROCEDURES
from analyzer.report import Verdict
from sample_pcaps.casebook import cases

CASES = cases()
LEVELS = ("shall", "should", "info")
MEANT: dict[str, set[str]] = {}  # good samples whose story is of something that a rule of level info tells
FEWEST = 70  # rules that this version promises


def broken(analysis, levels):
    return {j.rule for j in analysis.report.judgements if j.verdict is Verdict.FAIL and j.level in levels}


@pytest.mark.parametrize("name", CASES)
def test_a_sample_breaks_what_it_says_and_nothing_else(sample, name):
    analysis = sample(name)
    crashed = [j.traceback for j in analysis.report.judgements if j.verdict is Verdict.ERROR]
    assert not crashed, crashed[0]
    wanted = set(CASES[name].breaks)
    assert broken(analysis, ("shall", "should")) | (broken(analysis, ("info",)) & wanted) == wanted


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.good])
def test_a_good_sample_breaks_nothing_at_all(sample, name):
    """Nor a rule of level info: whoever reads a good story has nothing to look into."""
    assert broken(sample(name), LEVELS) == MEANT.get(name, set())


def test_what_good_samples_are_meant_to_break_is_of_level_info():
    meant = set().union(*MEANT.values())
    assert {rule.code for rule in CATALOGUE if rule.code in meant and rule.level == "info"} == meant
    assert all(CASES[name].good for name in MEANT)


@pytest.mark.parametrize("rule", CATALOGUE, ids=[rule.code for rule in CATALOGUE])
class TestRule:
    def test_has_a_sample_that_breaks_it_alone(self, rule):
        assert any(case.breaks == (rule.code,) for case in CASES.values())

    def test_passes_in_a_good_sample(self, sample, rule):
        """A rule that only ever fails, or never looks, says nothing."""
        passed = (
            judgement.verdict is Verdict.PASS
            for name in CASES
            if CASES[name].good
            for judgement in sample(name).report.judgements
            if judgement.rule == rule.code
        )
        assert any(passed)

    def test_is_well_described(self, rule):
        assert rule.level in LEVELS
        assert rule.clause
        assert rule.title.endswith(".")
        assert "\n\n" in rule.page, "a page says what is demanded, then why"
        assert rule.remedy
        assert set(rule.procedures) <= set(PROCEDURES)
        assert re.fullmatch(r"(UB|DG|SI|SB|RG|ZN|MS|MT|SR|EX)-\d\d", rule.code)


def test_codes_and_names_are_unique():
    assert len({rule.code for rule in CATALOGUE}) == len(CATALOGUE)
    assert len({rule.name for rule in CATALOGUE}) == len(CATALOGUE)


def test_there_are_enough():
    assert len(CATALOGUE) >= FEWEST


def test_kinds_are_those_of_the_contract():
    assert {procedure.kind for procedure in PROCEDURES} == {
        "gba-bootstrapping", "gba-usage", "http-initiation", "http-registration", "http-deregistration",
        "http-msk-request", "sip-initiation", "sip-deauthorization", "sip-msk-refresh", "ks-naf-refresh",
        "msk-delivery", "solicited-pull", "mtk-delivery", "media",
    }  # fmt: skip


def test_every_procedure_is_found_in_a_good_story(sample):
    told = {run.procedure.kind for name, case in CASES.items() if case.good for _, run in sample(name).runs}
    assert told == {procedure.kind for procedure in PROCEDURES}
