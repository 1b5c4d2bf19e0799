"""Findings: every judgement, the worst first, with the page of its rule beside it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from analyzer.report import Judgement
from analyzer.tui.cells import Row
from analyzer.tui.events import Jump, Said
from analyzer.tui.filterbox import FilterBox
from analyzer.tui.guard import Guarded
from analyzer.tui.model import Index, Place, finding_row, findings, names_of
from analyzer.tui.page import Page
from analyzer.tui.rows import Rows
from analyzer.tui.rulepage import rule_page
from analyzer.tui.table import Column, Table
from analyzer.views import measure

COLUMNS = (
    Column("", 1),
    Column("Rule", 7),
    Column("Level", 6),
    Column("UE", 4),
    Column("Proc.", 8, least=100),
    Column("Frame", 7),
    Column("What was found", 20, share=1),
)


class Findings(Guarded, Vertical):
    """All judgements; a filter of words names verdict, level, UE, procedure or rule."""

    SCOPED_CSS = False  # .-wide is set on the screen
    DEFAULT_CSS = """
    Findings {
        & > #judgements { height: 3fr; }
        & > #page { height: 2fr; border-top: hkey $panel; }
    }
    .-wide Findings {
        layout: grid; grid-size: 2 2; grid-columns: 3fr 2fr; grid-rows: 1 1fr;
        & > #filter { column-span: 2; }
        & > #judgements { height: 1fr; }
        & > #page { height: 1fr; border-top: none; border-left: vkey $panel; }
    }
    """

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.listed: tuple[Judgement, ...] = ()

    def compose(self) -> ComposeResult:
        by = measure.short(self.found.analysis.report)
        words = f"all findings{by}; words such as: fail inconc shall ue1 msk-delivery MS-16"
        yield FilterBox(self._wrong, words, id="filter")
        yield Table(COLUMNS, self._why_empty(), id="judgements")
        yield Page("Nothing chosen.", id="page")

    def on_mount(self) -> None:
        judgements = self.found.analysis.report.judgements
        self.filter.names = {name for each in judgements for name in names_of(each, self.kinds)}
        self._fill("")

    def renew(self, found: Index) -> None:
        """Show what the case comes to now, with the cursor on the same finding."""
        here = self.judgement
        self.found = found
        self.table.empty = self._why_empty()
        self.listed = self._named(self.filter.applied)
        same = (row for row, each in enumerate(self.listed) if here is not None and _same(each, here))
        self.table.fill(len(self.listed), self._row, next(same, self.table.at))

    @property
    def filter(self) -> FilterBox:
        return self.query_one(FilterBox)

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    @property
    def judgement(self) -> Judgement | None:
        """The judgement under the cursor."""
        return self.listed[self.table.at] if self.listed else None

    @property
    def place(self) -> Place | None:
        """The first frame that shows it."""
        if self.judgement is None or not self.judgement.evidence:
            return None
        first = self.judgement.evidence[0]
        return first.capture, first.frame

    def _why_empty(self) -> str:
        if self.found.analysis.report.judgements:
            return "No finding has all these words: change the filter with f, or clear it."
        return "No rule found anything to look at: there is no procedure of MBMS key management in this capture."

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each procedure."""
        return {name: run.procedure.kind for name, run in self.found.analysis.runs}

    def _named(self, words: str) -> tuple[Judgement, ...]:
        return findings(self.found.analysis.report.judgements, words, self.kinds)

    def _wrong(self, text: str) -> str:
        return "" if self._named(text) else "no finding has all these words"

    def _fill(self, words: str) -> None:
        self.listed = self._named(words)
        self.table.fill(len(self.listed), self._row)

    def _row(self, row: int) -> Row:
        return finding_row(self.found, self.listed[row])

    def go(self, judgement: Judgement) -> None:
        """Go to a judgement, whatever the filter."""
        if judgement not in self.listed:
            self.filter.apply("")
            self._fill("")
        self.table.point(self.listed.index(judgement))
        self.screen.set_focus(self.table)

    @on(FilterBox.Applied)
    def _apply(self, event: FilterBox.Applied) -> None:
        event.stop()
        self._fill(event.text)
        self.screen.set_focus(self.table)

    @on(FilterBox.Left)
    def _left(self, event: FilterBox.Left) -> None:
        event.stop()
        self.screen.set_focus(self.table)

    @on(Rows.Moved, "#judgements")
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()
        self.query_one(Page).write(rule_page(self.found, self.judgement))
        if self.judgement is not None:
            self.post_message(Said(self, self.judgement.message))

    @on(Rows.Chosen, "#judgements")
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if self.place is not None:
            self.post_message(Jump(self.place))
        else:
            self.notify("This finding names no frame")


def _same(one: Judgement, other: Judgement) -> bool:
    return (one.rule, one.procedure, one.ue) == (other.rule, other.procedure, other.ue)
