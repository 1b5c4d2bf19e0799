"""The ladder of a UE: all that it and the nodes around it said, an arrow a message; closer, or from further away."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.config import TIMES
from analyzer.correlate.sessions import Session
from analyzer.tui.arrows import Arrow, arrows, compressed
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Line, Mark, fit
from analyzer.tui.headers import headers
from analyzer.tui.model import Index, Place, clock
from analyzer.tui.rows import Rows
from analyzer.tui.rungs import Side, heads, label, lane_width, lanes, picture, sides

WIDTHS = {"relative": 9, "UTC": 12, "delta": 9}  # columns of the time
DELTA = 9
DELTA_LEAST = 90  # columns of a ladder that also shows the time since the arrow before
PROCEDURE, PROCEDURE_LEAST = 20, 130  # columns of the names beside the brackets, and of a ladder that has them
FRAME = 5
LEVELS = ("a line a procedure", "a line a message", "with headers")
PLAIN = 1  # of the levels
MAX_OPENED = 1000  # arrows whose headers are shown: all of their fields are read first


class Entry(NamedTuple):
    """A line: an arrow, or with a text one of its headers."""

    arrow: int
    header: str | None = None


class Ladder(Rows):
    """Arrows between nodes, with time, frame and verdict."""

    BINDINGS = [
        key("plus", "level(1)", "Closer", show=True),
        key("minus", "level(-1)", "From afar", show=True),
    ]

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.level = PLAIN
        self.all: tuple[Arrow, ...] = ()  # an arrow a message
        self.arrows: tuple[Arrow, ...] = ()  # as the level has them
        self.entries: tuple[Entry, ...] = ()
        self.lanes: tuple[str, ...] = ()
        self.sides: list[Side] = []
        self.begins: dict[int, tuple[str, ...]] = {}  # row → procedures that begin there
        self.kinds: dict[str, str] = {}  # name → kind of a procedure
        self.session: Session | None = None
        self.form = TIMES[0]
        self.empty = "Nothing was said by or to this UE."

    def draw(self, session: Session, goes_on: bool = False) -> None:
        """Show the ladder of a UE, or more of the same one."""
        self.session = session
        self.all = arrows(self.found, session)
        self._lay_out()
        if goes_on:
            self.extend(len(self.entries))
        else:
            self.reset(len(self.entries))

    def _lay_out(self) -> None:
        """Make the lines of the level."""
        if self.session is None:
            return
        self.arrows = self.all if self.level >= PLAIN else compressed(self.found, self.session, self.all)
        entries: list[Entry] = []
        for place, arrow in enumerate(self.arrows):
            entries.append(Entry(place))
            if self.level > PLAIN and place < MAX_OPENED and arrow.message is not None:
                entries += [Entry(place, text) for text in headers(arrow.message, self.found.hider)]
        self.entries = tuple(entries)
        self.lanes = lanes(self.arrows)
        runs = self.found.runs_of(self.session)
        self.kinds = {name: run.procedure.kind for name, run in runs}
        marks = {name: self.found.run_mark(name, run) for name, run in runs}
        rows = [self.arrows[entry.arrow] if entry.header is None else None for entry in entries]
        self.sides, self.begins = sides(rows, marks)

    def action_level(self, by: int) -> None:
        """Show more of each message, or less, down to a line a procedure."""
        level = max(0, min(self.level + by, len(LEVELS) - 1))
        if level == self.level:
            return
        here = None if self.arrow is None else self.arrow.place
        self.level = level
        self._lay_out()
        self.reset(len(self.entries))
        if here is not None:
            self.go(here)
        self.notify(f"The ladder has {LEVELS[level]}", timeout=2)

    def go(self, place: Place) -> bool:
        """Go to the arrow of a frame, or of the repeats that hold it; False where there is none."""
        arrow = next((at for at, arrow in enumerate(self.arrows) if arrow.place == place), None)
        if arrow is None:
            arrow = next((at for at, arrow in enumerate(self.arrows) if place in arrow.repeats), None)
        if arrow is None:
            return False
        self.cursor = next(row for row, entry in enumerate(self.entries) if entry.arrow == arrow)
        return True

    @property
    def arrow(self) -> Arrow | None:
        return self.arrows[self.entries[self.cursor].arrow] if self.cursor < len(self.entries) else None

    def show_time(self, form: str) -> None:
        """Show times in one of TIMES."""
        self.form = form
        self.refresh()

    def said(self, arrow: Arrow) -> str:
        """Return what the status line says of an arrow."""
        runs = ", ".join(f"{name} {self.kinds.get(name, '')}".rstrip() for name in arrow.runs)
        broken = " ".join(arrow.broken)
        return "  ".join(
            part
            for part in (
                f"{arrow.mark.sign} frame {self.found.number(arrow.place)}: {arrow.title} {arrow.detail}".strip(),
                f"[{runs}]" if runs else "",
                f"✗ {broken}" if broken else "",
            )
            if part
        )

    @property
    def _beside(self) -> int:
        """Columns of the brackets, and of a gap before them."""
        return len(self.sides[0]) + 1 if self.sides and self.sides[0] else 0

    def _lane(self, width: int) -> int:
        taken = WIDTHS[self.form] + FRAME + 4 + self._beside
        taken += DELTA if self._has_delta(width) else 0
        taken += PROCEDURE if width >= PROCEDURE_LEAST else 0
        return lane_width(len(self.lanes), width - taken)

    def _has_delta(self, width: int) -> bool:
        return width >= DELTA_LEAST and self.form != "delta"

    def header(self, width: int) -> Line:
        delta = fit("Delta", DELTA, right=True) if self._has_delta(width) else ""
        start = f"  {fit('No.', FRAME, right=True)} {fit('Time', WIDTHS[self.form], right=True)}{delta}"
        name = f" {fit('Procedure', PROCEDURE - 1)}" if width >= PROCEDURE_LEAST else ""
        return (Cell(f"{start}{' ' * self._beside}{name} {heads(self.lanes, self._lane(width))}"),)

    def line(self, row: int, width: int) -> Line:
        entry = self.entries[row]
        arrow = self.arrows[entry.arrow]
        if entry.header is None:
            line = [*self._time(entry.arrow, width), *self._side(row, width)]
            drawn, titled = picture(arrow, self.lanes, self._lane(width))
            line.append(Cell(f" {drawn}", arrow.mark.tone if arrow.mark is Mark.FAIL else ""))
            line.append(Cell(f" {label(arrow, titled)}", arrow.mark.tone if arrow.broken else ""))
            return line
        blank = 2 + FRAME + 1 + WIDTHS[self.form] + (DELTA if self._has_delta(width) else 0)
        return [Cell(" " * blank), *self._side(row, width), Cell(f"   {entry.header}", "dim")]

    def _time(self, at: int, width: int) -> Line:
        arrow, before = self.arrows[at], self.arrows[at - 1].time if at else None
        begin = self.found.analysis.story.traffic.begin
        line = [
            Cell(f"{arrow.mark.sign} ", arrow.mark.tone),
            Cell(fit(self.found.number(arrow.place), FRAME, right=True) + " "),
            Cell(fit(short_clock(arrow.time, begin, before, self.form), WIDTHS[self.form], right=True), "dim"),
        ]
        if self._has_delta(width):
            line.append(Cell(fit(short_clock(arrow.time, begin, before, "delta"), DELTA, right=True), "dim"))
        return line

    def _side(self, row: int, width: int) -> Line:
        side = self.sides[row]
        line = [Cell(" "), *side] if side else []
        if width >= PROCEDURE_LEAST:
            names = ", ".join(self.kinds.get(name, name) for name in self.begins.get(row, ()))
            line.append(Cell(f" {fit(names, PROCEDURE - 1)}", "accent"))
        return line

    def mark(self, row: int) -> Mark:
        entry = self.entries[row]
        return self.arrows[entry.arrow].mark if entry.header is None else Mark.NONE


def short_clock(time: int, begin: int, before: int | None, form: str) -> str:
    """Return a time with milliseconds: a ladder has no room for more."""
    return clock(time, begin, before, form)[:-3]
