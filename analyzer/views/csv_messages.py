"""The messages of procedures as comma-separated values, as a report has them."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report import Report
from analyzer.views.rows import Row, lines

COLUMNS = (
    "case", "ue", "procedure", "kind", "outcome", "step", "from", "to", "protocol", "summary", "time", "capture",
    "frame",
)  # fmt: skip


def show(report: Report) -> str:
    """Return a line for each message of each procedure, after one of names; times are seconds since 1970 UTC."""
    return lines(COLUMNS, rows(report))


def rows(report: Report) -> Iterator[Row]:
    """Yield the cells of each."""
    return (
        (
            case.name, ue.id, run.id, run.kind, run.outcome, step.name, step.from_, step.to, step.protocol,
            step.summary, step.time, step.capture, step.frame,
        )
        for case in report.cases
        for ue in case.ues
        for run in ue.procedures
        for step in run.steps
    )  # fmt: skip
