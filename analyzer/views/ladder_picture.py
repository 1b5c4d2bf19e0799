"""The ladder of a UE as a picture: where every line and word of it goes, in pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from analyzer.report import CaseReport, UeReport, Verdict
from analyzer.views import flow
from analyzer.views.flow import Arrow, message_words, nodes
from analyzer.views.ink import clean, plural
from analyzer.views.legs import Place

MAX_ARROWS = 200  # of one UE
LEFT, RIGHT, PITCH = 226, 230, 170  # before the first node, after the last one, from one to the next
HEAD, ROW, FOOT = 44, 38, 14  # heights
CHAR = 6.4  # of a letter, at most of them
LOOP = 26  # of an arrow that comes back to its node


class Rung(NamedTuple):
    """One message: its arrow at height `y`, what it is above it, and when it came on the left."""

    y: int
    begin: int
    end: int
    tip: str  # of the arrow, as the points of a triangle
    at: int  # where the words begin
    words: str
    title: str
    frame: str
    seconds: str
    verdict: Verdict
    place: Place


class Ladder(NamedTuple):
    """A picture of `width` × `height`; a node is its name and the x of its line."""

    width: int
    height: int
    nodes: tuple[tuple[str, int], ...]
    rungs: tuple[Rung, ...]
    told: str  # for who cannot see it
    left_out: int


def draw(case: CaseReport, ue: UeReport) -> Ladder | None:
    """Lay out the messages of one UE, None where it has none."""
    whole = flow.ladder(replace(case, ues=(ue,)))
    found, shown = whole.arrows, whole.arrows[:MAX_ARROWS]
    if not found:
        return None
    columns = {name: LEFT + PITCH * place for place, name in enumerate(nodes(shown))}
    width = LEFT + PITCH * (len(columns) - 1) + RIGHT
    rungs = tuple(
        _rung(whole, arrow, HEAD + ROW * place + ROW - 8, columns, width) for place, arrow in enumerate(shown)
    )
    told = f"Ladder of {ue.id}: {plural(len(found), 'message')} between {', '.join(map(clean, columns))}"
    return Ladder(
        width, HEAD + ROW * len(shown) + FOOT, tuple(columns.items()), rungs, told, len(found) - len(shown)
    )  # fmt: skip


def _rung(whole: flow.Ladder, arrow: Arrow, y: int, columns: dict[str, int], width: int) -> Rung:
    step = arrow.step
    source, target = columns[step.from_], columns[step.to]
    at = min(source, target) + 8
    if source == target:
        target, way = source + LOOP, 1
    else:
        way = 1 if target > source else -1
    frame, seconds, words = whole.frame(arrow), whole.time(arrow), message_words(step)
    title = f"frame {frame}, {seconds} s, {clean(step.from_)} to {clean(step.to)}: {words} ({', '.join(arrow.told)})"
    tip = f"{target},{y} {target - 9 * way},{y - 5} {target - 9 * way},{y + 5}"
    return Rung(
        y, source, target, tip, at, shortened(words, width - at - 4), title, frame, seconds, arrow.verdict,
        (step.capture, step.frame),
    )  # fmt: skip


def shortened(text: str, pixels: float) -> str:
    """Return as much of a text as there is room for."""
    room = max(1, int(pixels / CHAR))
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"
