"""The report as a code quality report of GitLab: a JSON list of what is broken or unread."""

from __future__ import annotations

import json

from analyzer.findings import fingerprint_of
from analyzer.report import Report
from analyzer.views.broken import broken, line_of
from analyzer.views.ruletests import damaged

UNREAD = "capture"  # a check beside those of the rules
_SEVERITIES = {"shall": "major", "should": "minor", "info": "info"}


def show(report: Report) -> str:
    """Return the findings as GitLab takes them; a frame stands where source code has a line."""
    unread = [
        {
            "description": f"capture cannot be read: {why}",
            "check_name": UNREAD,
            "fingerprint": fingerprint_of(case.name, UNREAD, path),
            "severity": "critical",
            "location": {"path": path, "lines": {"begin": 1}},
        }
        for case in report.cases
        for path, why in damaged(case)
    ]
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
    return json.dumps([*unread, *found], indent=2) + "\n"
