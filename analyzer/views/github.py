"""The report as workflow commands of GitHub Actions: an annotation for each rule that is broken."""

from __future__ import annotations

from analyzer.report import Report
from analyzer.views.broken import Finding, broken, line_of
from analyzer.views.frames import frames
from analyzer.views.ink import clean
from analyzer.views.text import summary

_KINDS = {"shall": "error", "should": "warning", "info": "notice"}


def show(report: Report) -> str:
    """Return a line for each finding, and the summary as the last one."""
    return (
        "\n".join(
            (*(_line(found) for found in broken(report) if found.judgement.waived is None), summary(report.totals))
        )
        + "\n"
    )


def _line(finding: Finding) -> str:
    found = finding.judgement
    place = frames(found.evidence, len(finding.case.captures) > 1) if found.evidence else ""
    values = {
        "file": _value(finding.path),
        "line": str(line_of(found)),
        "title": _value(f"{found.rule} {found.name}"),
    }
    told = "\n".join(filter(None, (f"{found.message} ({place}; {found.clause})", found.remedy)))
    return f"::{_KINDS[found.level]} {','.join(f'{name}={value}' for name, value in values.items())}::{_text(told)}"


def _text(text: str) -> str:
    # line ends are written as %0A, everything else that steers is escaped as on a terminal
    return "%0A".join(clean(line).replace("%", "%25") for line in text.split("\n"))


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
