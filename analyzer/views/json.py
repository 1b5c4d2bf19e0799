"""The report as one JSON document, as docs/report.schema.json describes it."""

from __future__ import annotations

import json

from analyzer.report import SCHEMA_VERSION, Report
from analyzer.views.plain import plain


def show(report: Report) -> str:
    """Return the report as indented JSON; ASCII only, so that no octet of a capture steers a terminal."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "keyshark", "version": report.version},
        "verdict": str(report.verdict),
        "cases": plain(report.cases),
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
