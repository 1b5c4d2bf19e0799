"""What a case was judged by, in words."""

from dataclasses import replace

from analyzer.report import ToleranceReport
from analyzer.views.measure import told


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
