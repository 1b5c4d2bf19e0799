"""Rows of cells under a header, whose columns share the width of the pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analyzer.tui.cells import Cell, Line, Mark, Row, fit, printable
from analyzer.tui.rows import Rows


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: fixed width, or a share of what is left; hidden in tables narrower than `least`."""

    title: str
    width: int
    share: int = 0
    least: int = 0
    right: bool = False


class Table(Rows):
    """Rows of cells under a header; widths follow the width of the pane."""

    def __init__(self, columns: Sequence[Column], empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = empty
        self.row: Callable[[int], Row] = lambda row: Row(())
        self.sorted_by = -1
        self.sorted_down = False
        self._widths: tuple[int, tuple[int, ...]] = (-1, ())

    def fill(self, count: int, row: Callable[[int], Row], cursor: int = 0) -> None:
        """Show `count` rows; `row` makes one when it comes into view."""
        self.row = row
        self.reset(count, cursor)

    def widths(self, width: int) -> tuple[int, ...]:
        """Return the width of each column, 0 for those that are hidden."""
        if self._widths[0] != width:
            shown = [width >= column.least for column in self.columns]
            fixed = sum(column.width + 1 for column, seen in zip(self.columns, shown, strict=True) if seen) - 1
            shares = sum(column.share for column, seen in zip(self.columns, shown, strict=True) if seen)
            spare, given = max(0, width - fixed), 0
            widths = []
            for column, seen in zip(self.columns, shown, strict=True):
                before = spare * given // shares if shares else 0
                given += column.share if seen else 0
                after = spare * given // shares if shares else 0
                widths.append(column.width + after - before if seen else 0)
            self._widths = (width, tuple(widths))
        return self._widths[1]

    def header(self, width: int) -> Line:
        titles = []
        for place, column in enumerate(self.columns):
            arrow = ("▾" if self.sorted_down else "▴") if place == self.sorted_by else ""
            titles.append(Cell(column.title + arrow))
        return self._spread(titles, width)

    def line(self, row: int, width: int) -> Line:
        return self._spread(self.row(row).cells, width)

    def text(self, row: int) -> str:
        return printable(" ".join(cell.text for cell in self.row(row).cells if cell.text.strip()))

    def mark(self, row: int) -> Mark:
        return self.row(row).mark

    def _spread(self, cells: Sequence[Cell], width: int) -> Line:
        spans: list[Cell] = []
        for column, cell, size in zip(self.columns, cells, self.widths(width), strict=False):
            if size:
                spans.append(Cell(fit(cell.text, size, column.right), cell.tone))
                spans.append(Cell(" "))
        return spans[:-1]
