"""What is saved: the report of a case, the messages listed as a table, or a ladder; never a key value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from analyzer.analysis import Analysis
from analyzer.batch import Outcome, collect
from analyzer.correlate.bodies import summary
from analyzer.report import Judgement, StepReport, Verdict
from analyzer.tui.arrows import Arrow
from analyzer.tui.cells import Mark
from analyzer.tui.model import SECOND
from analyzer.views import flow, flow_mermaid, packets, svg, tables, view
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


LADDERS = {".txt": flow.text, ".mmd": flow_mermaid.show, ".svg": svg.ladder}
ENDINGS: Mapping[str, Iterable[str]] = {
    "packets": (".txt", ".json"), "ladder": LADDERS, "findings": FORMATS, "report": FORMATS,
}  # fmt: skip
VERDICTS = {Mark.UNSURE: Verdict.INCONC, Mark.FAIL: Verdict.FAIL}


def text_of(
    analysis: Analysis, version: str, name: str, what: str,
    arrows: Iterable[Arrow], messages: Iterable[Message], judgements: tuple[Judgement, ...],
) -> str:  # fmt: skip
    """Return one of ENDINGS as the ending of a file name asks for: arrows, messages or judgements are those listed."""
    suffix = name[name.rfind(".") :] if "." in name else ""
    match what:
        case "ladder":
            return ladder_text(analysis, arrows, suffix)
        case "packets" if suffix != ".json":
            traffic = analysis.story.traffic
            return packets_text(messages, traffic.begin, traffic.folded.again)
        case _:
            return report_text(analysis, version, suffix, judgements if what == "findings" else None)


def ladder_text(analysis: Analysis, arrows: Iterable[Arrow], suffix: str) -> str:
    """Return the arrows of a ladder as text, for Mermaid or as SVG, as the ending of a file name asks for."""
    drawn = tuple(
        flow.Arrow(_step(arrow), arrow.runs, VERDICTS.get(arrow.mark, Verdict.NONE), arrow.broken) for arrow in arrows
    )
    begin = analysis.story.traffic.begin / SECOND
    ladder = flow.Ladder(drawn, begin, len(analysis.captures) > 1, {})
    return LADDERS.get(suffix.lower(), flow.text)(ladder)


def _step(arrow: Arrow) -> StepReport:
    times = f"×{arrow.count}" if arrow.count > 1 and not arrow.is_whole else ""
    words = " ".join(word for word in (arrow.title, times, arrow.detail) if word)
    return StepReport(
        "", arrow.source, arrow.target, *arrow.place, arrow.time / SECOND, arrow.title, words
    )  # fmt: skip


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
