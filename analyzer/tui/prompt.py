"""Questions: one line to type, or yes and no."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static


class Prompt(ModalScreen[str | None]):
    """Asks for a line at the foot of the screen; `wrong` says what is wrong with it, "" where nothing is."""

    BINDINGS = [Binding("escape", "dismiss(None)", "Cancel")]
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
        self.early = ""  # typed before there was a line to type into

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label(self.question, markup=False)
            yield Input(self.value, compact=True)
            yield Label("", id="wrong", markup=False)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        self.set_focus(line)
        if self.early:
            line.value = self.early

    def on_key(self, event: events.Key) -> None:
        if self.focused is None and event.is_printable and event.character is not None:
            self.early += event.character

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        wrong = self.wrong(event.value) if event.value else ""
        self.query_one("#wrong", Label).update(f"✗ {wrong}" if wrong else "")

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        if not event.value:
            self.dismiss(None)
        elif not self.wrong(event.value):
            self.dismiss(event.value)


class Confirm(ModalScreen[bool]):
    """Asks for yes or no."""

    BINDINGS = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No"),
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
