from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from analyzer.tui.cells import Cell
from analyzer.tui.page import Page, wrap


@settings(max_examples=100)
@given(text=st.text(), width=st.integers(10, 60))
def test_no_line_is_wider_than_the_page(text, width):
    assert all(cell_len(line) <= width for line in wrap(text, width))


@settings(max_examples=100)
@given(words=st.lists(st.text("abc", min_size=1, max_size=30), max_size=20), width=st.integers(10, 60))
def test_no_letter_is_lost(words, width):
    assert "".join("".join(wrap(" ".join(words), width)).split()) == "".join(words)


def test_later_lines_keep_the_indent():
    assert wrap("    Arrival Time: Jan  1, 2026", 20) == ["    Arrival Time:", "    Jan 1, 2026"]


async def test_text_is_wrapped_anew_when_the_page_gets_another_width(alone, lines):
    page = Page("nothing")
    async with alone(page).run_test(size=(80, 10)) as pilot:
        page.write([Cell("one two three four five six"), Cell(""), Cell("seven")])
        await pilot.pause()
        assert lines(page) == ["one two three four five six", "", "seven"]
        await pilot.resize_terminal(20, 10)
        await pilot.pause()
        assert lines(page) == ["one two three four", "five six", "", "seven"]
