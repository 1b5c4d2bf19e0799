"""The judgements of a case as tests: one for each rule and UE, as CI systems count them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.report import CaseReport, Judgement, Verdict

EVERYBODY = "all"  # the UE of what is judged for no one UE


@dataclass(frozen=True, slots=True)
class RuleTest:
    """What a rule came to for a UE: the worst of its judgements, and those of them that say so."""

    rule: str
    name: str
    ue: str
    level: str
    clause: str
    verdict: Verdict
    judgements: tuple[Judgement, ...]

    @property
    def skipped(self) -> str:
        """Why it neither passed nor failed, "" where it did: nobody can tell, or nobody demands it."""
        if all(judgement.waived is not None for judgement in self.judgements):
            return "; ".join(dict.fromkeys(f"waived: {judgement.waived}" for judgement in self.judgements))
        if self.verdict in (Verdict.PASS, Verdict.ERROR) or (self.verdict is Verdict.FAIL and self.level != "info"):
            return ""
        word = "advice" if self.verdict is Verdict.FAIL else str(self.verdict)
        return f"{word}: {self.message}"

    @property
    def message(self) -> str:
        return "; ".join(dict.fromkeys(judgement.message for judgement in self.judgements))

    @property
    def remedies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(judgement.remedy for judgement in self.judgements if judgement.remedy))


def rule_tests(case: CaseReport) -> Iterator[RuleTest]:
    """Yield the tests of a case by rule, then UE."""
    found: dict[tuple[str, str], list[Judgement]] = {}
    for judgement in case.judgements:
        found.setdefault((judgement.rule, judgement.ue or EVERYBODY), []).append(judgement)
    for (rule, ue), judgements in sorted(found.items()):
        worst = max(map(_weight, judgements))
        saying = tuple(judgement for judgement in judgements if _weight(judgement) == worst)
        first = saying[0]
        yield RuleTest(rule, first.name, ue, first.level, first.clause, first.verdict, saying)


def _weight(judgement: Judgement) -> tuple[bool, Verdict]:
    """What is waived weighs less than what is broken, and more than what passed."""
    is_broken = judgement.verdict in (Verdict.FAIL, Verdict.INCONC, Verdict.ERROR)
    return is_broken and judgement.waived is None, judgement.verdict


def unread(case: CaseReport) -> str:
    """Say why a case could not be judged at all, "" where it could."""
    if case.verdict is not Verdict.ERROR or case.judgements:
        return ""
    return "; ".join(problem for capture in case.captures for problem in capture.problems) or "not judged"


def damaged(case: CaseReport) -> Iterator[tuple[str, str]]:
    """Yield the path of each capture that could not be read, or not to its end, and why."""
    found = [
        (capture.path, "; ".join(capture.problems) or "is cut")
        for capture in case.captures
        if capture.problems or capture.truncated
    ]
    if not found and unread(case):
        found = [(case.captures[0].path if case.captures else case.name, unread(case))]
    yield from found


def damage(case: CaseReport) -> str:
    """Say what of a case could not be read, or why it was not judged; "" where all was."""
    return unread(case) or "; ".join(f"{path}: {why}" for path, why in damaged(case))
