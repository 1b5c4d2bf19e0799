"""Packets: the messages of a case, the field tree of one, and its octets, tied to each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message as Event
from textual.timer import Timer
from textual.worker import get_current_worker

from analyzer.analysis import comment
from analyzer.comparing import FilterError
from analyzer.config import DEFAULT_COLUMNS, TIMES
from analyzer.filters import compile_filter
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Row
from analyzer.tui.colours import Colours
from analyzer.tui.columns import INFO, ColumnsDialog, packet_row, table_columns
from analyzer.tui.events import Said
from analyzer.tui.fields import follow_filter
from analyzer.tui.filterbox import FilterBox
from analyzer.tui.frames import FrameTable
from analyzer.tui.guard import Guarded
from analyzer.tui.guests import guest_summary, read_guest
from analyzer.tui.inspector import Inspector
from analyzer.tui.model import Index, Place
from analyzer.tui.roll import Roll
from analyzer.tui.rows import Rows
from analyzer.tui.seen import OF_HEADERS
from analyzer.tui.table import Table
from dissectors import Message, catalogue

BOOKMARK, PICKED = "●", "◆"
REST = 0.15  # seconds that the cursor stands on a frame before it is looked into
HINT = "all messages; for example: mikey && ip.dst == 10.0.0.5"
HINT_FRAMES = "all frames; for example: ip.addr == 10.0.0.5 && udp.port == 2269"


class Filtered(Event):
    """A filter has gone over all messages: the rows that it lets through."""

    def __init__(self, text: str, rows: list[int]) -> None:
        super().__init__()
        self.text = text
        self.rows = rows


class Fetched(Event):
    """The media packet of a frame, None where it holds none."""

    def __init__(self, place: Place, message: Message | None) -> None:
        super().__init__()
        self.place = place
        self.message = message


class Packets(Guarded, Vertical):
    """Wireshark's three panes, over messages or over all frames."""

    BINDINGS = [
        key("a", "all_frames", "Messages/all frames", show=True),
        key("F", "follow", "Follow", show=True),
        key("v", "foreign", "Wireshark's tree"),
        key("m", "mark_line", "Mark"),
        key("'", "next_mark", "Next mark"),
        key("C", "columns", "Columns"),
        key("[", "tab(-1)", "Layer before"),
        key("]", "tab(1)", "Next layer"),
    ]
    DEFAULT_CSS = """
    Packets {
        & > #list, & > #frames { height: 1fr; min-height: 6; }
        & > #frames { display: none; }
        &.-frames > #list { display: none; }
        &.-frames > #frames { display: block; }
        & > Inspector { height: 1fr; }
    }
    """

    class Looked(Event):
        """Filter, columns or marks are others: what is to be remembered of a case."""

    def __init__(self, found: Index, id: str | None = None, roll: Roll | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.roll = _roll(found) if roll is None else roll
        self.rows = list(range(len(found.messages)))
        self.form = TIMES[0]
        self.columns: tuple[str, ...] = DEFAULT_COLUMNS
        self.guests: dict[int, Message] = {}  # media packets that were asked for, by negative numbers
        self.bookmarks: set[int] = set()
        self.colours = Colours()
        self.tones: dict[int, str] = {}  # of messages that were seen, by number
        self.picked: tuple[Message, ...] = ()
        self.wanted: int | None = None  # row of a message to go to when a filter is done
        self.resting: Timer | None = None  # until a frame is looked into
        self.looked_into: tuple[Place | None, int] | None = None  # the frame that is shown, and of which index

    def compose(self) -> ComposeResult:
        yield FilterBox(self._wrong, HINT, id="filter")
        yield Table(table_columns(self.columns), self._why_empty(), id="list")
        yield FrameTable(self.roll, self.found, id="frames")
        yield Inspector(self.found)

    def on_mount(self) -> None:
        self.filter.names = self.found.names
        self.list.fill(len(self.rows), self._row)
        self.frames.sign, self.frames.toned = self._sign, self._toned

    def renew(self, found: Index) -> None:
        """Show what the case comes to now; media packets that were asked for stand in it no longer."""
        rows, here = len(self.rows), self.message
        last = rows > 0 and self.list.order is None and self.list.cursor == rows - 1
        self.found = self.inspector.found = found
        self.guests.clear()
        self.tones.clear()
        if self.roll.begun and not self.roll.is_busy:  # there may be more frames now
            self.roll = _roll(found)
            self.roll.begin()
        self.frames.take(self.roll, found)
        if self.filter.applied:
            self.wanted = self.wanted if here is None or last else found.places.get(_order(here))
            self.filter.apply(self.filter.applied)
            return
        self.rows = list(range(len(found.messages)))
        place = 0 if here is None else found.places.get(_order(here), 0)
        self.list.empty = self._why_empty()
        self.list.fill(len(self.rows), self._row, len(self.rows) - 1 if last else place)

    @property
    def filter(self) -> FilterBox:
        return self.query_one("#filter", FilterBox)

    @property
    def list(self) -> Table:
        return self.query_one("#list", Table)

    @property
    def frames(self) -> FrameTable:
        return self.query_one("#frames", FrameTable)

    @property
    def has_frames(self) -> bool:
        """Whether all frames are listed, in place of messages."""
        return self.has_class("-frames")

    @property
    def shown(self) -> Table:
        """The list that is seen."""
        return self.frames if self.has_frames else self.list

    @property
    def inspector(self) -> Inspector:
        return self.query_one(Inspector)

    @property
    def message(self) -> Message | None:
        """The message under the cursor; in the list of frames the one that the frame is part of."""
        if self.has_frames:
            return self.frames.message(self.frames.place)
        return self._listed(self.list.at) if self.rows else None

    @property
    def listed(self) -> tuple[Message, ...]:
        """The messages that pass the filter."""
        return tuple(self._listed(row) for row in range(len(self.rows)))

    def _listed(self, row: int) -> Message:
        number = self.rows[row]
        return self.found.messages[number] if number >= 0 else self.guests[number]

    @property
    def place(self) -> Place | None:
        if self.has_frames:
            return self.frames.place
        message = self.message
        return None if message is None else (message.payload.capture, message.frame)

    def _why_empty(self) -> str:
        if self.found.messages:
            return "No message passes the filter: change it with f, or clear it."
        facts = self.found.analysis.decoded
        skipped = ", ".join(f"{count} × {reason}" for reason, count in facts.counts.items())
        why = f" What was seen and not read: {skipped}." if skipped else ""
        return f"No SIP, HTTP, MIKEY or Diameter message in this capture.{why} Ports of your own go into case.toml."

    def _row(self, row: int) -> Row:
        message = self._listed(row)
        before = self._listed(row - 1).time if row else None
        info = guest_summary(message) if self.rows[row] in self.guests else self.found.summary(message)
        tone = self._toned(self.rows[row])
        line = packet_row(self.found, message, before, self.form, info, self.columns, tone)
        sign = self._sign(self.rows[row])
        if not sign:
            return line
        first, *rest = line.cells
        return Row((Cell(f"{first.text or ' '}{sign}", first.tone), *rest), line.mark)

    def _toned(self, number: int) -> str:
        """Return what colour rules give the message of a number; a rule is asked once."""
        tone = self.tones.get(number)
        if tone is None:
            message = self.found.messages[number] if number >= 0 else self.guests[number]
            tone = self.tones[number] = self.colours.tone(self.found.whole(message), self.found.mark(message).word)
        return tone

    def paint(self, colours: Colours) -> None:
        """Show messages in the colours of other rules."""
        self.colours = colours
        self.tones.clear()
        self._resign()

    def _sign(self, number: int) -> str:
        """Return how the message of a number is marked."""
        message = self.found.messages[number] if number >= 0 else self.guests[number]
        if any(message is each for each in self.picked):
            return PICKED
        return BOOKMARK if number in self.bookmarks else ""

    def _resign(self) -> None:
        self.list.refresh()
        self.frames.forget()

    def show_picked(self, picked: tuple[Message, ...]) -> None:
        """Show which messages are selected for the diff."""
        self.picked = picked
        self._resign()

    @on(Rows.Moved, "#list")
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()
        self.inspector.show(self.message)

    @on(Rows.Chosen, "#list")
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.screen.set_focus(self.inspector.outline)

    # All frames

    def action_all_frames(self) -> None:
        """List all frames in place of messages, or messages again; the cursor stays where it is as far as it can."""
        place = self.place
        self.show_frames(not self.has_frames)
        if place is not None and self.has_frames:
            self.frames.go(place)
        elif place is not None:
            self.go(place)
        self.screen.set_focus(self.shown)

    def show_frames(self, are_wanted: bool) -> None:
        """List all frames, or messages."""
        if are_wanted == self.has_frames:
            return
        self.set_class(are_wanted, "-frames")
        self.filter.input.placeholder = HINT_FRAMES if are_wanted else HINT
        self.filter.names = self.found.names | OF_HEADERS if are_wanted else self.found.names
        if are_wanted:
            self.roll.begin()
            if (self.frames.sieve.text if self.frames.sieve else "") != self.filter.applied:
                self.frames.sift(self.filter.applied)
            self.look_into()
        else:
            if self._wrong(self.filter.applied):
                self.notify(f"{self.filter.applied}: is a filter of frames alone", timeout=4, markup=False)
                self.filter.apply("")
            self.inspector.show(self.message)
            self.post_message(Said(self, f"{len(self.rows)} of {len(self.found.messages)} messages"))

    @on(Rows.Moved, "#frames")
    def _frame_moved(self, event: Rows.Moved) -> None:
        """Look into a frame when the cursor rests on it: who pages through millions waits for none."""
        event.stop()
        if self.has_frames:
            if self.resting is not None:
                self.resting.stop()
            self.resting = self.set_timer(REST, self._rested)

    def _rested(self) -> None:
        """Look into the frame under the cursor, but where that is what is shown: its layer stays as it was chosen."""
        if self.looked_into != (self.frames.place, id(self.frames.found)):
            self.look_into()

    @on(Rows.Chosen, "#frames")
    def _frame_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.look_into()
        self.screen.set_focus(self.inspector.outline)

    def look_into(self) -> None:
        """Show what is in the frame under the cursor."""
        self.looked_into = (self.frames.place, id(self.frames.found)) if self.has_frames else None
        if self.has_frames and self.frames.place is not None:
            self.inspector.show(*self.frames.opened(self.frames.cursor))
        elif self.has_frames:
            self.inspector.show(None)

    def action_tab(self, by: int) -> None:
        self.inspector.tabs.step(by)

    def action_foreign(self) -> None:
        """Show Wireshark's own tree of the frame, or go back to ours."""
        self.inspector.toggle_foreign()

    # Filters

    def _wrong(self, text: str) -> str:
        """Say why a text is no filter, "" where it is one."""
        try:
            compile_filter(text, self._unknown)
        except FilterError as error:
            return str(error)
        return ""

    def _wrong_of_messages(self, text: str) -> str:
        """Say why a text is no filter of messages, "" where it is one."""
        try:
            compile_filter(text)
        except FilterError as error:
            return str(error)
        return ""

    def _unknown(self, name: str) -> str:
        """Say why a name is none: one of the network's own that is only half typed is none either."""
        why, names = catalogue.unknown(name), self.found.names
        if name in OF_HEADERS and (why or self.has_frames):
            return "" if self.has_frames else f"{name} is of frames: a lists all of them, and filters them too"
        if not why and name not in names and name not in catalogue.fields():
            longer = min((each for each in names if each.startswith(name)), default="")
            return f"{name!r} is only the beginning of a name such as {longer}" if longer else ""
        return why

    @on(FilterBox.Applied)
    def _apply(self, event: FilterBox.Applied) -> None:
        event.stop()
        if self.has_frames:
            self.frames.sift(event.text)
        if self.wanted is None and self.rows:
            here = self._listed(self.list.at)
            self.wanted = self.rows[self.list.at]
            if self.wanted < 0:
                self.wanted = bisect_left(self.found.times, here.time)
        if not self._wrong_of_messages(event.text):
            self.run_worker(lambda: self._sift(event.text), thread=True, exclusive=True, group="filter")
        if self.filter.input.has_focus:
            self.screen.set_focus(self.shown)

    @on(FilterBox.Left)
    def _left(self, event: FilterBox.Left) -> None:
        event.stop()
        self.screen.set_focus(self.shown)

    def _sift(self, text: str) -> None:
        """In a worker: find the messages that pass."""
        passes, found = compile_filter(text), self.found
        begin, captures = found.analysis.story.traffic.begin, found.analysis.captures
        rows = [
            row
            for row, message in enumerate(found.messages)
            if passes(found.whole(message), comment(captures, message), begin, found.mark(message).word)
        ]
        self.post_message(Filtered(text, rows))

    @on(Filtered)
    def _filtered(self, event: Filtered) -> None:
        event.stop()
        if event.text != self.filter.applied:
            return
        wanted, self.wanted = self.wanted, None
        self.rows = event.rows
        nearest = bisect_left(self.rows, wanted) if wanted is not None else 0
        self.list.fill(len(self.rows), self._row, nearest)
        self.post_message(self.Looked())
        if not self.has_frames:
            self.post_message(Said(self, f"{len(self.rows)} of {len(self.found.messages)} messages"))

    def action_follow(self) -> None:
        """Show only the dialog, connection or delivery of the message under the cursor."""
        if self.message is not None:
            self.filter.apply(follow_filter(self.message))

    @on(Inspector.Wanted)
    def _wanted(self, event: Inspector.Wanted) -> None:
        event.stop()
        self.filter.apply(event.text)

    # Places

    def go(self, place: Place) -> None:
        """Go to a frame; among messages one that holds none is read again, as it may be media."""
        if self.has_frames:
            if not self.frames.lists(place):
                self.filter.apply("")
                self.frames.sift("")
            self.frames.go(place)
            return
        row = self.found.places.get(place, self._guest_at(place))
        if row is None:
            path = self.found.analysis.captures[place[0]].path
            self.run_worker(lambda: self._fetch(path, place), thread=True, exclusive=True, group="guest")
        elif row in self.rows:
            self.list.point(self.rows.index(row))
        else:
            self.wanted = row
            self.filter.apply("")

    def _guest_at(self, place: Place) -> int | None:
        return next((row for row in self.rows if row < 0 and _order(self.guests[row]) == place), None)

    def _fetch(self, path: str, place: Place) -> None:
        """In a worker: read a media packet."""
        worker = get_current_worker()
        self.post_message(Fetched(place, read_guest(path, place, lambda: worker.is_cancelled)))

    @on(Fetched)
    def _fetched(self, event: Fetched) -> None:
        """List the packet at its time, or go to the message that comes after the frame."""
        event.stop()
        if event.message is None:
            after = (row for row in range(len(self.rows)) if _order(self._listed(row)) >= event.place)
            self.list.point(next(after, max(0, len(self.rows) - 1)))
            self.notify(f"Frame {event.place[1]} holds nothing that is read here; the next message is shown", timeout=3)
            return
        number = -1 - len(self.guests)
        self.guests[number] = event.message
        time = event.message.time
        row = next((row for row in range(len(self.rows)) if self._listed(row).time > time), len(self.rows))
        self.rows = [*self.rows[:row], number, *self.rows[row:]]
        self.list.fill(len(self.rows), self._row, row)

    def action_mark_line(self) -> None:
        """Mark the message under the cursor, or take its mark away."""
        if self.has_frames and self.message is None:
            self.notify("Only frames of messages are marked", timeout=2)
        elif self.has_frames or self.rows:
            place = self.place
            self.bookmarks ^= {self.found.places[place] if self.has_frames and place else self.rows[self.list.at]}
            self._resign()
            self.post_message(self.Looked())

    @property
    def marked(self) -> tuple[Place, ...]:
        """The frames of the marked messages."""
        return tuple(sorted(_order(self.found.messages[row]) for row in self.bookmarks if row >= 0))

    def bookmark(self, places: Iterable[Place]) -> None:
        """Mark the messages of these frames, and no others."""
        self.bookmarks = {self.found.places[place] for place in places if place in self.found.places}
        self._resign()

    def action_next_mark(self) -> None:
        """Go to the next marked message, from the last on to the first."""
        if self.has_frames:
            self.frames.leap(self.marked, 1, "marked message")
            return
        marked = [row for row in range(len(self.rows)) if self.rows[self.list.place_of(row)] in self.bookmarks]
        if not marked:
            self.notify("No message is marked: m marks one", timeout=2)
            return
        self.list.cursor = next((row for row in marked if row > self.list.cursor), marked[0])

    # How it is shown

    def action_columns(self) -> None:
        """Choose columns, their order, and fields that are columns."""
        self.app.push_screen(ColumnsDialog(self.columns, self.found.names), self._columns_chosen)

    def _columns_chosen(self, columns: tuple[str, ...] | None) -> None:
        if columns is not None:
            self.show_columns(columns)
            self.post_message(self.Looked())

    def show_columns(self, columns: tuple[str, ...]) -> None:
        """Show these columns: names of DEFAULT, or of fields."""
        self.columns = columns
        self.list.show_columns(table_columns(columns))
        self.frames.show_names(columns)

    @on(Inspector.Column)
    def _field_as_column(self, event: Inspector.Column) -> None:
        event.stop()
        if event.name not in self.columns:
            place = self.columns.index(INFO) if INFO in self.columns else len(self.columns)
            self.show_columns((*self.columns[:place], event.name, *self.columns[place:]))
            self.post_message(self.Looked())
        self.post_message(Said(self, f"column {event.name}: C takes it away"))

    def show_time(self, form: str) -> None:
        """Show times in one of TIMES."""
        self.form = form
        self.list.refresh()
        self.frames.show_time(form)


def _roll(found: Index) -> Roll:
    return Roll(tuple(capture.path for capture in found.analysis.captures), found.analysis.offsets)


def _order(message: Message) -> Place:
    return message.payload.capture, message.frame
