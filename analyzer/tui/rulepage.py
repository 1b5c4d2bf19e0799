"""The page of a judgement: what was found, where, what to do, and what the rule demands."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.judging import Rule
from analyzer.procedures import CATALOGUE
from analyzer.report import Judgement
from analyzer.tui.cells import Cell
from analyzer.tui.model import Index, mark_of

RULES: dict[str, Rule] = {rule.code: rule for rule in CATALOGUE}


def rule_page(found: Index, judgement: Judgement | None) -> Iterator[Cell]:
    """Yield the paragraphs of a judgement and of its rule."""
    if judgement is None:
        return
    mark = mark_of(judgement)
    yield Cell(f"{mark.sign} {judgement.rule} {judgement.name}", mark.tone)
    yield Cell(f"{judgement.verdict}, level {judgement.level}, {judgement.clause}", "dim")
    yield Cell("")
    yield Cell(judgement.message)
    if judgement.waived is not None:
        yield Cell(f"waived: {judgement.waived}", "warn")
    if judgement.remedy:
        yield Cell(f"→ {judgement.remedy}", "accent")
    if judgement.evidence:
        frames = (found.number((shown.capture, shown.frame)) for shown in judgement.evidence)
        yield Cell(f"Evidence: frame {', '.join(frames)}", "dim")
    rule = RULES.get(judgement.rule)
    if rule is not None:
        yield Cell("")
        for paragraph in rule.page.split("\n\n"):
            yield Cell(" ".join(paragraph.split()))
            yield Cell("")
        yield Cell(f"Looks at: {', '.join(rule.kinds)}", "dim")
    for line in (judgement.traceback or "").splitlines():
        yield Cell(line, "bad")
