"""What two reports differ in, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzer.changes import Changes
from analyzer.findings import Finding
from analyzer.views.ink import clean, plural
from analyzer.views.plain import plain


def show(found: Changes) -> str:
    """Return a line for each finding that is new (+) or gone (-) and each verdict that is another, a summary last."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Changes) -> Iterator[str]:
    for change in found.cases:
        yield f"~ {clean(change.case)}: {change.old or 'no such case'} → {change.new or 'no such case'}"
    for mark, findings in (("+", found.new), ("-", found.gone)):
        for finding in findings:
            yield from _finding(mark, finding)
    told = [f"{len(found.new)} new", f"{len(found.gone)} gone", f"{found.same} the same"]
    yield f"findings: {', '.join(told)}; verdicts: {plural(len(found.cases), 'case')} changed"


def _finding(mark: str, finding: Finding) -> Iterator[str]:
    who = ", ".join(clean(each) for each in (finding.procedure, finding.ue) if each)
    yield f"{mark} {clean(finding.case)}: {clean(finding.rule)} {finding.verdict}{f' ({who})' if who else ''}"
    yield f"    {clean(finding.message)}"


def show_json(found: Changes) -> str:
    """Return the same as one JSON document."""
    document = {"new": found.new, "gone": found.gone, "same": found.same, "cases": found.cases}
    return json.dumps(plain(document), indent=2) + "\n"
