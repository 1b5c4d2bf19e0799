"""Loading: a case is analysed in a thread while a bar shows how many octets of it are read."""

from __future__ import annotations

import threading
import traceback
from contextvars import copy_context

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message as Event
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from analyzer.analysis import Options, analyse
from analyzer.batch import UNREADABLE, USAGE, Fault
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.capture.tshark import TsharkError
from analyzer.keys.keyring import KeyringError
from analyzer.tui.bindings import key
from analyzer.tui.keyline import KeyLine
from analyzer.tui.model import Index, index, octets_text


class Cancelled(Exception):  # noqa: N818  # nothing went wrong
    """The user no longer wants what a worker is doing."""


class Progress(Event):
    """How many octets are read, and how many there are."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__()
        self.done = done
        self.total = total


class Loaded(Event):
    """A case is analysed, or why it is not."""

    def __init__(self, found: Index | Fault) -> None:
        super().__init__()
        self.found = found


class Loading(Screen[Index | Fault | None]):
    """Gives the analysis of a case, a fault, or None when the user gave up."""

    BINDINGS = [key("escape", "cancel", "Cancel", show=True)]
    DEFAULT_CSS = """
    Loading {
        align: center middle;
        & > Vertical { width: 60; max-width: 100%; height: 5; }
        & > Vertical > Static { width: 100%; text-align: center; text-wrap: nowrap; text-overflow: ellipsis; }
        & ProgressBar { width: 100%; }
        & ProgressBar Bar { width: 1fr; }
        & #done { color: $text-muted; }
    }
    """

    def __init__(self, case: CaseFiles, options: Options, waiting: bool = False) -> None:
        super().__init__()
        self.case = case
        self.options = options
        self.waiting = waiting  # for a capture that grows, which somebody else reads
        self.given_up = threading.Event()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(f"{'Waiting for' if self.waiting else 'Reading'} {self.case.name}", markup=False)
            yield ProgressBar(show_eta=False)
            yield Static("", id="done", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        if self.waiting:
            return
        # A daemon, not a worker of textual's: who quits does not wait for rules that are still judging.
        threading.Thread(target=copy_context().run, args=(self._load,), daemon=True).start()

    def _load(self) -> None:
        """In a thread: analyse the case."""

        def progress(done: int, total: int) -> None:
            if self.given_up.is_set():
                raise Cancelled
            self.post_message(Progress(done, total))

        try:
            found: Index | Fault = index(analyse(self.case, self.options, progress))
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001  # our bug in one case must not cost the others
            found = fault_of(self.case, error)
        if not self.given_up.is_set():
            self.post_message(Loaded(found))

    @on(Progress)
    def _progress(self, event: Progress) -> None:
        self.query_one(ProgressBar).update(total=event.total, progress=event.done)
        done = event.done >= event.total
        told = "unlocking and judging" if done else f"{octets_text(event.done)} of {octets_text(event.total)}"
        self.query_one("#done", Static).update(told)

    @on(Loaded)
    def _loaded(self, event: Loaded) -> None:
        self.dismiss(event.found)

    def action_cancel(self) -> None:
        """Stop reading."""
        self.given_up.set()
        self.dismiss(None)


def fault_of(case: CaseFiles, error: Exception) -> Fault:
    """Return why a case is not analysed: what a user can mend, or our own bug with its traceback."""
    match error:
        case KeyringError() | ConfigError() | TsharkError():
            return Fault(USAGE, str(error), "")
        case CaptureError():
            return Fault(UNREADABLE, str(error), "")
        case _:
            text = f"{case.name}: keyshark failed: {type(error).__name__}; see it with --debug"
            return Fault(UNREADABLE, text, "".join(traceback.format_exception(error)))
