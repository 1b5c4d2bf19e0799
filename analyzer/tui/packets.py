"""Packets: the messages of a case, the field tree of one, and its octets, tied to each other."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message as Event
from textual.timer import Timer

from analyzer.comparing import FilterError
from analyzer.config import DEFAULT_COLUMNS, TIMES
from analyzer.filters import compile_filter
from analyzer.tui.bindings import key
from analyzer.tui.colours import Colours
from analyzer.tui.columns import INFO, ColumnsDialog
from analyzer.tui.events import Said
from analyzer.tui.fields import follow_filter
from analyzer.tui.filterbox import FilterBox
from analyzer.tui.frames import FrameTable
from analyzer.tui.guard import Guarded
from analyzer.tui.inspector import Inspector
from analyzer.tui.messages import MessageTable
from analyzer.tui.model import Index, Place
from analyzer.tui.roll import Roll
from analyzer.tui.rows import Rows
from analyzer.tui.seen import OF_HEADERS
from analyzer.tui.signs import Signs, order
from analyzer.tui.table import Table
from dissectors import Message, catalogue

REST = 0.15  # seconds that the cursor stands on a frame before it is looked into
HINT = "all messages; for example: mikey && ip.dst == 10.0.0.5"
HINT_FRAMES = "all frames; for example: ip.addr == 10.0.0.5 && udp.port == 2269"


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
        self.signs = Signs(found)
        self.form = TIMES[0]
        self.columns: tuple[str, ...] = DEFAULT_COLUMNS
        self.resting: Timer | None = None  # until a frame is looked into
        self.looked_into: tuple[Place | None, int] | None = None  # the frame that is shown, and of which index

    def compose(self) -> ComposeResult:
        yield FilterBox(self._wrong, HINT, id="filter")
        yield MessageTable(self.found, self.signs, id="list")
        yield FrameTable(self.roll, self.found, id="frames", signs=self.signs)
        yield Inspector(self.found)

    def on_mount(self) -> None:
        self.filter.names = self.found.names

    def renew(self, found: Index) -> None:
        """Show what the case comes to now."""
        self.found = self.inspector.found = found
        self.list.renew(found)
        if self.roll.begun and not self.roll.is_busy:  # there may be more frames now
            self.roll = _roll(found)
            self.roll.begin()
        self.frames.take(self.roll, found)

    @property
    def filter(self) -> FilterBox:
        return self.query_one("#filter", FilterBox)

    @property
    def list(self) -> MessageTable:
        return self.query_one("#list", MessageTable)

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
            return self.frames.message
        return self.list.message

    @property
    def listed(self) -> tuple[Message, ...]:
        """The messages that pass the filter."""
        return self.list.listed

    @property
    def place(self) -> Place | None:
        if self.has_frames:
            return self.frames.place
        return None if self.message is None else order(self.message)

    def paint(self, colours: Colours) -> None:
        """Show messages in the colours of other rules."""
        self.signs.paint(colours)
        self._resign()

    def _resign(self) -> None:
        self.list.refresh()
        self.frames.forget()

    def pick(self, message: Message) -> tuple[Message, ...]:
        """Select a message for the diff, or no longer; return those that are selected."""
        self.signs.pick(message)
        self._resign()
        return self.signs.picked

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
            self.post_message(Said(self, self.list.told))

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
            return "" if self.has_frames else f"{name} is of frames, which a lists and filters"
        if not why and name not in names and name not in catalogue.fields():
            longer = min((each for each in names if each.startswith(name)), default="")
            return f"{name!r} is only the beginning of a name such as {longer}" if longer else ""
        return why

    @on(FilterBox.Applied)
    def _apply(self, event: FilterBox.Applied) -> None:
        event.stop()
        if self.has_frames:
            self.frames.sift(event.text)
        if not self._wrong_of_messages(event.text):
            self.list.sift(event.text)
        if self.filter.input.has_focus:
            self.screen.set_focus(self.shown)

    @on(FilterBox.Left)
    def _left(self, event: FilterBox.Left) -> None:
        event.stop()
        self.screen.set_focus(self.shown)

    @on(MessageTable.Sifted)
    def _sifted(self, event: MessageTable.Sifted) -> None:
        event.stop()
        self.post_message(self.Looked())
        if not self.has_frames:
            self.post_message(Said(self, self.list.told))

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
        """Go to a frame; a filter that hides it goes."""
        if self.has_frames:
            if not self.frames.lists(place):
                self.filter.apply("")
                self.frames.sift("")
            self.frames.go(place)
        else:
            self.list.go(place)

    @on(MessageTable.Hidden)
    def _hidden(self, event: MessageTable.Hidden) -> None:
        event.stop()
        self.filter.apply("")

    def action_mark_line(self) -> None:
        """Mark the message under the cursor, or take its mark away."""
        place = self.place
        number = self.found.places.get(place) if self.has_frames and place is not None else self.list.number
        if number is not None:
            self.signs.bookmarks ^= {number}
            self._resign()
            self.post_message(self.Looked())
        elif self.has_frames:
            self.notify("Only frames of messages are marked", timeout=2)

    @property
    def marked(self) -> tuple[Place, ...]:
        """The frames of the marked messages."""
        return self.signs.marked

    def bookmark(self, places: Iterable[Place]) -> None:
        """Mark the messages of these frames, and no others."""
        self.signs.bookmark(places)
        self._resign()

    def action_next_mark(self) -> None:
        """Go to the next marked message, from the last on to the first."""
        if self.has_frames:
            self.frames.leap(self.marked, 1, "marked message")
        else:
            self.list.next_mark()

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
        self.list.show_names(columns)
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
        self.list.show_time(form)
        self.frames.show_time(form)


def _roll(found: Index) -> Roll:
    return Roll(tuple(capture.path for capture in found.analysis.captures), found.analysis.offsets)
