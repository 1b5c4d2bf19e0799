"""What is saved: the report of a case as text or JSON, or the messages listed as a table; never a key value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from analyzer.analysis import Analysis
from analyzer.batch import Outcome, collect
from analyzer.correlate.bodies import summary
from analyzer.report import Judgement
from analyzer.views import packets, tables, view
from analyzer.views.packets import Line
from dissectors import Message

FORMATS = {
    ".json": "json", ".jsonl": "jsonl", ".txt": "text", ".csv": "csv", ".md": "markdown", ".xml": "junit",
    ".sarif": "sarif",
}  # fmt: skip


def report_text(
    analysis: Analysis, version: str, suffix: str, listed: tuple[Judgement, ...] | None = None
) -> str:  # fmt: skip
    """Return the report in the form that the ending of a file name asks for, or of its findings those `listed`."""
    report = analysis.report if listed is None else replace(analysis.report, judgements=listed)
    return view(FORMATS.get(suffix.lower(), "text"))(collect(version, [Outcome(report)]))


def packets_text(messages: Iterable[Message], start: int, again: Mapping[int, Message]) -> str:
    """Return messages as a table, with times in seconds since `start` (ns); `again` is that of `Folded`."""
    lines = (Line(message, summary(message), again.get(id(message))) for message in messages)
    return tables.draw(packets.table(lines, start))


def refusal(name: str) -> str:
    """Say why nothing can be saved under a name, "" where it can."""
    path = Path(name).expanduser()
    if path.exists():
        return "exists already: take another name"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    return ""


def write(name: str, text: str) -> Path:
    """Write a new file; raises OSError, also where it exists."""
    path = Path(name).expanduser()
    with path.open("x", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
    return path
