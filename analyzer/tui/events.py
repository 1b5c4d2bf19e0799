"""What panes ask of the screen that holds them."""

from __future__ import annotations

from textual.message import Message as Event
from textual.widget import Widget

from analyzer.report import Judgement
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


class OpenFinding(Event):
    """Show a judgement in Findings."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__()
        self.judgement = judgement


class Said(Event):
    """Show a line about what is under the cursor of a pane."""

    def __init__(self, pane: Widget, text: str) -> None:
        super().__init__()
        self.pane = pane
        self.text = text
