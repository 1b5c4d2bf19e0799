"""The ladder of a UE: all that it and the nodes around it said, an arrow a message."""

from __future__ import annotations

from analyzer.config import TIMES
from analyzer.correlate.sessions import Session
from analyzer.tui.arrows import Arrow, arrows, heads, label, lane_width, lanes, picture
from analyzer.tui.cells import Cell, Line, Mark, fit
from analyzer.tui.model import Index, Place, clock
from analyzer.tui.rows import Rows

WIDTHS = {"relative": 9, "UTC": 12, "delta": 9}  # columns of the time
DELTA = 9
DELTA_LEAST = 90  # columns of a ladder that also shows the time since the arrow before
FRAME = 5


class Ladder(Rows):
    """Arrows between nodes, with time, frame and verdict."""

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.arrows: tuple[Arrow, ...] = ()
        self.lanes: tuple[str, ...] = ()
        self.form = TIMES[0]
        self.empty = "Nothing was said by or to this UE."

    def draw(self, session: Session, goes_on: bool = False) -> None:
        """Show the ladder of a UE, or more of the same one."""
        self.arrows = arrows(self.found, session)
        self.lanes = lanes(self.arrows)
        if goes_on:
            self.extend(len(self.arrows))
        else:
            self.reset(len(self.arrows))

    def go(self, place: Place) -> bool:
        """Go to the arrow of a frame, or of the repeats that hold it; False where there is none."""
        row = next((row for row, arrow in enumerate(self.arrows) if arrow.place == place), None)
        if row is None:
            row = next((row for row, arrow in enumerate(self.arrows) if place in arrow.repeats), None)
        if row is not None:
            self.cursor = row
        return row is not None

    @property
    def arrow(self) -> Arrow | None:
        return self.arrows[self.cursor] if self.arrows else None

    def show_time(self, form: str) -> None:
        """Show times in one of TIMES."""
        self.form = form
        self.refresh()

    def _lane(self, width: int) -> int:
        return lane_width(
            len(self.lanes), width - WIDTHS[self.form] - FRAME - 4 - (DELTA if self._has_delta(width) else 0)
        )

    def _has_delta(self, width: int) -> bool:
        return width >= DELTA_LEAST and self.form != "delta"

    def header(self, width: int) -> Line:
        delta = fit("Delta", DELTA, right=True) if self._has_delta(width) else ""
        start = f"  {fit('No.', FRAME, right=True)} {fit('Time', WIDTHS[self.form], right=True)}{delta} "
        return (Cell(start + heads(self.lanes, self._lane(width))),)

    def line(self, row: int, width: int) -> Line:
        arrow = self.arrows[row]
        before = self.arrows[row - 1].time if row else None
        begin = self.found.analysis.story.traffic.begin
        drawn, titled = picture(arrow, self.lanes, self._lane(width))
        line = [
            Cell(f"{arrow.mark.sign} ", arrow.mark.tone),
            Cell(fit(self.found.number(arrow.place), FRAME, right=True) + " "),
            Cell(fit(short_clock(arrow.time, begin, before, self.form), WIDTHS[self.form], right=True), "dim"),
        ]
        if self._has_delta(width):
            line.append(Cell(fit(short_clock(arrow.time, begin, before, "delta"), DELTA, right=True), "dim"))
        line.append(Cell(f" {drawn}", arrow.mark.tone if arrow.mark is Mark.FAIL else ""))
        line.append(Cell(f" {label(arrow, titled)}"))
        return line

    def mark(self, row: int) -> Mark:
        return self.arrows[row].mark


def short_clock(time: int, begin: int, before: int | None, form: str) -> str:
    """Return a time with milliseconds: a ladder has no room for more."""
    return clock(time, begin, before, form)[:-3]
