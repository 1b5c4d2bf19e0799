"""Questions: one line to type, or yes and no."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from analyzer.tui.bindings import key
from analyzer.tui.model import Place


class Prompt(ModalScreen[str | None]):
    """Asks for a line at the foot of the screen; `wrong` says what is wrong with it, "" where nothing is."""

    BINDINGS = [key("escape", "dismiss(None)", "Cancel", show=True)]
    DEFAULT_CSS = """
    Prompt {
        background: transparent;
        & > Horizontal { dock: bottom; height: 1; background: $panel; }
        & Label { width: auto; padding: 0 1; text-style: bold; }
        & Input { width: 1fr; }
        & #wrong { color: $text-error; }
    }
    """

    def __init__(self, question: str, value: str = "", wrong: Callable[[str], str] = lambda text: "") -> None:
        super().__init__()
        self.question = question
        self.value = value
        self.wrong = wrong
        self.early = 0  # characters typed before the line had the focus

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label(self.question, markup=False)
            yield Input(self.value, compact=True)
            yield Label("", id="wrong", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Take what was typed before the line had the focus: it stands before all that was typed into it."""
        line = self.query_one(Input)
        if event.key == "enter":
            event.stop()
            self._take(line.value)
        if not event.is_printable or event.character is None:
            return
        event.stop()
        typed = "" if self.early == 0 and line.value == self.value else line.value
        line.value = typed[: self.early] + event.character + typed[self.early :]
        line.cursor_position = len(line.value)
        self.early += 1

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        wrong = self.wrong(event.value) if event.value else ""
        self.query_one("#wrong", Label).update(f"✗ {wrong}" if wrong else "")

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        self._take(event.value)

    def _take(self, text: str) -> None:
        if not text:
            self.dismiss(None)
        elif not self.wrong(text):
            self.dismiss(text)


class FramePrompt(Prompt):
    """Asks for the number of a frame; of several captures as `capture:frame`."""

    def __init__(self, captures: int) -> None:
        super().__init__("go to frame", "", self._no_frame)
        self.captures = captures

    def _no_frame(self, text: str) -> str:
        capture, _, frame = text.rpartition(":")
        if not (frame.isdecimal() and int(frame) > 0 and (capture.isdecimal() or not capture)):
            return "a frame number is wanted" if self.captures == 1 else "a frame number is wanted, or capture:frame"
        return "" if int(capture or 0) < self.captures else f"there are {self.captures} captures, from 0 on"


def place_of(text: str, capture: int) -> Place:
    """Return the frame that was asked for, of a capture where none is named."""
    named, _, frame = text.rpartition(":")
    return int(named or capture), int(frame)


class Confirm(ModalScreen[bool]):
    """Asks for yes or no."""

    BINDINGS = [
        key("y", "dismiss(True)", "Yes", show=True),
        key("n,escape", "dismiss(False)", "No", show=True),
    ]
    DEFAULT_CSS = """
    Confirm {
        align: center middle; background: $background 60%;
        & > Static {
            width: auto; max-width: 70; height: auto; padding: 1 2; background: $panel; border: round $warning;
        }
    }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        yield Static(f"{self.question}\n\n[y] yes   [n] no", markup=False)
