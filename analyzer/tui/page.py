"""Prose to read: paragraphs wrapped to the width of the pane, with the keys of every list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells
from textual.app import ComposeResult
from textual.screen import ModalScreen

from analyzer.tui.cells import Cell, Line, printable
from analyzer.tui.rows import Rows

UNSEEN = 1000  # columns of a page that has no place on the screen yet: it is wrapped when it gets one


class Page(Rows):
    """Lines of text with a tone; what is longer than the pane goes on below, indented as it began."""

    shows_place = False

    def __init__(self, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.empty = empty
        self.paragraphs: tuple[Cell, ...] = ()
        self.lines: list[Cell] = []
        self._wrapped = -1

    def write(self, paragraphs: Iterable[Cell]) -> None:
        """Show other text from its top."""
        self.paragraphs = tuple(paragraphs)
        self._wrap()
        self.reset(len(self.lines))

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._wrapped:
            self._wrap()
            self.reset(len(self.lines), self.cursor)

    def _wrap(self) -> None:
        self._wrapped = self.scrollable_content_region.width
        width = max(10, self._wrapped) if self._wrapped else UNSEEN
        self.lines = [Cell(line, cell.tone) for cell in self.paragraphs for line in wrap(cell.text, width)]

    def line(self, row: int, width: int) -> Line:
        return (self.lines[row],)


class Sheet(ModalScreen[None]):
    """A page over the screen, with a title at its edge."""

    SCOPED_CSS = False  # the sheets are classes of their own
    DEFAULT_CSS = """
    Sheet {
        align: center middle; background: $background 60%;
        & > Page { width: 74; max-width: 100%; height: 90%; max-height: 90%; border: round $accent; padding: 0 1;
            background: $surface; }
    }
    """

    def __init__(self, title: str, lines: Sequence[Cell]) -> None:
        super().__init__()
        self.heading = title
        self.lines = tuple(lines)

    def compose(self) -> ComposeResult:
        page = Page()
        page.border_title = self.heading
        yield page

    def on_mount(self) -> None:
        self.query_one(Page).write(self.lines)


def wrap(text: str, width: int) -> Sequence[str]:
    """Break a line at spaces, or within a word that is wider than the pane; later lines keep the indent."""
    text = printable(text)
    if cell_len(text) <= width:
        return (text,)
    indent = " " * min(len(text) - len(text.lstrip()), width // 2)
    lines = [indent]
    for word in text.split():
        gap = "" if lines[-1] == indent else " "
        if cell_len(lines[-1]) + len(gap) + cell_len(word) <= width:
            lines[-1] += gap + word
            continue
        if lines[-1] != indent:
            lines.append(indent)
        first, *more = chop_cells(word, width - len(indent)) or [""]
        lines[-1] += first
        lines += [indent + piece for piece in more]
    return lines
