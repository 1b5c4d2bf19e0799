"""The lives of the keys of a UE as a picture: where every bar, sign and word of it goes, in pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.report import Verdict
from analyzer.views.exhibits import Lives
from analyzer.views.ink import MARKS, clean, plural
from analyzer.views.ladder_picture import shortened
from analyzer.views.legs import Place
from analyzer.views.lifelines import STEPS, Bar
from analyzer.views.timeline import SECOND

LABEL, WIDTH, RIGHT = 180, 880, 24  # of the names, of all of the time, beyond it
HEAD, ROW, FOOT = 34, 26, 10  # heights
MARGIN, INDENT = 8, 12
LEAST = 3  # of a bar, so that it is seen
TICKS = 8  # of the axis, at most


class Sign(NamedTuple):
    x: int
    text: str


class Row(NamedTuple):
    """One bar; a headline has none."""

    y: int
    label: str
    indent: int
    title: str
    is_headline: bool
    x: int
    width: int
    goes_on: bool  # beyond the capture
    is_gap: bool
    verdict: Verdict
    signs: tuple[Sign, ...]
    place: Place | None


class Chart(NamedTuple):
    """A picture of `width` × `height`; a tick is its x and its time."""

    width: int
    height: int
    ticks: tuple[tuple[int, str], ...]
    rows: tuple[Row, ...]
    told: str  # for who cannot see it
    left_out: int


def draw(ue: str, lives: Lives, start: float) -> Chart:
    """Lay out the bars of a UE; times of the axis are seconds since `start`, which is in seconds since 1970."""
    rows = tuple(_row(bar, HEAD + ROW * number, lives) for number, bar in enumerate(lives.bars))
    gaps = sum(row.is_gap for row in rows)
    told = f"Keys of {ue} over time: {plural(len(rows), 'line')}"
    told += f", {plural(gaps, 'time')} without a key" if gaps else ""
    return Chart(
        LABEL + WIDTH + RIGHT, HEAD + ROW * len(rows) + FOOT, tuple(_ticks(lives, start)), rows, told, lives.left_out
    )


def _x(time: int, lives: Lives) -> int:
    inside = max(lives.begin, min(time, lives.end))
    return LABEL + (inside - lives.begin) * WIDTH // (lives.end - lives.begin)


def _row(bar: Bar, y: int, lives: Lives) -> Row:
    begin = _x(bar.begin, lives)
    goes_on = bar.end is None or bar.end > lives.end
    end = LABEL + WIDTH if bar.end is None else _x(bar.end, lives)
    indent = MARGIN + INDENT * bar.depth
    signs = tuple(Sign(_x(moment.time, lives), moment.sign) for moment in bar.moments)
    is_gap = bar.verdict is Verdict.FAIL and not bar.moments and not bar.is_headline
    label = bar.label if is_gap or bar.verdict <= Verdict.PASS else f"{MARKS[bar.verdict]} {bar.label}"
    return Row(
        y, shortened(clean(label), LABEL - indent - 4), indent, clean(bar.text), bar.is_headline, begin,
        0 if signs and begin == end else max(LEAST, end - begin), goes_on, is_gap, bar.verdict, signs, bar.place,
    )  # fmt: skip


def _ticks(lives: Lives, start: float) -> Iterator[tuple[int, str]]:
    length, since = lives.end - lives.begin, round(start * SECOND)
    step = next((each for each in STEPS if length // each < TICKS), length)
    time = lives.begin + (since - lives.begin) % step
    while time <= lives.end:
        yield _x(time, lives), f"{(time - since) / SECOND:.6f}".rstrip("0").rstrip(".") + " s"
        time += step
