"""What panes ask of the screen that holds them."""

from __future__ import annotations

from textual.message import Message as Event

from analyzer.tui.model import Place


class Jump(Event):
    """Show a frame in Packets."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class OpenUe(Event):
    """Show a UE, by its id."""

    def __init__(self, ue: str) -> None:
        super().__init__()
        self.ue = ue


class Said(Event):
    """Show a line about what is under the cursor."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
