"""The judgements of a report as comma-separated values (RFC 4180)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report import Report
from analyzer.views.broken import path_of
from analyzer.views.rows import Row, frames, lines

COLUMNS = (
    "case", "rule", "name", "verdict", "level", "ue", "procedure", "clause", "message", "remedy", "capture", "frames",
    "waived",
)  # fmt: skip


def show(report: Report) -> str:
    """Return a line for each judgement, after one of names."""
    return lines(COLUMNS, rows(report))


def rows(report: Report) -> Iterator[Row]:
    """Yield the cells of each."""
    return (
        (
            case.name, j.rule, j.name, str(j.verdict), j.level, j.ue, j.procedure, j.clause, j.message, j.remedy,
            path_of(case, j), frames(j.evidence), j.waived,
        )
        for case in report.cases
        for j in case.judgements
    )  # fmt: skip
