"""The report as people read it, for a terminal that shows colours."""

from __future__ import annotations

from analyzer.report import CaseReport, Totals
from analyzer.views import text

BETWEEN = text.BETWEEN
begin = text.begin


def piece(case: CaseReport) -> str:
    """Return the lines of one case."""
    return text.piece(case, coloured=True)


def end(totals: Totals) -> str:
    """Return the last line."""
    return text.end(totals, coloured=True)
