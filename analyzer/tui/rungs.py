"""How a ladder is drawn: lanes for the nodes, an arrow between two of them, and brackets of procedures at the side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.correlate.nodes import ROLES
from analyzer.tui.arrows import OTHER, Arrow
from analyzer.tui.cells import Cell, Mark
from analyzer.views import brackets

NAMES = {"ue": "UE", "im-cn": "IM CN", "scf": "SCF", "bm-sc": "BM-SC", "bsf": "BSF", "multicast": "MCast"}
MIN_LANE, MAX_LANE = 6, 16  # columns
MIN_LABEL = 22
MAX_BRACKETS = 4  # side by side

Side = tuple[Cell, ...]


def lanes(drawn: Iterable[Arrow]) -> tuple[str, ...]:
    """Return the nodes that take part, from UE to multicast."""
    seen = {end for arrow in drawn for end in (arrow.source, arrow.target)}
    return tuple(role for role in (*ROLES, OTHER) if role in seen)


def lane_width(nodes: int, width: int) -> int:
    """Return the columns of a lane, when `width` is for all lanes and the label."""
    return max(MIN_LANE, min(MAX_LANE, (width - max(MIN_LABEL, width // 2)) // max(1, nodes)))


def heads(nodes: Sequence[str], lane: int) -> str:
    """Return the names over the lanes."""
    return "".join(_name(role, lane).center(lane) for role in nodes)


def _name(role: str, lane: int) -> str:
    name = NAMES.get(role, role)
    return name if len(name) < lane else name[: lane - 2] + "…"


def picture(arrow: Arrow, nodes: Sequence[str], lane: int) -> tuple[str, bool]:
    """Return the lanes with one arrow, and whether its title stands on it."""
    canvas = list((" " * (lane // 2) + "│").ljust(lane) * len(nodes))
    start, end = (nodes.index(role) * lane + lane // 2 for role in (arrow.source, arrow.target))
    if start == end:
        canvas[start] = "↻"
        return "".join(canvas), False
    line = "═" if arrow.message is None else "━" if arrow.runs and arrow.is_whole else "─"
    low, high = min(start, end), max(start, end)
    canvas[low + 1 : high] = line * (high - low - 1)
    canvas[end - 1 if end > start else end + 1] = "▶" if end > start else "◀"
    canvas[start] = "├" if end > start else "┤"
    if arrow.is_whole:
        canvas[start + 1 if end > start else start - 1] = "◀" if end > start else "▶"
    fits = len(arrow.title) + 5 <= high - low
    if fits:
        text = f" {arrow.title} "
        middle = low + 1 + (high - low - 1 - len(text)) // 2
        canvas[middle : middle + len(text)] = text
    return "".join(canvas), fits


def label(arrow: Arrow, titled: bool) -> str:
    """Return what stands beside an arrow."""
    words = [arrow.detail] if titled else [arrow.title, arrow.detail]
    words = [*arrow.broken, *words]
    if arrow.count > 1 and not arrow.is_whole:
        words.insert(0, f"×{arrow.count}")
    return " ".join(word for word in words if word)


def sides(rows: Sequence[Arrow | None], marks: dict[str, Mark]) -> tuple[list[Side], dict[int, tuple[str, ...]]]:
    """Return the brackets beside each row, and which procedures begin there; a row of None goes on with the one before.

    `marks` are the verdicts of the procedures.
    """
    spans: dict[str, list[int]] = {}
    names: tuple[str, ...] = ()
    for row, arrow in enumerate(rows):
        names = names if arrow is None else arrow.runs
        for name in names:
            spans.setdefault(name, [row, row])[1] = row
    given = brackets.lanes([(first, last) for first, last in spans.values()], MAX_BRACKETS)
    used = max((lane + 1 for lane in given if lane is not None), default=0)
    drawn = [[Cell(" ")] * used for _ in rows]
    begins: dict[int, tuple[str, ...]] = {}
    for lane, (name, (first, last)) in zip(given, spans.items(), strict=True):
        begins[first] = (*begins.get(first, ()), name)
        if lane is None:
            continue
        mark = marks.get(name, Mark.NONE)
        tone = mark.tone if mark > Mark.PASS else "dim"
        for row in range(first, last + 1):
            sign = "╶" if first == last else "╭" if row == first else "╰" if row == last else "│"
            drawn[row][lane] = Cell(sign, tone)
    return [tuple(side) for side in drawn], begins
