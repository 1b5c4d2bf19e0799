"""The diagnoses of a UE as an outline: what did not work and why, the reasoning, what to do, and the frames."""

from __future__ import annotations

import re
import textwrap

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.report import Diagnosis
from analyzer.tui.cells import Cell, Mark
from analyzer.tui.model import Index, Place
from analyzer.tui.outline import Node

WIDTH = 72  # columns of a line of reasoning
MARKS = {"certain": Mark.FAIL, "likely": Mark.ADVICE, "possible": Mark.UNSURE}
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z\[])")


def diagnosis_nodes(found: Index, session: Session) -> tuple[Node, ...]:
    """Return what did not work for a UE, or for all UEs, each with its cause."""
    told = [d for d in found.analysis.report.diagnoses if d.ue in (session.id, None)]
    return tuple(_node(found, diagnosis) for diagnosis in told)


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
        *(Node((Cell("frame ", "dim"), Cell(found.number(place)), Cell(_said(found, place), "dim")), (), place)
          for place in places),
    ]  # fmt: skip
    return Node(line, children, places[0] if places else None, mark, open=True)


def _said(found: Index, place: Place) -> str:
    row = found.places.get(place)
    return "" if row is None else f": {bodies.summary(found.analysis.messages[row])}"


def _lines(text: str, begin: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent="  ", break_long_words=False)
