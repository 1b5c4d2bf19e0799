"""What a case was judged by, in words."""

from dataclasses import replace

import pytest

from analyzer.report import Report, ToleranceReport
from analyzer.views import diagnoses, view
from analyzer.views.measure import short, told


def test_the_usual_needs_no_word(case):
    assert list(told(replace(case, profile="rel16"))) == []
    assert list(told(replace(case, profile=None))) == []


def test_a_profile_says_what_it_leaves_out(case):
    assert list(told(replace(case, profile="rel8"))) == ["judged by profile rel8, without UB-12, UB-17"]
    assert list(told(replace(case, profile="rel11"))) == ["judged by profile rel11"]
    (line,) = told(replace(case, profile="cr-2009"))
    assert line.startswith("judged by profile cr-2009, without SB-12, ")
    assert "; with a part of MS-11, SB-04, " in line


def test_times_that_were_set_are_told_with_the_usual_ones(case):
    tolerances = (ToleranceReport("clock", 3.0, 2.0), ToleranceReport("back-off", 0.0, 0.2))
    assert list(told(replace(case, tolerances=tolerances))) == [
        "tolerances set: clock 3 s (usually 2 s), back-off 0 s (usually 0.2 s)"
    ]


def test_in_the_fewest_words(case):
    assert short(replace(case, profile="rel16")) == ""
    assert short(replace(case, profile=None)) == ""
    assert short(replace(case, profile="rel8")) == " by profile rel8"
    two = (ToleranceReport("clock", 3.0, 2.0), ToleranceReport("back-off", 0.0, 0.2))
    assert short(replace(case, profile="rel8", tolerances=two)) == " by profile rel8 with 2 tolerances set"


@pytest.mark.parametrize("name", ["text", "markdown", "junit"])
def test_formats_for_people_say_so(name, case):
    shown = view(name)(Report("1", (replace(case, profile="rel8", tolerances=(ToleranceReport("clock", 3.0, 2.0),)),)))
    assert "judged by profile rel8, without UB-12, UB-17" in shown
    assert "tolerances set: clock 3 s (usually 2 s)" in shown


def test_a_diagnosis_says_so(case):
    shown = diagnoses.case(replace(case, profile="cr-2009"), 60).splitlines()
    assert shown[1].startswith("  i judged by profile cr-2009, without SB-12")
    assert max(map(len, shown)) <= 60
