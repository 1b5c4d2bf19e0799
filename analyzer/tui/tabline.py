"""A line of tabs: what there is to see, and which of it is seen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message as Event
from textual.reactive import reactive
from textual.widget import Widget

from analyzer.tui.cells import fit, printable


class TabLine(Widget):
    """Titles in a row, one of them active; a click, `[` or `]` chooses another."""

    COMPONENT_CLASSES = {"tabline--active", "tabline--note"}
    DEFAULT_CSS = """
    TabLine {
        height: 1; background: $panel; color: $text-muted;
        & > .tabline--active {
            background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
        }
        & > .tabline--note { color: $text-muted; }
    }
    """
    active: reactive[int] = reactive(0)
    titles: reactive[tuple[str, ...]] = reactive(())
    note: reactive[str] = reactive("")  # stands at the right end

    class Chosen(Event):
        """Another tab is to be seen."""

        def __init__(self, line: TabLine, active: int) -> None:
            super().__init__()
            self.line = line
            self.active = active

        @property
        def control(self) -> TabLine:
            return self.line

    def __init__(self, titles: Sequence[str] = (), id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(TabLine.titles, tuple(titles))

    def step(self, by: int) -> None:
        """Choose the next tab, or the one before."""
        if self.titles:
            self.choose((self.active + by) % len(self.titles))

    def choose(self, tab: int) -> None:
        """Choose a tab and tell it."""
        self.active = tab
        self.post_message(self.Chosen(self, tab))

    def on_click(self, event: events.Click) -> None:
        end = 0
        for tab, title in enumerate(self.titles):
            end += cell_len(f" {title} ")
            if event.x < end:
                self.choose(tab)
                return

    def render(self) -> Text:
        line = Text(no_wrap=True, overflow="ellipsis")
        for tab, title in enumerate(self.titles):
            style = self.get_component_rich_style("tabline--active") if tab == self.active else ""
            line.append(f" {printable(title)} ", style)
        left = self.size.width - line.cell_len - 1
        if self.note and left > 4:
            line.append(" " + fit(self.note, left, right=True), self.get_component_rich_style("tabline--note"))
        return line
