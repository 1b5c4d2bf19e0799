"""The columns of the packet list: ours by their titles, any field by its name; and the dialog that chooses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from analyzer.config import DEFAULT_COLUMNS, TIMES
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Line, Row
from analyzer.tui.model import Index, clock
from analyzer.tui.prompt import Prompt
from analyzer.tui.rows import Rows
from analyzer.tui.table import Column
from analyzer.views.layers import written
from dissectors import Message, tree
from dissectors.catalogue import FAMILY

NUMBER, TIME, SOURCE, TARGET, PROTOCOL, LENGTH, INFO = "No.", "Time", "Source", "Destination", "Proto", "Len", "Info"
_OURS = {
    NUMBER: Column(NUMBER, 5, right=True),
    TIME: Column(TIME, 10, right=True),
    SOURCE: Column(SOURCE, 11, share=1),
    TARGET: Column(TARGET, 11, share=1),
    PROTOCOL: Column(PROTOCOL, 8),
    LENGTH: Column(LENGTH, 5, least=100, right=True),
    INFO: Column(INFO, 20, share=6),
}
WIDE_TIME = 15  # columns of a time of day with its microseconds
_SIGN = Column("", 2)
MAX_VALUES = 8  # of one field that a cell shows


def table_columns(names: Iterable[str], form: str = TIMES[0]) -> tuple[Column, ...]:
    """Return the columns of the table, with times in one of TIMES: the sign first, then those named."""
    ours = {**_OURS, TIME: replace(_OURS[TIME], width=WIDE_TIME)} if form == "UTC" else _OURS
    return (_SIGN, *(ours.get(name) or Column(name, max(8, min(len(name), 20)), share=1) for name in names))


def packet_row(
    found: Index, message: Message, before: int | None, form: str, info: str,
    columns: Sequence[str] = DEFAULT_COLUMNS, tone: str = "",
) -> Row:  # fmt: skip
    """Return a message as a line of the packet list: its sign, then a cell for each column.

    `before` is the time of the message before it, `form` one of TIMES, `info` what it is in words, `tone` what a
    colour rule gives it.
    """
    payload = message.payload
    mark = found.mark(message)
    cells = [Cell(mark.sign, mark.tone)]
    for name in columns:
        match name:
            case "No.":
                cells.append(Cell(found.number((payload.capture, message.frame)), tone))
            case "Time":
                cells.append(Cell(clock(message.time, found.analysis.story.traffic.begin, before, form), "dim"))
            case "Source":
                cells.append(Cell(payload.src, tone))
            case "Destination":
                cells.append(Cell(payload.dst, tone))
            case "Proto":
                cells.append(Cell(found.protocol(message), tone))
            case "Len":
                cells.append(Cell(str(len(payload.data)), tone))
            case "Info":
                cells.append(_info(found, message, info, tone))
            case _:
                cells.append(Cell(field_text(found, message, name)))
    return Row(tuple(cells), mark)


def _info(found: Index, message: Message, info: str, tone: str) -> Cell:
    errors = () if found.protection(message) else (part.error for part in message.walk())  # encrypted, not broken
    broken = next((error for error in errors if error is not None), None)
    text = found.hider.told(info)
    return Cell(text, tone) if broken is None else Cell(f"[malformed {broken.field}] {text}", "bad")


def field_text(found: Index, message: Message, name: str) -> str:
    """Return the values of a field in a message as a cell shows them; those that hold keys stay hidden."""
    values: list[str] = []
    for part in found.whole(message).walk():
        for outermost in tree(part):
            for each in outermost.walk():
                if each.name == name and len(values) < MAX_VALUES:
                    hidden = found.hider.hides(each)
                    values.append("••••" if hidden else each.text or written(each.value))
    return ", ".join(values)


class ColumnsDialog(ModalScreen[tuple[str, ...] | None]):
    """Chooses the columns of the packet list; gives their names in order, None when nothing is to change."""

    BINDINGS = [
        key("space", "swing", "Show or hide", show=True),
        key("J,shift+down", "shift(1)", "Move on", show=True),
        key("K,shift+up", "shift(-1)", "Move back", show=True),
        key("a", "add", "Add a field", show=True),
        key("d", "restore", "As at first", show=True),
        key("escape", "dismiss(None)", "Cancel", show=True),
    ]
    DEFAULT_CSS = """
    ColumnsDialog {
        align: center middle; background: $background 60%;
        & > Vertical { width: 60; max-width: 90%; height: auto; max-height: 80%; background: $panel;
            border: round $accent; padding: 0 1; }
        & ColumnList { height: auto; max-height: 20; }
        & Static { color: $text-muted; margin-top: 1; height: auto; }
    }
    """

    def __init__(self, columns: Sequence[str], known: Iterable[str]) -> None:
        super().__init__()
        hidden = [name for name in DEFAULT_COLUMNS if name not in columns]
        self.names = [*columns, *hidden]
        self.shown = set(columns)
        self.known = frozenset(known)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield ColumnList(self)
            yield Static(
                "space shows or hides, J K move, a adds a field, d as at first, Enter takes, Esc leaves", markup=False
            )

    @property
    def list(self) -> ColumnList:
        return self.query_one(ColumnList)

    def on_mount(self) -> None:
        self.list.reset(len(self.names))
        self.set_focus(self.list)

    def action_swing(self) -> None:
        """Show the column under the cursor, or hide it."""
        self.shown ^= {self.names[self.list.cursor]}
        self.list.refresh()

    def action_shift(self, by: int) -> None:
        """Move the column under the cursor."""
        here = self.list.cursor
        there = here + by
        if 0 <= there < len(self.names):
            self.names[here], self.names[there] = self.names[there], self.names[here]
            self.list.reset(len(self.names), there)

    def action_add(self) -> None:
        """Ask for the name of a field."""
        self.app.push_screen(Prompt("field", "", self._unknown), self._added)

    def _unknown(self, name: str) -> str:
        return "" if name in self.known and FAMILY not in name else "no field has this name: see `keyshark fields`"

    def _added(self, name: str | None) -> None:
        if name:
            if name not in self.names:
                self.names.insert(self.list.cursor + 1, name)
            self.shown.add(name)
            self.list.reset(len(self.names), self.names.index(name))

    def action_restore(self) -> None:
        """Show the columns that there are at first."""
        self.names, self.shown = list(DEFAULT_COLUMNS), set(DEFAULT_COLUMNS)
        self.list.reset(len(self.names))

    @on(Rows.Chosen)
    def _take(self, event: Rows.Chosen) -> None:
        """Show what was chosen; a list without columns would show nothing."""
        event.stop()
        chosen = tuple(name for name in self.names if name in self.shown)
        self.dismiss(chosen or None)


class ColumnList(Rows):
    """The columns of a dialog, each with a sign that says whether it is shown."""

    def __init__(self, dialog: ColumnsDialog) -> None:
        super().__init__()
        self.dialog = dialog

    def line(self, row: int, width: int) -> Line:
        name = self.dialog.names[row]
        shown = name in self.dialog.shown
        return (Cell("✓ " if shown else "  ", "good"), Cell(name, "" if shown else "dim"))
