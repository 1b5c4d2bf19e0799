"""The timeline of a UE: a bar a key and a stream, over an axis of time that zooms and moves."""

from __future__ import annotations

from analyzer.config import TIMES
from analyzer.correlate.sessions import Session
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Line, Mark, fit
from analyzer.tui.lifelines import bars, mark_of
from analyzer.tui.model import SECOND, Index, Place, utc
from analyzer.tui.rows import Rows
from analyzer.views.lifelines import SHORTEST, STEPS, Bar, span

LABEL = 20  # columns
LEAST = 10  # columns of a bar
TICK = 14  # columns between two times of the axis, at least
ZOOM, PAN = 2, 4  # the view halves or doubles; it moves by a quarter of itself
BODY, GAP, ON = "━", "╳", "▶"  # of a bar, of a time without a key, of what goes on beyond the view
BEFORE = "◀"


class Chart(Rows):
    """Bars over time; Enter goes to the frame of one."""

    BINDINGS = [
        key("left,h", "pan(-1)", "Earlier"),
        key("right,l", "pan(1)", "Later"),
        key("plus", "zoom(1)", "Zoom in", show=True),
        key("minus", "zoom(-1)", "Zoom out", show=True),
        key("0", "all", "All of it"),
    ]

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.bars: tuple[Bar, ...] = ()
        self.form = TIMES[0]
        self.whole = (0, 1)  # ns, from first to last
        self.view = (0, 1)
        self.empty = "No key of this UE was made, asked for or delivered in this capture."

    def draw(self, session: Session, goes_on: bool = False) -> None:
        """Show the keys of a UE, or more of those of the same one: where somebody looked closer, the view stays."""
        closer = goes_on and self.view != self.whole
        self.bars = bars(self.found, session)
        self.whole = span(self.bars, self.found.analysis.story.traffic.end)
        if not closer:
            self.view = self.whole
        self.reset(len(self.bars), self.cursor if goes_on else 0)

    @property
    def bar(self) -> Bar | None:
        return self.bars[self.cursor] if self.bars else None

    def go(self, place: Place) -> bool:
        """Go to the bar that a frame began; False where there is none."""
        row = next((row for row, bar in enumerate(self.bars) if bar.place == place), None)
        if row is not None:
            self.cursor = row
        return row is not None

    def show_time(self, form: str) -> None:
        """Show times in one of TIMES."""
        self.form = form
        self.refresh()

    def action_zoom(self, direction: int) -> None:
        """Show half of the time around the bar under the cursor, or twice as much."""
        begin, end = self.view
        length = (end - begin) // ZOOM if direction > 0 else (end - begin) * ZOOM
        bar = self.bar
        middle = (begin + end) // 2
        if bar is not None and not bar.is_headline and direction > 0:
            middle = min(max(bar.begin, begin), end)
        self._look(middle - length // 2, max(length, SHORTEST))

    def action_pan(self, direction: int) -> None:
        """Look at what was before, or after."""
        begin, end = self.view
        self._look(begin + direction * max(1, (end - begin) // PAN), end - begin)

    def action_all(self) -> None:
        """Show all of it again."""
        self.view = self.whole
        self.refresh()

    def _look(self, begin: int, length: int) -> None:
        first, last = self.whole
        length = min(length, last - first)
        begin = max(first, min(begin, last - length))
        self.view = (begin, begin + length)
        self.refresh()

    def header(self, width: int) -> Line:
        room = self._room(width)
        begin, end = self.view
        wanted = max(1, room // TICK)
        step = next((each for each in STEPS if (end - begin) // each <= wanted), STEPS[-1])
        axis = [" "] * room
        since = 0 if self.form == "UTC" else self.found.analysis.story.traffic.begin
        time = begin + (since - begin) % step
        free = 0
        while time <= end:
            at, text = self._column(time, room), f"╷{self._clock(time, since)}"
            if at >= free and at + len(text) <= room:
                axis[at : at + len(text)] = text
                free = at + len(text) + 1
            time += step
        return (Cell(f"{'':{LABEL + 1}}{''.join(axis)}"),)

    def _clock(self, time: int, since: int) -> str:
        if self.form == "UTC":
            fine = "" if time % SECOND == 0 else f".{time % SECOND // 10**6:03d}"
            return utc(time, "%H:%M:%S") + fine
        return f"{(time - since) / SECOND:.6f}".rstrip("0").rstrip(".") + " s"

    def line(self, row: int, width: int) -> Line:
        bar = self.bars[row]
        if bar.is_headline:
            return (Cell(fit(bar.label, width), mark_of(bar).tone or "accent"),)
        room = self._room(width)
        tone = mark_of(bar).tone if mark_of(bar) > Mark.PASS else ""
        label = Cell(fit(f"{'  ' * bar.depth}{bar.label}", LABEL) + " ", tone)
        return (label, Cell(self._drawn(bar, room), tone))

    def _room(self, width: int) -> int:
        return max(LEAST, width - LABEL - 1)

    def _column(self, time: int, room: int) -> int:
        begin, end = self.view
        return (time - begin) * (room - 1) // max(1, end - begin)

    def _drawn(self, bar: Bar, room: int) -> str:
        cells = [" "] * room
        first = self._column(bar.begin, room)
        last = room if bar.end is None else self._column(bar.end, room)
        body = GAP if mark_of(bar) is Mark.FAIL and not bar.moments else BODY
        for at in range(max(0, first), min(room, last + 1)):
            cells[at] = body
        if first < 0 <= last:
            cells[0] = BEFORE
        if first < room <= last:
            cells[-1] = ON
        if last < 0:
            cells[0] = BEFORE
        if first >= room:
            cells[-1] = ON
        for moment in bar.moments:
            at = self._column(moment.time, room)
            if 0 <= at < room:
                cells[at] = moment.sign
        return "".join(cells)

    def text(self, row: int) -> str:
        return self.bars[row].text

    def mark(self, row: int) -> Mark:
        return mark_of(self.bars[row])
