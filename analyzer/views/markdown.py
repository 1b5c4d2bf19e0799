"""The report as Markdown, for the summary of a CI job or a merge request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.findings import BROKEN
from analyzer.report import CaseReport, Diagnosis, Judgement, Report, Verdict
from analyzer.views import measure
from analyzer.views.frames import frames
from analyzer.views.ink import MARKS, clean
from analyzer.views.ruletests import unread
from analyzer.views.text import summary

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&])")  # what Markdown and the HTML in it would take for its own


def show(report: Report) -> str:
    """Return a table of cases, and below it what is wrong in each."""
    lines = ["# keyshark", "", summary(report.totals), "", "| verdict | case | packets | UEs | broken |"]
    lines.append("|---|---|---|---|---|")
    for case in report.cases:
        rules = ", ".join(sorted({judgement.rule for judgement in _wrong(case)})) or "-"
        packets = sum(capture.packets for capture in case.captures)
        lines.append(f"| {_verdict(case.verdict)} | {_text(case.name)} | {packets} | {len(case.ues)} | {rules} |")
    for case in report.cases:
        lines.extend(_case(case))
    return "\n".join(lines) + "\n"


def _wrong(case: CaseReport) -> list[Judgement]:
    return [judgement for judgement in case.judgements if judgement.verdict in BROKEN]


def _verdict(verdict: Verdict) -> str:
    return f"{MARKS[verdict]} {verdict}"


def _case(case: CaseReport) -> Iterator[str]:
    told = [
        *_measure(case),
        *_problems(case),
        *map(_diagnosis, case.diagnoses),
        *(_judgement(case, found) for found in _wrong(case)),
    ]
    if told:
        yield from ("", f"## {_text(case.name)}", "", *told)


def _measure(case: CaseReport) -> Iterator[str]:
    for line in measure.told(case):
        yield f"* {_text(line)}"


def _problems(case: CaseReport) -> Iterator[str]:
    if unread(case):
        yield f"* {_text(unread(case))}"
        return
    for capture in case.captures:
        for problem in capture.problems:
            yield f"* {_text(capture.path)}: {_text(problem)}"


def _diagnosis(found: Diagnosis) -> str:
    who = f"{_text(found.ue)}: " if found.ue else ""
    told = f"* {who}**{found.symptom}** because **{found.cause}** ({found.confidence}): {_text(found.message)}"
    return f"{told} *{_text(found.remedy)}*" if found.remedy else told


def _judgement(case: CaseReport, found: Judgement) -> str:
    place = ", ".join(
        filter(None, (found.ue, frames(found.evidence, len(case.captures) > 1), f"{found.clause}, {found.level}"))
    )
    told = f"* {_verdict(found.verdict)} **{found.rule}** {found.name} ({_text(place)}): {_text(found.message)}"
    if found.waived is not None:
        return f"{told} Waived: {_text(found.waived)}"
    return f"{told} *{_text(found.remedy)}*" if found.remedy else told


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", clean(text))
