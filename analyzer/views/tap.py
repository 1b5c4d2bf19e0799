"""The report in the Test Anything Protocol, version 14: a line for each rule and UE of each case."""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzer.report import CaseReport, Report, Verdict
from analyzer.views.ink import clean
from analyzer.views.ruletests import RuleTest, damage, rule_tests


def show(report: Report) -> str:
    """Return the plan, then the tests; what failed has a YAML block below it."""
    points = [point for case in report.cases for point in _points(case)]
    lines = ["TAP version 14", f"1..{len(points)}"]
    for number, (verdict, told, more) in enumerate(points, 1):
        lines.append(f"{verdict} {number} - {told}")
        lines.extend(more)
    return "\n".join(lines) + "\n"


def _points(case: CaseReport) -> Iterator[tuple[str, str, list[str]]]:
    broken = damage(case)
    if broken:
        yield "not ok", _words(f"{case.name}: captures can be read"), _block({"message": broken})
    for found in rule_tests(case):
        told = _words(f"{case.name}: {found.ue}: {found.rule} {found.name}")
        if found.skipped:
            yield "ok", f"{told} # SKIP {_words(found.skipped)}", []
        elif found.verdict is Verdict.PASS:
            yield "ok", told, []
        else:
            yield "not ok", told, _block(_said(found))


def _said(found: RuleTest) -> dict[str, object]:
    frames = sorted({(e.capture, e.frame) for judgement in found.judgements for e in judgement.evidence})
    return {
        "message": found.message,
        "severity": found.level,
        "clause": found.clause,
        "frames": [f"{capture}:{frame}" for capture, frame in frames],
        "remedy": "; ".join(found.remedies),
    }


def _block(said: dict[str, object]) -> list[str]:
    # JSON is YAML: strings need no care of their own
    return ["  ---", *(f"  {name}: {json.dumps(value)}" for name, value in said.items()), "  ..."]


def _words(text: str) -> str:
    # TAP 14: "#" begins a directive
    return clean(text).replace("\\", "\\\\").replace("#", "\\#")
