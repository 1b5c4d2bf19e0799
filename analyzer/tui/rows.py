"""A list of lines that scrolls, searches and jumps to problems: what tables, outlines and pages are made of.

Only the lines in view are drawn, so a list may be as long as a capture.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message as Event
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from analyzer.tui.bindings import key
from analyzer.tui.cells import TONES, Line, Mark, fit, printable
from analyzer.tui.guard import Guarded, contain

MOVES = (
    key("up,k", "move(-1)", "Up"),
    key("down,j", "move(1)", "Down"),
    key("home,g", "top", "Top"),
    key("end,G", "bottom", "Bottom"),
    key("pageup,ctrl+b", "page(-1)", "Page up"),
    key("pagedown,ctrl+f", "page(1)", "Page down"),
)
SEEKS = (
    key("e", "problem(4, 1)", "Next failure"),
    key("E", "problem(4, -1)", "Previous failure"),
    key("w", "problem(2, 1)", "Next advice or inconc"),
    key("W", "problem(2, -1)", "Previous advice or inconc"),
)


class Rows(Guarded, ScrollView, can_focus=True, inherit_bindings=False):
    """A list with a cursor; subclasses say how many lines there are and what stands on each."""

    BINDINGS = [*MOVES, key("enter", "choose", "Open", show=True), *SEEKS]
    COMPONENT_CLASSES = {"rows--cursor", "rows--header", *(f"rows--{tone}" for tone in TONES)}
    DEFAULT_CSS = """
    Rows {
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        & > .rows--header { color: $text-muted; text-style: bold; }
        & > .rows--cursor { background: $block-cursor-blurred-background; text-style: bold; }
        &:focus > .rows--cursor {
            background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
        }
        &:ansi:blur > .rows--cursor { text-style: bold underline; }
        & > .rows--good { color: $text-success; }
        & > .rows--warn { color: $text-warning; }
        & > .rows--bad { color: $text-error; }
        & > .rows--dim { color: $text-muted; }
        & > .rows--accent { color: $text-accent; }
        & > .rows--primary { color: $text-primary; }
        & > .rows--secondary { color: $text-secondary; }
    }
    """
    cursor: reactive[int] = reactive(0, repaint=False)
    count: reactive[int] = reactive(0, repaint=False)
    empty = ""  # why there is nothing, and what to do
    shows_place = True  # whether the cursor is seen while another list has the focus

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
        """Return what stands on a line: nothing here, subclasses say it."""
        return ()

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

    def extend(self, count: int) -> None:
        """Take a content that goes on where this one ends; a cursor at the end stays at the end."""
        self.reset(count, count - 1 if self.count and self.cursor == self.count - 1 else self.cursor)

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.count + self.head)

    def on_resize(self) -> None:
        self._measure()
        self._show_cursor()

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        self._show_cursor()
        for row in (before, now):
            self.refresh_line(row + self.head)
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

    @property
    def step(self) -> int:
        """How many lines a page key goes."""
        return max(1, self.scrollable_content_region.height - self.head - 1)

    def action_page(self, direction: int) -> None:
        self.cursor += direction * self.step

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
        return printable("".join(cell.text for cell in self.line(row, 1000))).strip()

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
        try:
            return self._line_at(y)
        except Exception as error:  # noqa: BLE001  # a line that cannot be drawn costs no other
            contain(self, error)
            width = self.scrollable_content_region.width
            return Strip([Segment(fit("✗ keyshark failed here", width), self.rich_style)], width)

    def _line_at(self, y: int) -> Strip:
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
        if row == self.cursor and (self.has_focus or self.shows_place):
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
        # The whole style, not a partial one: only over its background does a muted colour come out muted.
        if tone in TONES:
            return base + Style(color=self.get_component_rich_style(f"rows--{tone}").color)
        return base + Style.parse(tone) if tone else base

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
