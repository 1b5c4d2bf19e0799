"""The cases of a folder: listed at once, judged one by one while the list is looked at, opened with Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.worker import get_current_worker

from analyzer.analysis import Options
from analyzer.batch import Outcome, judge_case
from analyzer.capture.case import CaseFiles
from analyzer.report import CaseReport
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Mark, Row
from analyzer.tui.keyline import KeyLine
from analyzer.tui.model import mark_of, octets_text, verdict_mark
from analyzer.tui.notices import Notices, skipped_text
from analyzer.tui.rows import Rows
from analyzer.tui.search import Search
from analyzer.tui.table import Column, Table
from analyzer.tui.tabline import TabLine

JUDGED_UNASKED = 1000 * 1000  # octets of a case that is judged before anybody opens it
COLUMNS = (
    Column("", 1),
    Column("Case", 20, share=2),
    Column("Verdict", 8),
    Column("Failed rules", 14, share=1),
    Column("UEs", 3, least=100, right=True),
    Column("Packets", 7, least=100, right=True),
    Column("Size", 9, right=True),
    Column("Folder", 20, share=2, least=120),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a case that was judged."""

    report: CaseReport
    fault: str = ""


class Judged(Event):
    """A case was judged."""

    def __init__(self, case: int, known: Known) -> None:
        super().__init__()
        self.case = case
        self.known = known


class Chooser(Search):
    """A row a case."""

    BINDINGS = [
        key("escape", "app.quit", "Quit"),
        key("!", "warnings", "Warnings"),
    ]
    DEFAULT_CSS = """
    Chooser > Table { height: 1fr; }
    """

    class Opened(Event):
        """A case is to be opened."""

        def __init__(self, case: int) -> None:
            super().__init__()
            self.case = case

    def __init__(self, cases: Sequence[CaseFiles], options: Options, skipped: Sequence[str] = ()) -> None:
        super().__init__()
        self.skipped = tuple(skipped)  # files beside the captures, which are none
        self.cases = tuple(cases)
        self.options = options
        self.sizes = [sum(_size(path) for path in case.captures) for case in cases]
        self.known: dict[int, Known] = {}

    def compose(self) -> ComposeResult:
        yield TabLine(("Cases",), id="top")
        yield Table(COLUMNS, "No case here.", id="cases")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(Table).fill(len(self.cases), self._row)
        self._count()

    def on_screen_resume(self) -> None:
        self.run_worker(self._judge, thread=True, exclusive=True, group="judge")

    def on_screen_suspend(self) -> None:
        self.workers.cancel_group(self, "judge")

    def _judge(self) -> None:
        """In a worker: judge the small cases that nobody has opened yet."""
        worker = get_current_worker()
        for number, case in enumerate(self.cases):
            if worker.is_cancelled:
                return
            if number not in self.known and self.sizes[number] <= JUDGED_UNASKED:
                self.post_message(Judged(number, _known(judge_case(case, self.options))))

    @on(Judged)
    def _judged(self, event: Judged) -> None:
        self.learn(event.case, event.known)

    def learn(self, case: int, known: Known) -> None:
        """Show what became of a case."""
        self.known[case] = known
        self.query_one(Table).refresh()
        self._count()

    def _count(self) -> None:
        told = (f"{len(self.known)} of {len(self.cases)} judged", skipped_text(self.skipped))
        self.query_one(TabLine).note = " · ".join(text for text in told if text)

    def action_warnings(self) -> None:
        """List the files that are no captures."""
        self.app.push_screen(Notices((), self.skipped))

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.post_message(self.Opened(self.query_one(Table).at))

    def _row(self, number: int) -> Row:
        case, known = self.cases[number], self.known.get(number)
        folder = str(Path(case.captures[0]).parent)
        size = octets_text(self.sizes[number])
        if known is None:
            told = (Cell(""), Cell(case.name), Cell("…", "dim"), Cell(""), Cell(""), Cell(""))
            return Row((*told, Cell(size, "dim"), Cell(folder, "dim")))
        report, mark = known.report, verdict_mark(known.report.verdict)
        failed = dict.fromkeys(each.rule for each in report.judgements if mark_of(each) is Mark.FAIL)
        return Row(
            (
                Cell(mark.sign, mark.tone),
                Cell(case.name, "accent"),
                Cell(str(report.verdict), mark.tone),
                Cell(known.fault or " ".join(failed), "bad" if known.fault else mark.tone),
                Cell(str(len(report.ues))),
                Cell(str(sum(capture.packets for capture in report.captures))),
                Cell(size, "dim"),
                Cell(folder, "dim"),
            ),
            mark,
        )


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _known(outcome: Outcome) -> Known:
    return Known(outcome.report, "" if outcome.fault is None else outcome.fault.text)
