"""The report as workflow commands of GitHub Actions: an annotation for each broken rule and each unread capture."""

from __future__ import annotations

from analyzer.report import Report
from analyzer.views.broken import Finding, broken, line_of
from analyzer.views.frames import frames
from analyzer.views.ink import clean
from analyzer.views.ruletests import damaged
from analyzer.views.text import summary

UNREAD = "capture cannot be read"
_KINDS = {"shall": "error", "should": "warning", "info": "notice"}


def show(report: Report) -> str:
    """Return a line for each unread capture and each finding, and the summary as the last one."""
    unread = (_command("error", path, 1, UNREAD, why) for case in report.cases for path, why in damaged(case))
    found = (_line(finding) for finding in broken(report) if finding.judgement.waived is None)
    return "\n".join((*unread, *found, summary(report.totals))) + "\n"


def _line(finding: Finding) -> str:
    found = finding.judgement
    place = frames(found.evidence, len(finding.case.captures) > 1) if found.evidence else ""
    told = "\n".join(filter(None, (f"{found.message} ({place}; {found.clause})", found.remedy)))
    return _command(_KINDS[found.level], finding.path, line_of(found), f"{found.rule} {found.name}", told)


def _command(kind: str, path: str, line: int, title: str, told: str) -> str:
    return f"::{kind} file={_value(path)},line={line},title={_value(title)}::{_text(told)}"


def _text(text: str) -> str:
    # line ends are written as %0A, everything else that steers is escaped as on a terminal
    return "%0A".join(clean(line).replace("%", "%25") for line in text.split("\n"))


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
