"""Rows of cells under a header, whose columns share the width of the pane."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.message import Message as Event
from textual.worker import get_current_worker

from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Line, Mark, Row, fit, printable
from analyzer.tui.rows import Rows

UNSORTED = -1
_DIGITS = re.compile("([0-9]+)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: fixed width, or a share of what is left; hidden in tables narrower than `least`."""

    title: str
    width: int
    share: int = 0
    least: int = 0
    right: bool = False


class Sorted(Event):
    """The rows of a table in another order, as it was asked for."""

    def __init__(self, asked: tuple[int, bool, int], order: list[int]) -> None:
        super().__init__()
        self.asked = asked
        self.order = order


class Table(Rows):
    """Rows of cells under a header; widths follow the width of the pane, and any column sorts.

    Whoever fills the table knows rows by their place in what was filled in: `at` and `point` speak of that place,
    the cursor of the line that is seen.
    """

    BINDINGS = [
        key("less_than_sign", "sort_by(-1)", "Sort by the column before"),
        key("greater_than_sign", "sort_by(1)", "Sort by the next column"),
        key("z", "turn", "Sort the other way"),
    ]

    def __init__(self, columns: Sequence[Column], empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = empty
        self.row: Callable[[int], Row] = lambda row: Row(())
        self.sorted_by = UNSORTED
        self.sorted_down = False
        self.order: list[int] | None = None  # place of each line, None where they are as filled in
        self._widths: tuple[int, tuple[int, ...]] = (-1, ())

    def fill(self, count: int, row: Callable[[int], Row], cursor: int = 0) -> None:
        """Show `count` rows; `row` makes one when it comes into view."""
        self.row = row
        self.order = None
        self.reset(count, cursor)
        self._sort()

    def refill(self, count: int, row: Callable[[int], Row]) -> None:
        """Show rows that begin as those shown do, and perhaps more; a cursor at the end stays at the end."""
        last = self.order is None and self.count > 0 and self.cursor == self.count - 1
        self.fill(count, row, count - 1 if last else self.at)

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; what was sorted by one that is gone is as filled in again."""
        sorted_by = self.columns[self.sorted_by].title if self.sorted_by >= 0 else None
        self.columns = tuple(columns)
        self._widths = (-1, ())
        titles = [column.title for column in columns]
        self.sorted_by = titles.index(sorted_by) if sorted_by in titles else UNSORTED
        self._sort()

    @property
    def at(self) -> int:
        """The place of the row under the cursor."""
        return self.place_of(self.cursor)

    def place_of(self, line: int) -> int:
        """Return the place of what stands on a line."""
        return self.order[line] if self.order is not None and line < len(self.order) else line

    def point(self, place: int) -> None:
        """Put the cursor on the row of a place."""
        self.cursor = place if self.order is None else self.order.index(place)

    # Order

    def action_sort_by(self, by: int) -> None:
        """Sort by the next column that is seen, or the one before; between last and first lies the order filled in."""
        shown = [UNSORTED, *(place for place, width in enumerate(self.widths(self.size.width)) if width)]
        here = shown.index(self.sorted_by) if self.sorted_by in shown else 0
        self.sort(shown[(here + by) % len(shown)], False)

    def action_turn(self) -> None:
        """Sort the other way round."""
        if self.sorted_by != UNSORTED:
            self.sort(self.sorted_by, not self.sorted_down)

    def sort(self, column: int, down: bool) -> None:
        """Sort by a column, UNSORTED for the order filled in."""
        self.sorted_by, self.sorted_down = column, down
        self._sort()

    def _sort(self) -> None:
        if self.sorted_by == UNSORTED:
            self._take(None)
        else:
            self.run_worker(self._order, thread=True, exclusive=True, group="sort")
        self.refresh()

    def _order(self) -> None:
        """In a worker: read the cells of a column and put them in order, numbers by their size."""
        worker = get_current_worker()
        asked = (self.sorted_by, self.sorted_down, self.count)
        keys = []
        for place in range(self.count):
            if worker.is_cancelled:
                return
            cells = self.row(place).cells
            keys.append(natural(cells[asked[0]].text if asked[0] < len(cells) else ""))
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=asked[1])
        self.post_message(Sorted(asked, order))

    @on(Sorted)
    def _sorted(self, event: Sorted) -> None:
        event.stop()
        if event.asked == (self.sorted_by, self.sorted_down, self.count):
            self._take(event.order)

    def _take(self, order: list[int] | None) -> None:
        """Show the rows in another order; the cursor stays on what it is on."""
        if order is None and self.order is None:
            return
        here = self.at
        self.order = order
        if self.count:
            self.point(here)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Sort by the column whose title is clicked, and the other way at the next click."""
        if event.y:
            return  # a row: that of Rows is called as well
        edge = 0
        for place, width in enumerate(self.widths(self.scrollable_content_region.width)):
            edge += width + 1 if width else 0
            if width and event.x < edge:
                self.sort(place, place == self.sorted_by and not self.sorted_down)
                break

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
        return self._spread(self.row(self.place_of(row)).cells, width)

    def text(self, row: int) -> str:
        return printable(" ".join(cell.text for cell in self.row(self.place_of(row)).cells if cell.text.strip()))

    def mark(self, row: int) -> Mark:
        return self.row(self.place_of(row)).mark

    def _spread(self, cells: Sequence[Cell], width: int) -> Line:
        spans: list[Cell] = []
        for column, cell, size in zip(self.columns, cells, self.widths(width), strict=False):
            if size:
                spans.append(Cell(fit(cell.text, size, column.right), cell.tone))
                spans.append(Cell(" "))
        return spans[:-1]


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return what to sort a text by: numbers in it count as numbers, letters alike in any case."""
    pieces = _DIGITS.split(text.strip().casefold())
    return tuple((0, int(piece), "") if place % 2 else (1, 0, piece) for place, piece in enumerate(pieces) if piece)
