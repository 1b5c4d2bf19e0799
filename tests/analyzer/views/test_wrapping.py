"""Lines that fit a terminal."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.views.wrapping import MAX_WIDTH, MIN_WIDTH, wrapped


def test_without_a_width_a_text_stays_on_its_line():
    assert list(wrapped("word " * 100, "  ", None)) == ["  " + "word " * 100]


def test_what_follows_stands_further_in():
    first, second, *_ = wrapped("word " * 30, "  ", 60)
    assert first.startswith("  word")
    assert second.startswith("    word")


@settings(max_examples=50)
@given(st.lists(st.text("abcdefgh", min_size=1, max_size=30), min_size=1, max_size=60), st.integers(50, 300))
def test_no_line_is_too_long_and_no_word_is_lost(words, width):
    lines = list(wrapped(" ".join(words), "    ", width))
    assert max(map(len, lines)) <= max(min(width, MAX_WIDTH), MIN_WIDTH + 6)
    assert " ".join(" ".join(lines).split()) == " ".join(words)
