"""The message sequence of a case as a picture: SVG that needs nothing from outside, and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rich.cells import cell_len

from analyzer.report import Verdict
from analyzer.views import brackets
from analyzer.views.flow import NOTHING, Arrow, Ladder, nodes
from analyzer.views.ink import MARKS, clean

MAX_TEXT = 140  # characters beside an arrow; the whole is its title
MAX_LANES = 8  # procedures that are bracketed side by side
LETTER, ROW, PITCH, LANE = 7.3, 26, 130, 12  # pixels: a character, a line, from node to node, from bracket to bracket
HEAD, MARGIN = 56, 12
COLOURS = {Verdict.INCONC: "#9a6700", Verdict.FAIL: "#cf222e", Verdict.ERROR: "#8250df"}
INK, FAINT = "#1f2328", "#8c959f"


def show(drawn: Ladder) -> str:
    """Return a ladder as SVG: frame, time and brackets of procedures at the left, what each message is at the right."""
    if not drawn.arrows:
        return _picture(8 * len(NOTHING), HEAD, [_text(MARGIN, 30, NOTHING, INK)])
    spans = _spans(drawn)
    given = brackets.lanes(list(spans.values()), MAX_LANES)
    used = max((lane + 1 for lane in given if lane is not None), default=0)
    frames = max(len("frame"), *(len(drawn.frame(arrow)) for arrow in drawn.arrows)) * LETTER
    times = max(len("seconds"), *(len(drawn.time(arrow)) for arrow in drawn.arrows)) * LETTER
    at_frame, at_time = MARGIN + frames, MARGIN + frames + MARGIN + times
    at_brackets = at_time + MARGIN
    first = at_brackets + used * LANE + PITCH / 2
    columns = {name: first + place * PITCH for place, name in enumerate(nodes(drawn.arrows))}
    at_words = first + (len(columns) - 1) * PITCH + PITCH / 2
    words = ["  ".join((drawn.words(arrow), *arrow.broken)) for arrow in drawn.arrows]
    shown = [text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…" for text in words]
    width = at_words + max(map(cell_len, shown)) * LETTER + 3 * LETTER + MARGIN
    height = HEAD + ROW * len(drawn.arrows) + MARGIN
    parts = [_text(at_frame, 30, "frame", FAINT, "end"), _text(at_time, 30, "seconds", FAINT, "end")]
    for name, x in columns.items():
        parts += [_text(x, 30, clean(name), INK, "middle", bold=True), _line(x, 38, x, height - MARGIN, FAINT)]
    for lane, (name, (begin, end)) in zip(given, spans.items(), strict=True):
        if lane is not None:
            parts.append(_bracket(at_brackets + lane * LANE, HEAD + begin * ROW, HEAD + end * ROW, name))
    for place, (arrow, whole, cut) in enumerate(zip(drawn.arrows, words, shown, strict=True)):
        y = HEAD + place * ROW + ROW / 2
        colour = COLOURS.get(arrow.verdict, INK)
        parts.append(_text(at_frame, y + 4, drawn.frame(arrow), FAINT, "end"))
        parts.append(_text(at_time, y + 4, drawn.time(arrow), FAINT, "end"))
        parts.append(_arrow(arrow, columns, y, colour))
        if arrow.verdict:
            parts.append(_text(at_words, y + 4, MARKS[arrow.verdict], colour, bold=True))
        parts.append(_text(at_words + 2 * LETTER, y + 4, cut, colour, title="" if cut == whole else whole))
    return _picture(width, height, parts)


def _spans(drawn: Ladder) -> dict[str, tuple[int, int]]:
    """Return the first and the last line of each procedure."""
    spans: dict[str, tuple[int, int]] = {}
    for place, arrow in enumerate(drawn.arrows):
        for told in arrow.told:
            name = told.partition(" ")[0]
            spans[name] = (spans[name][0] if name in spans else place, place)
    return spans


def _picture(width: float, height: float, parts: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="ui-monospace, monospace" font-size="12">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>"]) + "\n"


def _text(
    x: float, y: float, text: str, colour: str, anchor: str = "start", bold: bool = False, title: str = ""
) -> str:  # fmt: skip
    weight = ' font-weight="bold"' if bold else ""
    told = f"<title>{_escaped(title)}</title>" if title else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{weight}>{told}{_escaped(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" fill="none"/>'


def _bracket(x: float, top: float, bottom: float, name: str) -> str:
    y1, y2 = top + 4, bottom + ROW - 4
    path = f"M{x + 6:.1f} {y1:.1f}H{x:.1f}V{y2:.1f}H{x + 6:.1f}"
    return f'<path d="{path}" stroke="{FAINT}" fill="none"><title>{_escaped(name)}</title></path>'


def _arrow(arrow: Arrow, columns: dict[str, float], y: float, colour: str) -> str:
    begin, end = columns[arrow.step.from_], columns[arrow.step.to]
    dash = ' stroke-dasharray="4 3"' if arrow.step.to == "multicast" else ""
    return f'<path d="{"".join(_strokes(begin, end, y))}" stroke="{colour}" stroke-width="1.4" fill="none"{dash}/>'


def _strokes(begin: float, end: float, y: float) -> Iterator[str]:
    if begin == end:  # to itself
        yield f"M{begin:.1f} {y - 5:.1f}h18v10h-18"
        back = 1
    else:
        yield f"M{begin:.1f} {y:.1f}H{end:.1f}"
        back = -1 if end > begin else 1
    tip = y + 5 if begin == end else y
    yield f"M{end + 7 * back:.1f} {tip - 4:.1f}L{end:.1f} {tip:.1f}L{end + 7 * back:.1f} {tip + 4:.1f}"


def _escaped(text: str) -> str:
    return escape("".join(char if char.isprintable() else "·" for char in text))
