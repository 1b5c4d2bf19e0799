"""All frames of a case as a list: a row is read from the capture when it comes into view, and is not kept for long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from textual import on
from textual.message import Message as Event
from textual.worker import get_current_worker

from analyzer.config import DEFAULT_COLUMNS, TIMES
from analyzer.tui.bindings import key
from analyzer.tui.cells import Mark, Row
from analyzer.tui.columns import NUMBER, table_columns
from analyzer.tui.events import Said
from analyzer.tui.framelines import frame_row, look_into, message_of
from analyzer.tui.model import Index, Place, clock
from analyzer.tui.roll import Roll
from analyzer.tui.sieve import Sieve
from analyzer.tui.signs import Signs
from analyzer.tui.table import Table
from analyzer.views.layers import Layer
from dissectors import Message

LOOK = 0.1  # seconds between two looks at a list that grows
MAX_ROWS = 1000  # that are kept
TELL_EVERY = 20_000  # frames looked through, from one word about it to the next
NO_FRAME_YET, NO_FRAME = "No frame yet.", "No frame can be read from this capture, or there is none in it."
NONE_PASSES = "No frame passes the filter: change it with f, or clear it."
UNSORTABLE = "All frames stand as they came: a leads to messages, which can be sorted"


class Sought(Event):
    """How far a search has come: at a row that has what was sought (`found`), or at one where it goes on."""

    def __init__(self, row: int, found: bool, over: bool) -> None:
        super().__init__()
        self.row = row
        self.found = found
        self.over = over


class FrameTable(Table):
    """The list. `found` is the analysis of the case, None while it is not there yet."""

    BINDINGS = [key("escape", "stop", "Stop", show=True)]

    def __init__(
        self, roll: Roll, found: Index | None, id: str | None = None, signs: Signs | None = None
    ) -> None:  # fmt: skip
        super().__init__(table_columns(DEFAULT_COLUMNS), NO_FRAME_YET, id=id)
        self.roll = roll
        self.coming = roll  # what takes its place when it has as many frames
        self.found = found
        self.names: tuple[str, ...] = DEFAULT_COLUMNS
        self.form = TIMES[0]
        self.signs = Signs(found) if signs is None else signs
        self.sieve: Sieve | None = None  # which frames are listed, None where all are
        self.sought = ""
        self.told = ""
        self.was_arranged = self.was_stoppable = False
        self.awaited: Place | None = None  # a frame to go to, which is not found yet
        self.row = self.frame_row
        self._rows: OrderedDict[int, Row] = OrderedDict()

    def on_mount(self) -> None:
        self.set_interval(LOOK, self.look)
        self.look()

    def on_unmount(self) -> None:
        if self.found is not None:  # else the screen of the case goes on with it
            self.roll.close()
            self.coming.close()

    def take(self, roll: Roll, found: Index) -> None:
        """Show the frames of what a case has become, as soon as all those that are shown have been found again."""
        self.coming, self.found = roll, found
        self.forget()
        if self.sieve is not None:
            self.sift(self.sieve.text)
        self.look()

    def sift(self, text: str) -> None:
        """List the frames that pass a filter, as they are found in a worker; the cursor stays as near as it can."""
        self.workers.cancel_group(self, "sieve")
        here = self.roll.place
        self.sieve = None
        if text and self.found is not None:
            self.sieve = Sieve(text, self.roll, self.found)
            self.run_worker(partial(_sift, self.sieve), thread=True, group="sieve")
        self.told = ""
        self.forget()
        self.reset(self.total)
        if here is not None:
            self.go(here)

    @property
    def total(self) -> int:
        """How many frames there are to list so far."""
        return self.roll.frames.count if self.sieve is None else len(self.sieve.passed)

    def _at(self, row: int) -> int:
        """Return the row of the list of all frames that is shown in a row."""
        return row if self.sieve is None else self.sieve.passed[row]

    def look(self) -> None:
        """Show what has come since the last look."""
        if self.coming is not self.roll and (self.coming.ended or self.coming.frames.count > self.roll.frames.count):
            self._change()
        frames = self.roll.frames
        if frames.is_arranged and not self.was_arranged:
            self.was_arranged = True
            self.forget()
            if self.roll.place is not None and self.sieve is None:
                self.cursor = frames.row(self.roll.place) or 0
        if self.total != self.count:
            first = not self.count
            self.count = self.total
            self._widen()
            self._measure()
            self.refresh()
            if first:
                self.post_message(self.Moved(self))
        if self.awaited is not None:
            self.go(self.awaited)
        if self.display and self.found is not None:
            self.roll.begin()
        self._explain()
        if self.is_stoppable != self.was_stoppable:
            self.was_stoppable = self.is_stoppable
            self.refresh_bindings()
        if self.display:
            self._tell(self.roll.told() if self.sieve is None else self.sieve.told())

    def _explain(self) -> None:
        """Say why there is no line."""
        why = NO_FRAME_YET if self.roll.is_busy or not self.roll.begun else NO_FRAME
        if self.sieve is not None and self.sieve.over and self.roll.frames.count:
            why = NONE_PASSES
        if why != self.empty:
            self.empty = why
            self.refresh()

    def _change(self) -> None:
        """Take the list that is coming; the cursor stays on its frame, one at the end at the end."""
        last, place = self.cursor == self.count - 1, self.roll.place
        before, self.roll = self.roll, self.coming
        before.close()
        self.roll.place, self.was_arranged = place, self.roll.frames.is_arranged
        self.forget()
        if self.sieve is not None:
            self.sift(self.sieve.text)
            return
        self.count = self.roll.frames.count
        self._measure()
        if last or place is None:
            self.cursor = self.count - 1 if last else self.cursor
        else:
            self.go(place)

    def _tell(self, text: str) -> None:
        if self.sought:
            return
        if text != self.told and self.roll.begun:
            self.told = text
            self.post_message(Said(self, text))

    def forget(self) -> None:
        """Make all rows anew."""
        self._rows.clear()
        self.refresh()

    def show_names(self, names: Sequence[str]) -> None:
        """Show these columns; those of fields have something in frames that complete a message."""
        self.names = tuple(names)
        self.forget()
        self.show_columns(table_columns(names, self.form))
        self._widen()

    def _widen(self) -> None:
        """Give the numbers of frames the room that the longest takes."""
        frames = self.roll.frames
        width = len(self._number(frames.place(frames.count - 1))) if frames.count else 0
        numbers = next((column for column in self.columns if column.title == NUMBER), None)
        if numbers is not None and numbers.width < width:
            wide = replace(numbers, width=width)
            self.columns = tuple(wide if column is numbers else column for column in self.columns)
            self._widths = (-1, ())

    def _number(self, place: Place) -> str:
        """Return a frame as the user knows it."""
        return str(place[1]) if len(self.roll.frames.paths) == 1 else f"{place[0]}:{place[1]}"

    def show_time(self, form: str) -> None:
        """Show times in one of TIMES."""
        self.form = form
        self.show_names(self.names)

    # Rows

    @property
    def place(self) -> Place | None:
        """The frame under the cursor."""
        return self.roll.frames.place(self._at(self.cursor)) if self.cursor < self.count else None

    def watch_cursor(self, before: int, now: int) -> None:
        super().watch_cursor(before, now)
        if now != before:
            self.roll.place, self.awaited = self.place, None

    def go(self, place: Place) -> None:
        """Go to a frame, or to the next one where it is not there; to one that is still to come when it comes."""
        row = self.roll.frames.row(place)
        if self.sieve is not None:
            self.awaited = place if not self.sieve.over and (row is None or row >= self.sieve.looked) else None
            if self.awaited is None:
                self.cursor = self.count - 1 if row is None else self.sieve.at(row)
            return
        self.awaited = place if row is None and not self.roll.ended else None
        if row is not None or self.roll.ended:
            self.cursor = self.count - 1 if row is None else row

    def lists(self, place: Place) -> bool:
        """Say whether a frame passes the filter, as far as that is known."""
        row = self.roll.frames.row(place)
        return self.sieve is None or row is None or row >= self.sieve.looked or row in self.sieve

    def frame_row(self, row: int) -> Row:
        """Return a frame as a line."""
        kept = self._rows.get(row)
        if kept is None:
            kept = self._rows[row] = self._made(row)
            if len(self._rows) > MAX_ROWS:
                self._rows.popitem(last=False)
        return kept

    def _made(self, row: int) -> Row:
        frames = self.roll.frames
        at = self._at(row)
        frame = frames.frame(at)
        begin = frames.time(0) if self.found is None else self.found.analysis.story.traffic.begin
        before = frames.time(self._at(row - 1)) if row else None
        time = clock(frame.time, begin, before, self.form)
        return frame_row(self.found, frame, self._number(frames.place(at)), time, self.names, self.signs)

    @property
    def message(self) -> Message | None:
        """The message that the frame under the cursor is part of."""
        return message_of(self.found, self.place)

    # Where there are too many for what other tables do

    def sort(self, column: int, down: bool) -> None:
        """Say that frames are not sorted."""
        self.notify(UNSORTABLE, timeout=3)

    def action_problem(self, mark: int, direction: int) -> None:
        """Go to the next frame that fails (4), or that has advice or is inconclusive (2)."""
        wanted = {Mark.FAIL} if mark == Mark.FAIL else {Mark.UNSURE, Mark.ADVICE}
        marks = {} if self.found is None else self.found.marks
        self._leap((place for place, each in marks.items() if each in wanted), direction, "frame with such a finding")

    def leap(self, places: Sequence[Place], direction: int, what: str) -> None:
        """Go to the next of some frames."""
        self._leap(iter(places), direction, what)

    def _leap(self, places: Iterator[Place], direction: int, what: str) -> None:
        every = [row for place in places if (row := self.roll.frames.row(place)) is not None]
        rows = every if self.sieve is None else [self.sieve.at(row) for row in every if row in self.sieve]
        ahead = [row for row in rows if (row - self.cursor) * direction > 0]
        if ahead:
            self.cursor = min(ahead) if direction > 0 else max(ahead)
        else:
            self.notify(f"No {'further' if direction > 0 else 'earlier'} {what}", timeout=2)

    def find(self, text: str, direction: int) -> bool:
        """Look for a text in the frames that follow, in a worker; True, as it is not known yet whether there is one."""
        self.sought = text
        start, wanted = self.cursor + direction, text.casefold()
        self.run_worker(lambda: self._seek_on(wanted, start, direction), thread=True, exclusive=True, group="find")
        return True

    def _seek_on(self, wanted: str, start: int, direction: int) -> None:
        """In a worker: make row after row."""
        worker = get_current_worker()
        for row in range(start, self.count if direction > 0 else -1, direction):
            if worker.is_cancelled:
                return
            cells = self._made(row).cells
            if wanted in " ".join(cell.text for cell in cells).casefold():
                self.post_message(Sought(row, True, True))
                return
            if not row % TELL_EVERY:
                self.post_message(Sought(row, False, False))
        self.post_message(Sought(start, False, True))

    @on(Sought)
    def _came(self, event: Sought) -> None:
        event.stop()
        if not event.over:
            self.post_message(Said(self, f"looking for {self.sought!r}: at row {event.row + 1:,} · Esc stops"))
            return
        sought, self.sought, self.told = self.sought, "", ""
        if event.found:
            self.cursor = event.row
        else:
            self.notify(f"{sought!r} is in no further frame", timeout=3, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Esc to others where there is nothing to stop."""
        return action != "stop" or self.is_stoppable

    @property
    def is_stoppable(self) -> bool:
        """Whether something goes on that Esc stops."""
        is_sifting = self.sieve is not None and not self.sieve.over
        return bool(self.sought) or ((is_sifting or self.roll.is_busy) and self.found is not None)

    def action_stop(self) -> None:
        """Stop a search; or the finding of frames, of which those that are there stay."""
        if self.sought:
            self.workers.cancel_group(self, "find")
            self.sought = self.told = ""
        elif self.sieve is not None and not self.sieve.over:
            self.workers.cancel_group(self, "sieve")
            self.sieve.over = True
        else:
            self.roll.stop()

    # What is in a frame

    def opened(self, row: int) -> tuple[Message, Layer]:
        """Return what is in a frame: the message that it is part of, or what its octets alone give, and its headers."""
        return look_into(self.found, self.roll.frames, self._at(row))


def _sift(sieve: Sieve) -> None:
    """In a worker: find the frames that pass."""
    worker = get_current_worker()
    sieve.run(lambda: worker.is_cancelled)
