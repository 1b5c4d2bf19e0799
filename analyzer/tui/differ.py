"""Two messages side by side, field by field: what both have, what only one has, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from textual.app import ComposeResult

from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Line, Mark, fit
from analyzer.tui.fields import worded
from analyzer.tui.keyline import KeyLine
from analyzer.tui.model import Index
from analyzer.tui.rows import Rows
from analyzer.tui.search import Search
from analyzer.tui.tabline import TabLine
from analyzer.views.hiding import Hider
from analyzer.views.layers import layers
from dissectors import Field, Message, tree

MAX_LINES = 4000  # of one message that are compared


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of the comparison: what each message has there, None where it has nothing."""

    left: str | None
    right: str | None

    @property
    def is_same(self) -> bool:
        return self.left == self.right


def told(message: Message, hider: Hider) -> list[str]:
    """Return the fields of a message as lines, layer by layer; keys stay hidden."""
    lines: list[str] = []
    for layer in layers(message):
        lines.append(layer.title)
        for outermost in tree(layer.message):
            lines.extend(_lines(outermost, 1, hider))
    return lines[:MAX_LINES]


def _lines(each: Field, depth: int, hider: Hider) -> Iterator[str]:
    text, _ = worded(each, hider)
    if not each.is_syntax:
        yield f"{'  ' * depth}{each.name}{f': {text}' if text else ''}"
    for child in each.children:
        yield from _lines(child, depth + 1, hider)


def compared(left: Sequence[str], right: Sequence[str]) -> list[Pair]:
    """Pair lines in their order; lines between two that are the same stand beside each other where both have some."""
    pairs: list[Pair] = []
    for _, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for place in range(max(b - a, d - c)):
            pairs.append(Pair(left[a + place] if a + place < b else None, right[c + place] if c + place < d else None))
    return pairs


class Comparison(Rows):
    """Two columns of lines; e and E go from difference to difference."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        super().__init__()
        self.pairs = tuple(pairs)
        self.empty = "Neither message has a field."

    def on_mount(self) -> None:
        self.reset(len(self.pairs))

    def line(self, row: int, width: int) -> Line:
        pair = self.pairs[row]
        half = (width - 3) // 2
        tone = "" if pair.is_same else "warn"
        sign = " " if pair.is_same else "≠" if pair.left is not None and pair.right is not None else "±"
        return (
            Cell(fit(pair.left or "", half), tone),
            Cell(f" {sign} ", tone),
            Cell(fit(pair.right or "", width - 3 - half), tone),
        )

    def text(self, row: int) -> str:
        pair = self.pairs[row]
        if pair.is_same:
            return pair.left or ""
        return f"{(pair.left or '(nothing)').strip()} ≠ {(pair.right or '(nothing)').strip()}"

    def mark(self, row: int) -> Mark:
        return Mark.NONE if self.pairs[row].is_same else Mark.FAIL


class Differ(Search):
    """The comparison as a screen."""

    BINDINGS = [key("escape,q", "dismiss(None)", "Back", show=True)]
    DEFAULT_CSS = """
    Differ > Comparison { height: 1fr; }
    """

    def __init__(self, found: Index, left: Message, right: Message) -> None:
        super().__init__()
        self.titles = tuple(f"frame {found.number((m.payload.capture, m.frame))}" for m in (left, right))
        self.pairs = compared(*(told(found.whole(message), found.hider) for message in (left, right)))

    def compose(self) -> ComposeResult:
        yield TabLine((f"{self.titles[0]} and {self.titles[1]}",), id="top")
        yield Comparison(self.pairs)
        yield KeyLine()

    def on_mount(self) -> None:
        different = sum(not pair.is_same for pair in self.pairs)
        self.query_one(TabLine).note = f"{different} of {len(self.pairs)} lines differ"
        self.set_focus(self.query_one(Comparison))
