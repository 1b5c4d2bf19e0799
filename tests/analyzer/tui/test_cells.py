from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from analyzer.tui.cells import Mark, fit, printable


@settings(max_examples=100)
@given(text=st.text(), width=st.integers(0, 40), right=st.booleans())
def test_a_cell_fills_its_width_exactly_whatever_the_text(text, width, right):
    assert cell_len(fit(text, width, right)) == width


def test_what_does_not_fit_ends_in_an_ellipsis():
    assert fit("registration", 6) == "regis…"
    assert fit("ok", 4) == "ok  "
    assert fit("7", 4, right=True) == "   7"


def test_nothing_steers_the_terminal():
    assert printable("a\x1b[2Jb\u202ec\r\nd\ud800") == "a·[2Jb·c··d·"
    assert printable("plain ✓") == "plain ✓"


def test_each_mark_but_none_has_a_sign_of_its_own():
    assert [mark.sign for mark in Mark] == [" ", "✓", "?", "!", "✗"]
    assert max(Mark.PASS, Mark.FAIL) is Mark.FAIL
