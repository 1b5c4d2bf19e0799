"""A screen of panes: which of them is seen, where each was left, and the way back."""

from __future__ import annotations

from textual import on
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from analyzer.tui.bindings import key
from analyzer.tui.cells import printable
from analyzer.tui.rows import Rows
from analyzer.tui.search import Search
from analyzer.tui.tabline import TabLine

PANES = ("sessions", "ue", "packets", "findings", "media")
TITLES = ("1 Sessions", "2 UE", "3 Packets", "4 Findings", "5 Media")
MAX_BACK = 100  # places that Esc finds back


class PaneScreen(Search):
    """What holds a TabLine `top`, a ContentSwitcher `panes` of PANES, and a line `status`."""

    BINDINGS = [
        *(
            key(str(number), f"show('{pane}')", f"Go to {title[2:]}")
            for number, (pane, title) in enumerate(zip(PANES, TITLES, strict=True), 1)
        ),
        key("escape", "back", "Back", show=True),
        key("\\", "zoom", "Maximise"),
        key("tab", "app.focus_next", "Next pane"),
        key("shift+tab", "app.focus_previous", "Pane before"),
    ]

    def __init__(self, is_chosen: bool) -> None:
        super().__init__()
        self.is_chosen = is_chosen  # from a list of cases, to which Esc goes back
        self.came_from: list[tuple[str, Widget | None]] = []
        self.left_at: dict[str, Widget] = {}

    @property
    def pane(self) -> str:
        """The pane that is seen."""
        return self.query_one("#panes", ContentSwitcher).current or "sessions"

    def say(self, text: str) -> None:
        """Show a line at the foot."""
        self.query_one("#status", Static).update(printable(text))

    def action_show(self, pane: str) -> None:
        """Go to a pane, where it was left."""
        if pane != self.pane:
            self.leave()
            self.turn_to(pane)
            self.focus_on(pane)

    def leave(self) -> None:
        """Remember where the user is, for Esc and for coming back."""
        if self.maximized is not None:
            self.minimize()
        if self.focused is not None:
            self.left_at[self.pane] = self.focused
        self.came_from = [*self.came_from[-MAX_BACK:], (self.pane, self.focused)]

    def turn_to(self, pane: str) -> None:
        """Show a pane; the focus stays where it is."""
        self.query_one("#panes", ContentSwitcher).current = pane
        self.query_one("#top", TabLine).active = PANES.index(pane)
        self.say("")

    def focus_on(self, pane: str) -> None:
        """Put the focus where it was in a pane."""
        there = self.left_at.get(pane)
        self.set_focus(there if there is not None and there.is_attached else self.begin_of(pane))

    def begin_of(self, pane: str) -> Widget:
        """Return what has the focus in a pane at first."""
        return self.query_one(f"#{pane}").query(Rows).first()

    @on(TabLine.Chosen, "#top")
    def _pane_chosen(self, event: TabLine.Chosen) -> None:
        self.action_show(PANES[event.active])

    def action_back(self) -> None:
        """Go back to where the user came from; from the first pane to the list of cases."""
        if self.maximized is not None:
            self.minimize()
        elif self.came_from:
            pane, widget = self.came_from.pop()
            self.turn_to(pane)
            if widget is not None and widget.is_attached:
                self.set_focus(widget)
        elif self.is_chosen:
            self.dismiss(None)
        else:
            self.notify("q quits", timeout=2)

    def action_zoom(self) -> None:
        """Let the list in focus fill the screen, or give the others their places again."""
        if self.maximized is not None:
            self.minimize()
        elif self.rows is not None:
            self.maximize(self.rows, container=False)
