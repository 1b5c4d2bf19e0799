"""The table of effects: only rules, symptoms and causes that there are, and all of them told in the documentation."""

from __future__ import annotations

from pathlib import Path

from analyzer.diagnosis.effects import CONFIDENCES, EFFECTS, OF_THE_REPEAT
from analyzer.diagnosis.risks import CAUSES
from analyzer.diagnosis.trouble import SYMPTOMS
from analyzer.procedures import CATALOGUE, PROCEDURES

DOCS = (Path(__file__).parents[3] / "docs" / "diagnosis.md").read_text(encoding="utf-8")


def test_every_effect_is_that_of_a_rule():
    codes = {rule.code for rule in CATALOGUE}
    assert set(EFFECTS) <= codes
    assert set(EFFECTS) >= OF_THE_REPEAT
    assert set(SYMPTOMS) <= {procedure.kind for procedure in PROCEDURES}


def test_the_documentation_lists_every_cause_and_symptom():
    causes = {effect.cause for effect in EFFECTS.values()}
    symptoms = {effect.symptom for effect in EFFECTS.values()} - {""} | set(SYMPTOMS.values())
    assert all(f"| `{name}` |" in DOCS for name in causes | symptoms | set(CAUSES.values()))
    assert {effect.confidence for effect in EFFECTS.values()} <= set(CONFIDENCES)
