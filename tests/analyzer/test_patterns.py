"""Patterns: what `re` finds they find, in time linear in the text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.patterns import MAX_STATES, Pattern, PatternError


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("", "", True),
        ("a", "", False),
        ("invite", "INVITE sip:a", True),
        ("^invite$", "reinvite", False),
        ("^sip:.*@home[12]\\.net$", "sip:user@home2.net", True),
        ("^sip:.*@home[12]\\.net$", "sip:user@home2xnet", False),
        ("a{2,3}$", "xaa", True),
        ("^a{2,3}$", "aaaa", False),
        ("^(?:ab|cd)+$", "abcdab", True),
        ("^a{3}$", "aaa", True),
        ("^a{2,}$", "a", False),
        ("\\d+\\s\\w", "12 x", True),
        ("^\\D\\S\\W$", "ax-", True),
        ("[^a-c]", "abc", False),
        ("[]a]", "]", True),
        ("[a-]", "-", True),
        ("[\\d.]+$", "1.2", True),
        ("\\x41", "a", True),
        ("^.$", "\n", False),
        ("(?i)A", "a", True),
        ("^[^A]$", "a", False),
        ("^$", "", True),
        ("$x", "x", False),
        ("a*?b", "aab", True),
        ("\\{\\}", "{}", True),
    ],
)
def test_finds_what_is_there(pattern, text, found):
    assert Pattern(pattern).search(text) is found


@pytest.mark.parametrize(
    ("pattern", "position"),
    [("*", 0), ("a**", 2), ("(a", 0), ("a)", 1), ("[a", 0), ("a{", 1), ("a{3,2}", 1), ("a{9999}", 1), ("\\", 1),
     ("\\q", 0), ("\\xg0", 0), ("[b-a]", 1), ("(?=a)", 0), ("(" * 60 + ")" * 60, 51), ("(a{1000}){1000}", 0)],
)  # fmt: skip
def test_says_what_cannot_be_read(pattern, position):
    with pytest.raises(PatternError) as caught:
        Pattern(pattern)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "^(a|a)*$", "a*a*a*a*a*b", "(.*)(.*)(.*)(.*)x", "(()*)*y", "((){2000}){2000}y"]
)
def test_hostile_patterns_take_linear_time(pattern):
    begin = time.monotonic()
    assert not Pattern(pattern).search("a" * 20_000 + "!")
    assert time.monotonic() - begin < 5


def test_states_are_bounded():
    with pytest.raises(PatternError):
        Pattern("a" * (MAX_STATES + 1))


atoms = st.sampled_from(["a", "b", "C", ".", "[ab]", "[^c]", "\\d", "\\W", "^", "$", "1", "\\."])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,1}", "{2,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(patterns, st.text("abcC1. ", max_size=12))
def test_agrees_with_re(pattern, text):
    assert Pattern(pattern).search(text) is bool(re.search(pattern, text, re.IGNORECASE))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_pattern_or_an_error(pattern, text):
    try:
        compiled = Pattern(pattern)
    except PatternError:
        return
    assert compiled.search(text) in (True, False)


@given(st.text("()[]{}^$\\|?*+-,0123abd.:x", max_size=30))
def test_what_both_read_both_find(pattern):
    try:
        compiled = Pattern(pattern)
    except PatternError:
        return
    assert compiled.search("ab0-x") in (True, False)
