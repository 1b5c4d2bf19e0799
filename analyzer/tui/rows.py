"""Lists of lines that scroll, search and jump to problems: tables and outlines are made of them.

Only the lines in view are drawn, so a list may be as long as a capture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message as Event
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from analyzer.tui.model import Cell, Mark, Row, printable

MOVES = (
    Binding("up,k", "move(-1)", "Up", show=False),
    Binding("down,j", "move(1)", "Down", show=False),
    Binding("home,g", "top", "Top", show=False),
    Binding("end,G", "bottom", "Bottom", show=False),
    Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
    Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
)
SEEKS = (
    Binding("e", "problem(4, 1)", "Next failure", show=False),
    Binding("E", "problem(4, -1)", "Previous failure", show=False),
    Binding("w", "problem(2, 1)", "Next advice or inconc", show=False),
    Binding("W", "problem(2, -1)", "Previous advice or inconc", show=False),
)
TONES = ("good", "warn", "bad", "dim", "accent")
Line = Sequence[Cell]


def fit(text: str, width: int, right: bool = False) -> str:
    """Return text that fills `width` columns exactly, with an ellipsis where it does not fit."""
    text = printable(text)
    length = cell_len(text)
    if length <= width:
        return " " * (width - length) + text if right else text + " " * (width - length)
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


class Rows(ScrollView, can_focus=True):
    """A list with a cursor; subclasses say how many lines there are and what stands on each."""

    BINDINGS = [*MOVES, Binding("enter", "choose", "Open"), *SEEKS]
    COMPONENT_CLASSES = {"rows--cursor", "rows--header", *(f"rows--{tone}" for tone in TONES)}
    DEFAULT_CSS = """
    Rows {
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        & > .rows--header { color: $text-muted; text-style: bold; }
        & > .rows--cursor { background: $block-cursor-blurred-background; text-style: bold; }
        &:focus > .rows--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        & > .rows--good { color: $text-success; }
        & > .rows--warn { color: $text-warning; }
        & > .rows--bad { color: $text-error; }
        & > .rows--dim { color: $text-muted; }
        & > .rows--accent { color: $text-accent; }
    }
    """
    cursor: reactive[int] = reactive(0, repaint=False)
    count: reactive[int] = reactive(0, repaint=False)
    empty = ""  # why there is nothing, and what to do

    class Moved(Event):
        """The cursor stands on another line."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows:
            return self.rows

    class Chosen(Moved):
        """Enter, or a click on the line with the cursor."""

    def line(self, row: int, width: int) -> Line:
        """Return what stands on a line."""
        raise NotImplementedError

    def mark(self, row: int) -> Mark:
        """Return the mark of a line, for the keys that look for problems."""
        return Mark.NONE

    def header(self, width: int) -> Line | None:
        """Return the line that stays on top, None where there is none."""
        return None

    @property
    def head(self) -> int:
        return 0 if self.header(80) is None else 1

    def reset(self, count: int, cursor: int = 0) -> None:
        """Take another content of `count` lines."""
        self.count = count
        self._measure()
        moved = max(0, min(cursor, count - 1))
        if moved == self.cursor:
            self.post_message(self.Moved(self))
        self.cursor = moved
        self.call_after_refresh(self._show_cursor)
        self.refresh()

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.count + self.head)

    def on_resize(self) -> None:
        self._measure()
        self._show_cursor()

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self) -> None:
        self._show_cursor()
        self.refresh()
        self.post_message(self.Moved(self))

    def _show_cursor(self) -> None:
        height = self.scrollable_content_region.height - self.head
        if height > 0 and self.count:
            top = round(self.scroll_y)
            if self.cursor < top:
                self.scroll_to(y=self.cursor, animate=False, force=True)
            elif self.cursor >= top + height:
                self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_top(self) -> None:
        self.cursor = 0

    def action_bottom(self) -> None:
        self.cursor = self.count - 1

    def action_page(self, direction: int) -> None:
        self.cursor += direction * max(1, self.scrollable_content_region.height - self.head - 1)

    def action_choose(self) -> None:
        if self.count:
            self.post_message(self.Chosen(self))

    def action_problem(self, mark: int, direction: int) -> None:
        """Go to the next line that fails (4), or that has advice or is inconclusive (2)."""
        wanted = {Mark.FAIL} if mark == Mark.FAIL else {Mark.UNSURE, Mark.ADVICE}
        if not self._seek(lambda row: self.mark(row) in wanted, direction):
            what = "failure" if mark == Mark.FAIL else "advice or inconc"
            self.notify(f"No {'further' if direction > 0 else 'earlier'} {what} in this list", timeout=2)

    def find(self, text: str, direction: int) -> bool:
        """Go to the next line that holds a text, in any case; False where there is none."""
        wanted = text.casefold()
        return self._seek(lambda row: wanted in self.text(row).casefold(), direction)

    def text(self, row: int) -> str:
        """Return what a line says, for search and copy."""
        return printable(" ".join(cell.text for cell in self.line(row, 1000) if cell.text.strip()))

    def _seek(self, wanted: Callable[[int], bool], direction: int) -> bool:
        stop = self.count if direction > 0 else -1
        for row in range(self.cursor + direction, stop, direction):
            if wanted(row):
                self.cursor = row
                return True
        return False

    def on_click(self, event: events.Click) -> None:
        row = event.y + round(self.scroll_y) - self.head
        if event.y >= self.head and row < self.count:
            again = row == self.cursor
            self.cursor = row
            if again:
                self.action_choose()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.rich_style
        header = self.header(width)
        if header is not None:
            if y == 0:
                return self._strip(header, width, self.get_component_rich_style("rows--header"))
            y -= 1
        row = y + round(self.scroll_y)
        if row >= self.count:
            return Strip([Segment(fit(self._blank(y), width), self._tone("dim", base))], width)
        if row == self.cursor:
            return self._strip(self.line(row, width), width, self.get_component_rich_style("rows--cursor"), True)
        return self._strip(self.line(row, width), width, base)

    def _blank(self, y: int) -> str:
        """The reason for an empty list, word-wrapped over its first lines."""
        if self.count or not self.empty:
            return ""
        width = max(10, self.scrollable_content_region.width - 2)
        lines = [""]
        for word in self.empty.split():
            if cell_len(lines[-1]) + cell_len(word) + 1 > width:
                lines.append("")
            lines[-1] += f" {word}"
        return lines[y] if y < len(lines) else ""

    def _tone(self, tone: str, base: Style) -> Style:
        return base + self.get_component_rich_style(f"rows--{tone}", partial=True) if tone else base

    def _strip(self, line: Line, width: int, base: Style, cursor: bool = False) -> Strip:
        segments: list[Segment] = []
        left = width
        for cell in line:
            if left <= 0:
                break
            text = printable(cell.text)
            length = cell_len(text)
            if length > left:
                text, length = fit(text, left), left
            # On the cursor its own colours count: tones would not be readable there.
            segments.append(Segment(text, base if cursor and self.has_focus else self._tone(cell.tone, base)))
            left -= length
        segments.append(Segment(" " * max(0, left), base))
        return Strip(segments, width)


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

    def __init__(self, columns: Sequence[Column], empty: str = "", id: str | None = None) -> None:  # noqa: A002
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


class Node:
    """One entry of an outline: a line, what is below it, and what it stands for."""

    __slots__ = ("children", "line", "mark", "name", "open", "target")

    def __init__(
        self, line: Line, children: Sequence[Node] = (), target: object = None, mark: Mark = Mark.NONE,
        name: str = "", open: bool = False,  # noqa: A002
    ) -> None:  # fmt: skip
        self.line = line
        self.children = tuple(children)
        self.target = target
        self.mark = mark
        self.name = name  # remembers being open under this name
        self.open = open


class Outline(Rows):
    """A tree of nodes that open and close."""

    BINDINGS = [
        Binding("right,l", "unfold", "Unfold", show=False),
        Binding("left,h", "fold", "Fold", show=False),
        Binding("space", "toggle", "Fold/unfold"),
        Binding("asterisk", "unfold_all", "Unfold all", show=False),
    ]

    def __init__(self, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.empty = empty
        self.roots: tuple[Node, ...] = ()
        self.visible: list[tuple[Node, int]] = []
        self.remembered: dict[str, bool] = {}

    def plant(self, roots: Sequence[Node], cursor: int = 0) -> None:
        """Show other nodes; those with a name open as they were left."""
        self.roots = tuple(roots)
        for node in _all(self.roots):
            if node.children and node.name:
                node.open = self.remembered.get(node.name, node.open)
        self._flatten()
        self.reset(len(self.visible), cursor)

    def _flatten(self) -> None:
        self.visible = []
        stack = [(node, 0) for node in reversed(self.roots)]
        while stack:
            node, depth = stack.pop()
            self.visible.append((node, depth))
            if node.open:
                stack += [(child, depth + 1) for child in reversed(node.children)]

    @property
    def node(self) -> Node | None:
        return self.visible[self.cursor][0] if self.cursor < len(self.visible) else None

    def line(self, row: int, width: int) -> Line:
        node, depth = self.visible[row]
        sign = " " if not node.children else "▾" if node.open else "▸"
        return (Cell(f"{'  ' * depth}{sign} ", "dim"), *node.line)

    def mark(self, row: int) -> Mark:
        return self.visible[row][0].mark

    def _set(self, node: Node, is_open: bool) -> None:
        if node.children and node.open != is_open:
            node.open = is_open
            if node.name:
                self.remembered[node.name] = is_open
            self._flatten()
            self.reset(len(self.visible), self.cursor)

    def action_unfold(self) -> None:
        node = self.node
        if node is not None and node.open:
            self.cursor += 1
        elif node is not None:
            self._set(node, True)

    def action_fold(self) -> None:
        node = self.node
        if node is not None and node.open and node.children:
            self._set(node, False)
        elif node is not None:
            depth = self.visible[self.cursor][1]
            above = (row for row in range(self.cursor - 1, -1, -1) if self.visible[row][1] < depth)
            self.cursor = next(above, self.cursor)

    def action_toggle(self) -> None:
        if self.node is not None:
            self._set(self.node, not self.node.open)

    def action_unfold_all(self) -> None:
        here = self.node
        for node in _all(self.roots):
            node.open = bool(node.children)
        self._flatten()
        places = [row for row, (node, _) in enumerate(self.visible) if node is here]
        self.reset(len(self.visible), places[0] if places else 0)

    def _seek(self, wanted: Callable[[int], bool], direction: int) -> bool:
        """Look into closed nodes too; only the way to what is found stays open."""
        here = self.node
        nodes = list(_all(self.roots))
        was = [node.open for node in nodes]
        for node in nodes:
            node.open = True
        self._flatten()
        start = next((row for row, (node, _) in enumerate(self.visible) if node is here), 0)
        stop = len(self.visible) if direction > 0 else -1
        found = next((self.visible[row][0] for row in range(start + direction, stop, direction) if wanted(row)), None)
        for node, is_open in zip(nodes, was, strict=True):
            node.open = is_open
        self._flatten()
        return found is not None and self.go(lambda node: node is found)

    def go(self, wanted: Callable[[Node], bool]) -> bool:
        """Open the way to the first node that is wanted and put the cursor there."""
        path = _path(self.roots, wanted)
        if not path:
            return False
        for node in path[:-1]:
            node.open = True
        self._flatten()
        self.reset(len(self.visible), next(row for row, (node, _) in enumerate(self.visible) if node is path[-1]))
        return True


def _all(roots: Sequence[Node]) -> Iterator[Node]:
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(node.children)


def _path(roots: Sequence[Node], wanted: Callable[[Node], bool]) -> list[Node]:
    stack = [(node, (node,)) for node in reversed(roots)]
    while stack:
        node, path = stack.pop()
        if wanted(node):
            return list(path)
        stack += [(child, (*path, child)) for child in reversed(node.children)]
    return []
