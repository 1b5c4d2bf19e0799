"""Rows and columns, as wide as a terminal where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest

import click
from rich.cells import cell_len

from analyzer.views.ink import clean

GAP = "  "
MIN_WIDTH = 12  # of a column that is folded


@dataclass(frozen=True, slots=True)
class Table:
    """A table: names of its columns, and rows of as many cells; a cell may hold anything the network sent."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()  # columns that are set to the right
    folded: frozenset[str] = frozenset()  # columns that are folded where the terminal is too narrow
    indent: str = ""  # before every line


def draw(table: Table, width: int | None = None, coloured: bool = False) -> str:
    """Draw a table for a terminal of `width` characters, or as wide as it is when None; no cell is ever cut."""
    rows = [tuple(map(clean, row)) for row in table.rows]
    widths = [max(map(_wide, column)) for column in zip(table.columns, *rows, strict=True)]
    if width is not None:
        _narrow(widths, [name in table.folded for name in table.columns], width - len(table.indent))
    if table.folded:
        rows = [cells for row in rows for cells in _folded(table, row, widths)]
    head, *lines = _lines(table, [table.columns, *rows], widths)
    return "\n".join([click.style(head, bold=True) if coloured else head, *lines]) + "\n"


def _wide(text: str) -> int:
    """Return how many columns a clean text takes."""
    return len(text) if text.isascii() else cell_len(text)


def _folded(table: Table, row: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a row."""
    folded = (
        fold(cell, size) if name in table.folded else [cell]
        for name, cell, size in zip(table.columns, row, widths, strict=True)
    )
    return zip_longest(*folded, fillvalue="")


def _narrow(widths: list[int], folded: list[bool], width: int) -> None:
    """Take from the widest column that may be folded until all fit, or none can give any more."""
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        giving = [place for place, size in enumerate(widths) if folded[place] and size > MIN_WIDTH]
        if not giving:
            return
        widths[max(giving, key=lambda place: widths[place])] -= 1


def _lines(table: Table, rows: Iterable[Sequence[str]], widths: Sequence[int]) -> list[str]:
    columns = []  # set out one after the other: half the time of row after row
    for name, cells, size in zip(table.columns, zip(*rows, strict=True), widths, strict=True):
        padded = [(cell, " " * (size - _wide(cell))) for cell in cells]
        right = name in table.numbers
        columns.append([padding + cell if right else cell + padding for cell, padding in padded])
    return [table.indent + GAP.join(cells).rstrip() for cells in zip(*columns, strict=True)]


class Rows:
    """Draws a table row by row, before all of it is known: a column grows with what it holds and stays as wide."""

    def __init__(self, columns: tuple[str, ...], numbers: frozenset[str], widths: Iterable[int]) -> None:
        self._table = Table(columns, (), numbers)
        self._widths = list(widths)

    def head(self) -> str:
        return self.row(self._table.columns)

    def row(self, cells: Sequence[str]) -> str:
        """Return the line of a row."""
        cleaned = [clean(cell) for cell in cells]
        self._widths = [max(width, _wide(cell)) for width, cell in zip(self._widths, cleaned, strict=True)]
        # What comes last is followed by nothing, and need not be as wide as the widest
        return _lines(self._table, [cleaned], [*self._widths[:-1], 0])[0] + "\n"


def fold(text: str, width: int) -> list[str]:
    """Break text at spaces, or within a word that is too long, into lines of at most `width` columns."""
    lines: list[str] = []
    line, size = "", 0
    for word in text.split(" "):
        for piece in _pieces(word, width):
            length = cell_len(piece)
            if not line:
                line, size = piece, length
            elif size + 1 + length <= width:
                line, size = f"{line} {piece}", size + 1 + length
            else:
                lines.append(line)
                line, size = piece, length
    return [*lines, line]


def _pieces(word: str, width: int) -> Iterator[str]:
    if cell_len(word) <= width:
        yield word
        return
    piece, size = "", 0
    for char in word:
        length = cell_len(char)
        if piece and size + length > width:
            yield piece
            piece, size = "", 0
        piece, size = piece + char, size + length
    yield piece


def record(facts: Sequence[tuple[str, Sequence[str]]], indent: str = "  ") -> str:
    """Draw names and their values below each other; one name may have several values, a line each."""
    size = max((len(name) for name, _ in facts), default=0)
    lines = []
    for name, values in facts:
        for number, value in enumerate(values or ("-",)):
            lines.append(f"{indent}{'' if number else name:<{size}}{GAP}{clean(value)}")
    return "".join(f"{line}\n" for line in lines)


Drawing = Callable[[Table], str]  # knows the terminal


def moment(seconds: float) -> str:
    """Return a time as UTC in ISO 8601, or as the number that it is when no calendar holds it."""
    precision = "seconds" if seconds == int(seconds) else "milliseconds"
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        return str(seconds)
