"""Loading: a case is analysed in a thread while a bar shows how many octets of it are read."""

from __future__ import annotations

import threading
import time
import traceback
from contextvars import copy_context

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message as Event
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from analyzer.analysis import Options, analyse
from analyzer.batch import Fault
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.capture.tshark import TsharkError
from analyzer.codes import UNREADABLE, USAGE
from analyzer.keys.keyring import KeyringError
from analyzer.reading import Enough
from analyzer.tui.bindings import key
from analyzer.tui.frames import FrameTable
from analyzer.tui.keyline import KeyLine
from analyzer.tui.model import Index, index
from analyzer.tui.roll import Roll, pace


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
    """Gives the analysis of a case, a fault, or None when the user gave up.

    Meanwhile the frames of the case are listed, as far as `roll` has found them; without one somebody else reads.
    """

    BINDINGS = [key("escape", "cancel", "Cancel", show=True)]
    DEFAULT_CSS = """
    Loading {
        & > Vertical { width: 100%; height: 4; padding: 0 1; }
        & > Vertical > Static { width: 100%; text-wrap: nowrap; text-overflow: ellipsis; }
        & ProgressBar { width: 100%; }
        & ProgressBar Bar { width: 1fr; }
        & #done { color: $text-muted; }
        & > FrameTable { height: 1fr; }
    }
    """

    def __init__(self, case: CaseFiles, options: Options, roll: Roll | None = None) -> None:
        super().__init__()
        self.case = case
        self.options = options
        self.roll = roll
        self.begun = time.monotonic()
        self.is_read = False
        self.enough = threading.Event()  # what was read is to be judged
        self.given_up = threading.Event()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(f"{'Waiting for' if self.roll is None else 'Reading'} {self.case.name}", markup=False)
            yield ProgressBar(show_eta=False)
            yield Static("", id="done", markup=False)
        if self.roll is not None:
            yield FrameTable(self.roll, None)
        yield KeyLine()

    def on_mount(self) -> None:
        if self.roll is None:
            return
        self.roll.begin(asked=False)
        self.query_one(FrameTable).focus()
        # A daemon, not a worker of textual's: who quits does not wait for rules that are still judging.
        threading.Thread(target=copy_context().run, args=(self._load,), daemon=True).start()

    def _load(self) -> None:
        """In a thread: analyse the case."""

        def progress(done: int, total: int) -> None:
            if self.given_up.is_set():
                raise Cancelled
            if self.enough.is_set():
                raise Enough
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
        self.is_read = event.done >= event.total
        pace_told = pace(time.monotonic() - self.begun, event.done, event.total)
        told = f"{pace_told} · Esc stops here and shows what was read"
        self.query_one("#done", Static).update("unlocking and judging · Esc gives up" if self.is_read else told)

    @on(Loaded)
    def _loaded(self, event: Loaded) -> None:
        self.dismiss(event.found)

    def action_cancel(self) -> None:
        """Stop reading, and judge what was read; when that is under way already, give up."""
        if self.roll is None or self.is_read or self.enough.is_set():
            self.given_up.set()
            self.dismiss(None)
        else:
            self.enough.set()
            self.query_one("#done", Static).update("judging what was read · Esc gives up")


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
