"""The report as one JSON document, as docs/report.schema.json describes it."""

from __future__ import annotations

import json

from analyzer.report import SCHEMA_VERSION, CaseReport, Report, Totals
from analyzer.views import joined, piecewise
from analyzer.views.plain import indented

BETWEEN = ",\n    "
EMPTY = "[]"  # what an indented document has where there are no cases


def show(report: Report) -> str:
    """Return the report as indented JSON; ASCII only, so that no octet of a capture steers a terminal."""
    return joined(piecewise("json"), report)


def begin(totals: Totals) -> str:
    """Return all of the document that comes before its cases."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "keyshark", "version": totals.version},
        "verdict": str(totals.verdict),
        "cases": [],
    }
    before, _, _ = json.dumps(document, indent=2).rpartition(EMPTY)
    return f"{before}[\n    " if totals.cases else f"{before}[]"


def piece(case: CaseReport) -> str:
    """Return one case, as far in as it stands in the document."""
    return indented(case, BETWEEN[1:])


def end(totals: Totals) -> str:
    """Return what comes after the cases."""
    return "\n  ]\n}\n" if totals.cases else "\n}\n"
