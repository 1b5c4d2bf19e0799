"""The report as JSON lines: a case a line, each as in `cases` of the JSON report."""

from __future__ import annotations

import json

from analyzer.report import Report
from analyzer.views.plain import plain


def show(report: Report) -> str:
    """Return one line of JSON for every case."""
    return "".join(json.dumps(plain(case), allow_nan=False) + "\n" for case in report.cases)
