"""The keys of a UE as bars over time, for the chart."""

from __future__ import annotations

from analyzer.correlate.sessions import Session
from analyzer.diagnosis.timeline import timeline
from analyzer.report import Verdict
from analyzer.tui.cells import Mark
from analyzer.tui.model import Index
from analyzer.views import lifelines
from analyzer.views.lifelines import Bar

MARKS = {Verdict.NONE: Mark.NONE, Verdict.PASS: Mark.PASS, Verdict.INCONC: Mark.UNSURE, Verdict.FAIL: Mark.FAIL}


def bars(found: Index, session: Session) -> tuple[Bar, ...]:
    """Return the chart of a UE."""
    story = found.analysis.story
    told = [d for d in found.analysis.report.diagnoses if d.ue in (session.id, None)]
    return lifelines.bars(timeline(story, session, told), len(found.analysis.captures) > 1, story.traffic.end)


def mark_of(bar: Bar) -> Mark:
    """Return how a bar is marked."""
    return MARKS[bar.verdict]
