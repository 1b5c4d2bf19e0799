"""The report as JSON lines: a case a line, each as in `cases` of the JSON report."""

from __future__ import annotations

import json

from analyzer.report import CaseReport, Report, Totals
from analyzer.views import joined, piecewise
from analyzer.views.plain import plain

BETWEEN = ""


def show(report: Report) -> str:
    """Return one line of JSON for every case."""
    return joined(piecewise("jsonl"), report)


def begin(_: Totals) -> str:
    """Return nothing: lines need no beginning."""
    return ""


def piece(case: CaseReport) -> str:
    """Return the line of one case."""
    return json.dumps(plain(case), allow_nan=False) + "\n"


def end(_: Totals) -> str:
    """Return nothing."""
    return ""
