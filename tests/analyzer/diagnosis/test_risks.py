"""What broken rules come to: every rule has a cause and words for an operator."""

from __future__ import annotations

import pytest

from analyzer.diagnosis.effects import EFFECTS
from analyzer.diagnosis.risks import CAUSES, WORDS, cause_of, risk_of
from analyzer.procedures import CATALOGUE

CODES = [rule.code for rule in CATALOGUE]


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_a_cause_and_words(code):
    assert cause_of(code)
    assert risk_of(code).endswith(".")


def test_no_words_are_of_a_rule_that_is_not_there():
    assert (set(CAUSES) | set(WORDS)) <= set(CODES)


def test_a_rule_has_one_cause():
    assert not set(CAUSES) & set(EFFECTS)


def test_of_an_unknown_rule_nothing_is_said():
    assert (cause_of("XX-01"), risk_of("XX-01")) == (None, "")
