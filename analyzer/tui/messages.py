"""The messages of a case as a list: all of them or those that pass a filter, with media packets that were asked for."""

from __future__ import annotations

from bisect import bisect_left

from textual import on
from textual.message import Message as Event
from textual.worker import get_current_worker

from analyzer.analysis import comment
from analyzer.config import DEFAULT_COLUMNS, TIMES
from analyzer.filters import compile_filter
from analyzer.tui.cells import Cell, Row
from analyzer.tui.columns import packet_row, table_columns
from analyzer.tui.guests import guest_summary, read_guest
from analyzer.tui.model import Index, Place
from analyzer.tui.signs import Signs, order
from analyzer.tui.table import Table
from dissectors import Message


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


class MessageTable(Table):
    """The list: a line is a message by its number, negative for a media packet that was asked for."""

    class Sifted(Event):
        """The messages that pass a filter are listed."""

    class Hidden(Event):
        """A message to go to does not pass the filter."""

    def __init__(self, found: Index, signs: Signs, id: str | None = None) -> None:
        super().__init__(table_columns(DEFAULT_COLUMNS), why_empty(found), id=id)
        self.found = found
        self.signs = signs
        self.rows = list(range(len(found.messages)))
        self.columns_shown: tuple[str, ...] = DEFAULT_COLUMNS
        self.form = TIMES[0]
        self.text_sifted = ""  # the filter, as it was asked for last
        self.wanted: int | None = None  # number of a message to go to when a filter is done

    def on_mount(self) -> None:
        self.fill(len(self.rows), self.message_row)

    def renew(self, found: Index) -> None:
        """Show what the case comes to now; the cursor stays where it is, one at the end at the end."""
        rows, here = len(self.rows), self.message
        last = rows > 0 and self.order is None and self.cursor == rows - 1
        self.found = found
        self.signs.renew(found)
        if self.text_sifted:
            self.wanted = self.wanted if here is None or last else found.places.get(order(here))
            self.rows = [number for number in self.rows if number >= 0]
            self.fill(len(self.rows), self.message_row, self.cursor)
            self.sift(self.text_sifted)
            return
        self.rows = list(range(len(found.messages)))
        place = 0 if here is None else found.places.get(order(here), 0)
        self.empty = why_empty(found)
        self.fill(len(self.rows), self.message_row, len(self.rows) - 1 if last else place)

    # What is listed

    @property
    def message(self) -> Message | None:
        """The message under the cursor."""
        return self.listed_at(self.at) if self.rows else None

    @property
    def number(self) -> int | None:
        """The number of that message."""
        return self.rows[self.at] if self.rows else None

    @property
    def listed(self) -> tuple[Message, ...]:
        """The messages that pass the filter."""
        return tuple(map(self.listed_at, range(len(self.rows))))

    def listed_at(self, row: int) -> Message:
        """Return the message of a row."""
        return self.signs.message(self.rows[row])

    @property
    def told(self) -> str:
        """How many pass the filter."""
        return f"{len(self.rows)} of {len(self.found.messages)} messages"

    def message_row(self, row: int) -> Row:
        """Return a message as a line."""
        number = self.rows[row]
        message = self.signs.message(number)
        before = self.listed_at(row - 1).time if row else None
        info = self.found.summary(message) if number >= 0 else guest_summary(message)
        tone, sign = self.signs.tone(number), self.signs.sign(number)
        line = packet_row(self.found, message, before, self.form, info, self.columns_shown, tone)
        if not sign:
            return line
        first, *rest = line.cells
        return Row((Cell(f"{first.text or ' '}{sign}", first.tone), *rest), line.mark)

    def show_names(self, names: tuple[str, ...]) -> None:
        """Show these columns: names of DEFAULT_COLUMNS, or of fields."""
        self.columns_shown = names
        self.show_columns(table_columns(names, self.form))

    def show_time(self, form: str) -> None:
        """Show times in one of TIMES."""
        self.form = form
        self.show_names(self.columns_shown)

    # Filters

    def sift(self, text: str) -> None:
        """List the messages that pass a filter, as a worker finds them; the cursor stays as near as it can."""
        self.text_sifted = text
        if self.wanted is None and self.rows:
            self.wanted = self.number
            if self.wanted is not None and self.wanted < 0:
                self.wanted = bisect_left(self.found.times, self.listed_at(self.at).time)
        self.run_worker(lambda: self._sift(text), thread=True, exclusive=True, group="filter")

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
        if event.text != self.text_sifted:
            return
        wanted, self.wanted = self.wanted, None
        self.rows = event.rows
        nearest = bisect_left(self.rows, wanted) if wanted is not None else 0
        self.fill(len(self.rows), self.message_row, nearest)
        self.post_message(self.Sifted())

    # Places

    def go(self, place: Place) -> None:
        """Go to a frame; one that holds no message is read again, as it may be media."""
        number = self.found.places.get(place, self._guest_at(place))
        if number is None:
            path = self.found.analysis.captures[place[0]].path
            self.run_worker(lambda: self._fetch(path, place), thread=True, exclusive=True, group="guest")
        elif number in self.rows:
            self.point(self.rows.index(number))
        else:
            self.wanted = number
            self.post_message(self.Hidden())

    def _guest_at(self, place: Place) -> int | None:
        return next((row for row in self.rows if row < 0 and order(self.signs.message(row)) == place), None)

    def _fetch(self, path: str, place: Place) -> None:
        """In a worker: read a media packet."""
        worker = get_current_worker()
        self.post_message(Fetched(place, read_guest(path, place, lambda: worker.is_cancelled)))

    @on(Fetched)
    def _fetched(self, event: Fetched) -> None:
        """List the packet at its time, or go to the message that comes after the frame."""
        event.stop()
        if event.message is None:
            after = (row for row in range(len(self.rows)) if order(self.listed_at(row)) >= event.place)
            self.point(next(after, max(0, len(self.rows) - 1)))
            self.notify(f"Frame {event.place[1]} holds nothing that is read here; the next message is shown", timeout=3)
            return
        number = self.signs.take_in(event.message)
        time = event.message.time
        row = next((row for row in range(len(self.rows)) if self.listed_at(row).time > time), len(self.rows))
        self.rows = [*self.rows[:row], number, *self.rows[row:]]
        self.fill(len(self.rows), self.message_row, row)

    def next_mark(self) -> None:
        """Go to the next marked message, from the last on to the first."""
        marked = [row for row in range(len(self.rows)) if self.rows[self.place_of(row)] in self.signs.bookmarks]
        if marked:
            self.cursor = next((row for row in marked if row > self.cursor), marked[0])
        else:
            self.notify("No message is marked: m marks one", timeout=2)


def why_empty(found: Index) -> str:
    """Say why there is no line."""
    if found.messages:
        return "No message passes the filter: change it with f, or clear it."
    skipped = ", ".join(f"{count} × {reason}" for reason, count in found.analysis.decoded.counts.items())
    why = f" What was seen and not read: {skipped}." if skipped else ""
    return f"No SIP, HTTP, MIKEY or Diameter message in this capture.{why} Ports of your own go into case.toml."
