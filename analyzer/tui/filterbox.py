"""The box for a filter: it says valid or invalid as you type, completes names and recalls what was typed before."""

from __future__ import annotations

from collections.abc import Callable, Collection

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message as Event
from textual.widgets import Input, Label

from analyzer.tui.bindings import key
from analyzer.tui.cells import printable
from analyzer.tui.events import Said

NAME_ENDS = " (!&|"  # what a name can stand after


class FilterInput(Input):
    """The line that is typed into."""

    BINDINGS = [
        key("escape", "leave", "Leave", show=True),
        key("tab", "complete", "Complete", show=True),
        key("up", "recall(-1)", "Earlier filter"),
        key("down", "recall(1)", "Later filter"),
    ]

    def __init__(self, box: FilterBox) -> None:
        super().__init__(placeholder=box.hint, compact=True, select_on_focus=False)
        self.box = box

    def action_leave(self) -> None:
        self.value = self.box.applied
        self.box.post_message(FilterBox.Left(self.box))

    def action_complete(self) -> None:
        """Write as much of a name as all that fit have in common; with nothing to complete go on to the next pane."""
        done = completed(self.value[: self.cursor_position], self.box.names)
        if done is None:
            self.screen.focus_next()
            return
        rest = self.value[self.cursor_position :]
        self.value = done + rest
        self.cursor_position = len(done)

    def action_recall(self, by: int) -> None:
        history = self.box.history
        self.box.recalled = max(0, min(len(history), self.box.recalled + by))
        self.value = history[self.box.recalled] if self.box.recalled < len(history) else ""
        self.cursor_position = len(self.value)


def completed(text: str, names: Collection[str]) -> str | None:
    """Return text with its last word completed as far as it is sure, None where no name goes on like that."""
    start = max(text.rfind(end) for end in NAME_ENDS) + 1
    word = text[start:]
    fitting = sorted(name for name in names if name.startswith(word) and name != word) if word else []
    if not fitting:
        return None
    first, last = fitting[0], fitting[-1]
    common = next((place for place, letter in enumerate(first) if last[place : place + 1] != letter), len(first))
    return text[:start] + first[: max(common, len(word))]


class FilterBox(Horizontal):
    """A labelled filter; `wrong` says why a text is no filter, "" where it is one."""

    DEFAULT_CSS = """
    FilterBox {
        height: 1; background: $surface;
        & Label { width: auto; padding: 0 1; color: $text-muted; }
        & FilterInput { width: 1fr; }
        & #sign { max-width: 50%; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-valid #sign { color: $text-success; }
        &.-invalid #sign { color: $text-error; }
    }
    """

    class Applied(Event):
        """A filter is to be applied; an empty one lets all through."""

        def __init__(self, box: FilterBox, text: str) -> None:
            super().__init__()
            self.box = box
            self.text = text

        @property
        def control(self) -> FilterBox:
            return self.box

    class Left(Event):
        """The box was left without a change."""

        def __init__(self, box: FilterBox) -> None:
            super().__init__()
            self.box = box

        @property
        def control(self) -> FilterBox:
            return self.box

    def __init__(self, wrong: Callable[[str], str], hint: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self.wrong = wrong
        self.hint = hint
        self.names: Collection[str] = ()
        self.applied = ""
        self.history: list[str] = []
        self.recalled = 0
        self.told = ""  # why what is typed is no filter

    def compose(self) -> ComposeResult:
        yield Label("f")
        yield FilterInput(self)
        yield Label("", id="sign", markup=False)

    @property
    def input(self) -> FilterInput:
        return self.query_one(FilterInput)

    def apply(self, text: str) -> None:
        """Take a filter that somebody else wrote."""
        self.input.value = text
        self._apply(text)

    def _apply(self, text: str) -> None:
        self.applied = text
        if text and (not self.history or self.history[-1] != text):
            self.history.append(text)
        self.recalled = len(self.history)
        self.post_message(self.Applied(self, text))

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        event.stop()
        wrong = self.wrong(event.value)
        self.set_class(bool(event.value) and not wrong, "-valid")
        self.set_class(bool(wrong), "-invalid")
        sign = f"✗ {printable(wrong)}" if wrong else "✓ valid" if event.value else ""
        self.query_one("#sign", Label).update(sign)
        if wrong != self.told:  # here it may be cut: what is typed needs its room
            self.told = wrong
            self.post_message(Said(self, wrong))

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.wrong(event.value):
            self._apply(event.value)
