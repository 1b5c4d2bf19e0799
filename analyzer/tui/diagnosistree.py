"""The diagnoses of a UE as an outline: what did not work and why, the reasoning, what to do, and the frames."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.diagnosis.gaps import Gap
from analyzer.diagnosis.timeline import timeline
from analyzer.report import Diagnosis
from analyzer.tui.cells import Cell, Mark
from analyzer.tui.model import Index, Place, utc
from analyzer.tui.outline import Node
from analyzer.views.timeline import said

WIDTH = 72  # columns of a line of reasoning
MARKS = {"certain": Mark.FAIL, "likely": Mark.ADVICE, "possible": Mark.UNSURE}
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z\[])")


def diagnosis_nodes(found: Index, session: Session) -> tuple[Node, ...]:
    """Return what did not work for a UE, or for all UEs, each with its cause; then when it could not decrypt."""
    told = [d for d in found.analysis.report.diagnoses if d.ue in (session.id, None)]
    lines = timeline(found.analysis.story, session, told).groups
    missing = sorted((gap for line in lines for gap in line.gaps), key=lambda gap: gap.begin)
    return (*(_node(found, diagnosis) for diagnosis in told), *(_gap_node(found, gap) for gap in missing))


def _node(found: Index, diagnosis: Diagnosis) -> Node:
    mark = MARKS[diagnosis.confidence] if diagnosis.waived is None else Mark.ADVICE
    places = [(shown.capture, shown.frame) for shown in diagnosis.evidence]
    sure = diagnosis.confidence if diagnosis.waived is None else f"{diagnosis.confidence}, waived"
    line = (
        Cell(f"{mark.sign} ", mark.tone), Cell(f"{diagnosis.symptom} ", mark.tone), Cell("because ", "dim"),
        Cell(f"{diagnosis.cause} ", "accent"), Cell(f"({sure})", "dim"),
    )  # fmt: skip
    children = [
        *(Node((Cell(text),)) for sentence in _SENTENCE.split(diagnosis.message) for text in _lines(sentence, "")),
        *(Node((Cell(text, "good"),)) for text in _lines(diagnosis.remedy, "→ ")),
        *(Node((Cell(text, "dim"),)) for text in _lines(diagnosis.waived or "", "waived: ") if diagnosis.waived),
        *_frames(found, places),
    ]
    return Node(line, children, places[0] if places else None, mark, open=True)


def _gap_node(found: Index, gap: Gap) -> Node:
    """Return a time in which the UE had no key for what was on air; frames that show why are below."""
    places = [(shown.capture, shown.frame) for shown in gap.evidence]
    when = f"{utc(gap.begin, '%H:%M:%S')} to {utc(gap.end, '%H:%M:%S')}"
    line = (Cell("✗ ", "bad"), Cell("no picture ", "bad"), Cell(f"{when}, MKI {gap.mki.hex()}", "accent"))
    children = [
        *(Node((Cell(text),)) for text in _lines(said(gap, len(found.analysis.captures) > 1), "")),
        *_frames(found, places),
    ]
    return Node(line, children, places[0] if places else None, Mark.FAIL, open=True)


def _frames(found: Index, places: Iterable[Place]) -> Iterator[Node]:
    for place in places:
        yield Node((Cell("frame ", "dim"), Cell(found.number(place)), Cell(_said(found, place), "dim")), (), place)


def _said(found: Index, place: Place) -> str:
    row = found.places.get(place)
    return "" if row is None else f": {bodies.summary(found.analysis.messages[row])}"


def _lines(text: str, begin: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent="  ", break_long_words=False)
