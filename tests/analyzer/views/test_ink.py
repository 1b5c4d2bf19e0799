"""Safe characters, marks and colours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report import Verdict
from analyzer.views.ink import COLOURS, MARKS, clean, paint, plural


@given(st.text())
def test_what_is_clean_is_printable_and_stays_so(text):
    once = clean(text)
    assert once.isprintable()
    assert clean(once) == once
    assert once == text or not text.isprintable()


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_is_told_without_its_colour(verdict):
    assert len(set(MARKS.values())) == len(Verdict)
    assert paint("x", verdict, coloured=False) == "x"
    assert paint("x", verdict, coloured=True).startswith("\x1b[")
    assert verdict in COLOURS


@pytest.mark.parametrize(("count", "text"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases")])
def test_plural(count, text):
    assert plural(count, "case") == text
