"""A ladder as a picture: where every line and word of it goes, in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from rich.cells import cell_len

from analyzer.report import CaseReport, UeReport, Verdict
from analyzer.views import brackets, flow
from analyzer.views.flow import Arrow, message_words, nodes
from analyzer.views.ink import clean, plural
from analyzer.views.legs import Place

MAX_ARROWS = 200  # of one UE
MAX_WORDS = 140  # characters of one message, where there is room
MAX_LANES = 8  # procedures that are bracketed side by side
RIGHT, PITCH = 230, 170  # beyond the last node, from one to the next at least
HEAD, ROW, FOOT = 44, 38, 14  # heights
MARGIN, LANE = 12, 9  # between columns, between brackets
CHAR, DIGIT, BOLD = 6.4, 6.7, 8.2  # of a letter, at most of them: of words, of numbers, of names
LOOP = 26  # of an arrow that comes back to its node


class Rung(NamedTuple):
    """One message: its arrow at height `y`, what it is above it, and when it came on the left."""

    y: int
    begin: int
    end: int
    path: str  # of the arrow
    tip: str  # of the arrow, as the points of a triangle
    to_many: bool
    at: int  # where the words begin
    words: str
    title: str
    frame: str
    seconds: str
    verdict: Verdict
    place: Place


class Bracket(NamedTuple):
    """From the first message of a procedure to its last."""

    path: str
    title: str


class Ladder(NamedTuple):
    """A picture of `width` × `height`; a node is its name and the x of its line, numbers end at theirs."""

    width: int
    height: int
    at_frame: int
    at_seconds: int
    at_mark: int
    nodes: tuple[tuple[str, int], ...]
    brackets: tuple[Bracket, ...]
    rungs: tuple[Rung, ...]
    told: str  # for who cannot see it
    left_out: int


def of_ue(case: CaseReport, ue: UeReport) -> Ladder | None:
    """Lay out the first messages of one UE, None where it has none."""
    whole = flow.ladder(replace(case, ues=(ue,)))
    between = ", ".join(map(clean, nodes(whole.arrows)))
    return draw(whole, f"Ladder of {ue.id}: {plural(len(whole.arrows), 'message')} between {between}", MAX_ARROWS)


def draw(whole: flow.Ladder, told: str, most: int | None = None, in_full: bool = False) -> Ladder | None:
    """Lay out so many messages, None where there are none; `in_full` makes room for all that is said of each."""
    shown = whole.arrows[:most]
    if not shown:
        return None
    at_frame = MARGIN + round(DIGIT * max(len("frame"), *(len(whole.frame(arrow)) for arrow in shown)))
    at_seconds = at_frame + MARGIN + round(DIGIT * max(len("seconds"), *(len(whole.time(arrow)) for arrow in shown)))
    at_brackets = at_seconds + 2 * MARGIN
    spans = _spans(shown)
    lanes = brackets.lanes(list(spans.values()), MAX_LANES)
    used = max((lane + 1 for lane in lanes if lane is not None), default=0)
    names = nodes(shown)
    sizes = [round(BOLD * cell_len(clean(name))) for name in names]
    first = at_brackets + LANE * used + max(MARGIN, sizes[0] // 2)
    pitch = max(PITCH, *sizes)
    columns = {name: first + pitch * place for place, name in enumerate(names)}
    right = columns[names[-1]] + RIGHT
    if in_full:
        right = max(right, *(_at(arrow, columns) + round(CHAR * cell_len(_said(whole, arrow))) for arrow in shown))
    width = right + MARGIN
    rungs = tuple(
        _rung(whole, arrow, HEAD + ROW * place + ROW - 8, columns, width, in_full) for place, arrow in enumerate(shown)
    )
    drawn = tuple(
        _bracket(name, at_brackets + LANE * lane, begin, end)
        for lane, (name, (begin, end)) in zip(lanes, spans.items(), strict=True)
        if lane is not None
    )
    return Ladder(
        width, HEAD + ROW * len(shown) + FOOT, at_frame, at_seconds, at_seconds + MARGIN, tuple(columns.items()),
        drawn, rungs, told, len(whole.arrows) - len(shown),
    )  # fmt: skip


def _spans(shown: tuple[Arrow, ...]) -> Mapping[str, tuple[int, int]]:
    """Return the first and the last line of each procedure."""
    spans: dict[str, tuple[int, int]] = {}
    for place, arrow in enumerate(shown):
        for told in arrow.told:
            name = told.partition(" ")[0]
            spans[name] = (spans[name][0] if name in spans else place, place)
    return spans


def _bracket(name: str, x: int, begin: int, end: int) -> Bracket:
    top, bottom = HEAD + ROW * begin + 12, HEAD + ROW * end + ROW - 2
    return Bracket(f"M{x + 5} {top}H{x}V{bottom}H{x + 5}", name)


def _at(arrow: Arrow, columns: Mapping[str, int]) -> int:
    return min(columns[arrow.step.from_], columns[arrow.step.to]) + 8


def _said(whole: flow.Ladder, arrow: Arrow) -> str:
    text = "  ".join((whole.words(arrow), *arrow.broken))
    return text if len(text) <= MAX_WORDS else f"{text[: MAX_WORDS - 1]}…"


def _rung(
    whole: flow.Ladder, arrow: Arrow, y: int, columns: Mapping[str, int], width: int, in_full: bool
) -> Rung:  # fmt: skip
    step = arrow.step
    source, target = columns[step.from_], columns[step.to]
    at = _at(arrow, columns)
    way = 1 if target > source else -1
    path = f"M{source} {y}H{target}" if source != target else f"M{source} {y - 6}h{LOOP}v6H{source}"
    frame, seconds, words = whole.frame(arrow), whole.time(arrow), message_words(step)
    title = f"frame {frame}, {seconds} s, {clean(step.from_)} to {clean(step.to)}: {words} ({', '.join(arrow.told)})"
    tip = f"{target},{y} {target - 9 * way},{y - 5} {target - 9 * way},{y + 5}"
    return Rung(
        y, source, target, path, tip, step.to == "multicast", at,
        _said(whole, arrow) if in_full else shortened(words, width - at - 4), title, frame, seconds, arrow.verdict,
        (step.capture, step.frame),
    )  # fmt: skip


def shortened(text: str, pixels: float) -> str:
    """Return as much of a text as there is room for."""
    room = max(1, int(pixels / CHAR))
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"
