"""The report as a code quality report of GitLab: a JSON list of what is broken."""

from __future__ import annotations

import json

from analyzer.report import Report
from analyzer.views.broken import broken, line_of

_SEVERITIES = {"shall": "major", "should": "minor", "info": "info"}


def show(report: Report) -> str:
    """Return the findings as GitLab takes them; a frame stands where source code has a line."""
    found = [
        {
            "description": f"{finding.judgement.rule} {finding.judgement.name}: {finding.judgement.message}",
            "check_name": finding.judgement.rule,
            "fingerprint": finding.fingerprint,
            "severity": _SEVERITIES[finding.judgement.level],
            "location": {"path": finding.path, "lines": {"begin": line_of(finding.judgement)}},
        }
        for finding in broken(report)
        if finding.judgement.waived is None
    ]
    return json.dumps(found, indent=2) + "\n"
