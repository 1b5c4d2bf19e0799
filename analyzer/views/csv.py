"""The judgements of a report as comma-separated values (RFC 4180)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report import CaseReport, Report, Verdict
from analyzer.views.broken import path_of
from analyzer.views.rows import Row, frames, lines
from analyzer.views.ruletests import damaged

COLUMNS = (
    "case", "rule", "name", "verdict", "level", "ue", "procedure", "clause", "message", "remedy", "capture", "frames",
    "waived",
)  # fmt: skip
UNREAD = "capture-can-be-read"  # in the place of the name of a rule


def show(report: Report) -> str:
    """Return a line for each capture that could not be read and each judgement, after one of names."""
    return lines(COLUMNS, rows(report))


def rows(report: Report) -> Iterator[Row]:
    """Yield the cells of each, case by case; what could not be read has no rule."""
    for case in report.cases:
        for path, why in damaged(case):
            yield (case.name, "", UNREAD, str(Verdict.ERROR), "", None, None, "", why, "", path, "", None)
        yield from _judgements(case)


def _judgements(case: CaseReport) -> Iterator[Row]:
    return (
        (
            case.name, j.rule, j.name, str(j.verdict), j.level, j.ue, j.procedure, j.clause, j.message, j.remedy,
            path_of(case, j), frames(j.evidence), j.waived,
        )
        for j in case.judgements
    )  # fmt: skip
