"""Saved filters: a list to choose from, to save the filter that is applied, and to forget one."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Row
from analyzer.tui.prompt import Prompt
from analyzer.tui.rows import Rows
from analyzer.tui.state import Memory
from analyzer.tui.table import Column, Table

COLUMNS = (Column("Name", 16, share=1), Column("Filter", 20, share=3), Column("", 6))
EMPTY = "No filter is saved: a saves the one that is applied; [filters] of the config file holds others."


class FiltersDialog(ModalScreen[str | None]):
    """Gives the filter that is to be applied, None when none is."""

    BINDINGS = [
        key("a", "save", "Save the filter", show=True),
        key("d", "forget", "Forget it", show=True),
        key("escape", "dismiss(None)", "Cancel", show=True),
    ]
    DEFAULT_CSS = """
    FiltersDialog {
        align: center middle; background: $background 60%;
        & > Vertical { width: 90%; max-width: 110; height: auto; max-height: 80%; background: $panel;
            border: round $accent; padding: 0 1; }
        & Table { height: 12; }
        & Static { color: $text-muted; margin-top: 1; height: auto; }
    }
    """

    def __init__(self, memory: Memory, given: Mapping[str, str], applied: str) -> None:
        super().__init__()
        self.memory = memory
        self.given = given  # of the config file
        self.applied = applied
        self.saved: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Table(COLUMNS, EMPTY)
            yield Static("Enter applies, a saves the filter that is applied, d forgets, Esc leaves", markup=False)

    def on_mount(self) -> None:
        self._list()
        self.query_one(Table).focus()

    def _list(self) -> None:
        self.saved = [*self.given.items(), *(each for each in self.memory.filters.items() if each[0] not in self.given)]
        self.query_one(Table).fill(len(self.saved), self._row)

    def _row(self, row: int) -> Row:
        name, text = self.saved[row]
        return Row((Cell(name, "accent"), Cell(text), Cell("config" if name in self.given else "", "dim")))

    @on(Rows.Chosen)
    def _take(self, event: Rows.Chosen) -> None:
        event.stop()
        self.dismiss(self.saved[self.query_one(Table).at][1])

    def action_save(self) -> None:
        """Ask for a name, and save the filter that is applied under it."""
        if self.applied:
            self.app.push_screen(Prompt("save the filter as", "", self._taken), self._named)
        else:
            self.notify("No filter is applied", timeout=2)

    def _taken(self, name: str) -> str:
        return "the config file has a filter of this name" if name in self.given else ""

    def _named(self, name: str | None) -> None:
        if name:
            self.memory.keep_filter(name, self.applied)
            self._list()

    def action_forget(self) -> None:
        """Forget the filter under the cursor; one of the config file stays."""
        if not self.saved:
            return
        name, _ = self.saved[self.query_one(Table).at]
        if name in self.given:
            self.notify("It stands in the config file: `keyshark config edit`", timeout=3)
        else:
            self.memory.keep_filter(name, "")
            self._list()
