"""Find and copy: what works alike on every screen with lists."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from analyzer.tui.bindings import key
from analyzer.tui.cells import printable
from analyzer.tui.guard import Guarded
from analyzer.tui.prompt import Prompt
from analyzer.tui.rows import Rows


class Search(Guarded, Screen[Any]):
    """A screen whose list in focus can be searched, and its lines copied."""

    BINDINGS = [
        key("/", "find", "Find", show=True),
        key("n", "find_next(1)", "Find next"),
        key("N", "find_next(-1)", "Find previous"),
        key("y", "copy", "Copy"),
    ]
    sought = ""

    @property
    def rows(self) -> Rows | None:
        """The list in focus."""
        return self.focused if isinstance(self.focused, Rows) else None

    def action_find(self) -> None:
        """Ask for a text and go to the next line that holds it."""
        if self.rows is not None:
            self.app.push_screen(Prompt("find", self.sought), self._find)

    def _find(self, text: str | None) -> None:
        if text:
            self.sought = text
            self.action_find_next(1)

    def action_find_next(self, direction: int) -> None:
        """Go to the next line that holds the text sought, or the one before."""
        rows = self.rows
        if rows is None:
            return
        if not self.sought:
            self.action_find()
        elif not rows.find(self.sought, direction):
            way = "below" if direction > 0 else "above"
            self.notify(f"{printable(self.sought)!r} is not {way} in this list", timeout=2, markup=False)

    def action_copy(self) -> None:
        """Copy the line under the cursor to the clipboard, through the terminal (OSC 52)."""
        if self.rows is not None and self.rows.count:
            text = self.rows.text(self.rows.cursor).strip()
            self.app.copy_to_clipboard(text)
            self.notify(text, title="Copied", timeout=2, markup=False)
