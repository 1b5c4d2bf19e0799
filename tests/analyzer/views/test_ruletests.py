"""Judgements as tests: the worst of a rule for a UE, and what is neither passed nor failed."""

from dataclasses import replace

import pytest

from analyzer.report import Verdict
from analyzer.views.ruletests import damage, damaged, rule_tests, unread


def test_the_worst_judgement_of_a_rule_for_a_ue_is_the_test(case):
    good, bad = case.judgements[0], case.judgements[1]
    case = replace(case, judgements=(bad, good._replace(rule="MS-21"), bad._replace(ue="ue2", message="other")))
    assert [(t.rule, t.ue, t.verdict, t.message) for t in rule_tests(case)] == [
        ("MS-21", "ue1", Verdict.FAIL, "counter 5, expected 7"),
        ("MS-21", "ue2", Verdict.FAIL, "other"),
    ]


@pytest.mark.parametrize(
    ("verdict", "level", "skipped"),
    [
        (Verdict.PASS, "shall", ""),
        (Verdict.FAIL, "shall", ""),
        (Verdict.FAIL, "should", ""),
        (Verdict.FAIL, "info", "advice: counter 5, expected 7"),
        (Verdict.INCONC, "shall", "inconc: counter 5, expected 7"),
        (Verdict.ERROR, "info", ""),
    ],
)
def test_what_nobody_can_tell_or_demands_is_skipped(case, verdict, level, skipped):
    (test,) = rule_tests(replace(case, judgements=(case.judgements[1]._replace(verdict=verdict, level=level),)))
    assert test.skipped == skipped


def test_a_case_that_was_not_judged_says_why(case):
    assert unread(case) == ""
    broken = replace(case, verdict=Verdict.ERROR, judgements=())
    assert unread(broken) == damage(broken) == "not judged"
    assert list(damaged(broken)) == [("story.pcapng", "not judged")]
    assert list(damaged(replace(broken, captures=()))) == [("story", "not judged")]
    captures = (replace(case.captures[0], problems=("cut", "odd")),)
    assert unread(replace(broken, captures=captures)) == "cut; odd"


def test_what_could_not_be_read_to_its_end_is_named(case):
    assert damage(case) == ""
    assert list(damaged(case)) == []
    (whole,) = case.captures
    cut = replace(case, captures=(whole, replace(whole, path="b", problems=("x", "y")), replace(whole, truncated=True)))
    assert unread(cut) == ""
    assert list(damaged(cut)) == [("b", "x; y"), ("story.pcapng", "is cut")]
    assert damage(cut) == "b: x; y; story.pcapng: is cut"
