"""What more keys change in a case: what they open that was shut, and which rules come out otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.analysis import Analysis
from analyzer.report import Judgement, Verdict
from analyzer.tui.cells import Cell, Mark
from analyzer.tui.model import verdict_mark

Rule = tuple[str, str]  # code, procedure or UE
MAX_CHANGES = 200  # rules that are listed


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that comes out otherwise; None stands for a rule that did not apply."""

    rule: str
    about: str  # procedure or UE
    before: Verdict | None
    after: Verdict | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What more keys came to: counts that have changed, with their names, and rules."""

    counts: tuple[tuple[str, int, int], ...]
    changes: tuple[Change, ...]

    @property
    def is_nothing(self) -> bool:
        return not self.counts and not self.changes


def effect(before: Analysis, after: Analysis) -> Effect:
    """Compare two analyses of one case."""
    counted = zip(_counts(before), _counts(after), strict=True)
    counts = tuple((name, old, new) for (name, old), (_, new) in counted if old != new)
    old, new = _verdicts(before), _verdicts(after)
    changes = [Change(*rule, old.get(rule), new.get(rule)) for rule in {**old, **new} if old.get(rule) != new.get(rule)]
    return Effect(counts, tuple(sorted(changes, key=lambda change: (change.rule, change.about))))


def _counts(analysis: Analysis) -> tuple[tuple[str, int], ...]:
    chain, story = analysis.story.chain, analysis.story
    return (
        ("messages", len(story.traffic.messages)),
        ("UEs", len(story.traffic.sessions)),
        ("keys known", len(chain.keys)),
        ("MIKEY messages opened", len(chain.opened)),
        ("MIKEY messages shut", len(chain.shut)),
        ("verification messages verified", sum(bool(each.ok) for each in chain.verifications.values())),
        ("digests verified", sum(bool(each.ok) for each in chain.digests.values())),
        ("media packets authentic", sum(group.authenticated for group in story.media)),
        ("DCFs verified", sum(bool(each.ok) for each in chain.unpacked.values())),
    )


def _verdicts(analysis: Analysis) -> dict[Rule, Verdict]:
    """Return the worst verdict of each rule in each procedure."""
    found: dict[Rule, Verdict] = {}
    for judgement in analysis.report.judgements:
        rule = (judgement.rule, _about(judgement))
        found[rule] = max(found.get(rule, Verdict.NONE), judgement.verdict)
    return found


def _about(judgement: Judgement) -> str:
    return judgement.procedure or judgement.ue or "case"


def told(found: Effect) -> Iterator[Cell]:
    """Yield what a page says of an effect."""
    if found.is_nothing:
        yield Cell("? It opens nothing that was not open before, and changes no rule.", "warn")
        yield Cell(
            "  It may be the key of another UE, or of another bootstrapping; a typing error is not ruled out.", "dim"
        )
        return
    for name, old, new in found.counts:
        good = (new > old) != name.endswith("shut")
        yield Cell(f"{'✓' if good else '!'} {name}: {old} → {new}", "good" if good else "warn")
    if found.changes:
        yield Cell(f"{len(found.changes)} rules come out otherwise:", "accent")
    for change in found.changes[:MAX_CHANGES]:
        mark = Mark.NONE if change.after is None else verdict_mark(change.after)
        yield Cell(f"  {change.rule} {change.about}: {_word(change.before)} → {_word(change.after)}", mark.tone)
    if len(found.changes) > MAX_CHANGES:
        yield Cell(f"  and {len(found.changes) - MAX_CHANGES} more", "dim")


def _word(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not asked"
    mark = verdict_mark(verdict)
    return f"{mark.sign} {verdict}".strip()
