"""What lines are made of: marks, cells and rows, and text that fits and cannot steer a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from rich.cells import cell_len, set_cell_size


class Mark(IntEnum):
    """A verdict as it is shown: a sign and a tone, a worse one covers a better."""

    NONE = 0
    PASS = 1
    UNSURE = 2
    ADVICE = 3
    FAIL = 4

    @property
    def sign(self) -> str:
        return " ✓?!✗"[self]

    @property
    def word(self) -> str:
        """What a filter calls it (`keyshark.verdict`)."""
        return ("", "pass", "inconc", "advice", "fail")[self]

    @property
    def tone(self) -> str:
        return ("", "good", "warn", "warn", "bad")[self]


TONES = ("good", "warn", "bad", "dim", "accent", "primary", "secondary")


@dataclass(frozen=True, slots=True)
class Cell:
    """Text with a tone: one of TONES, a style as rich writes it ("red on white"), or none."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `mark` is what the keys for next problem look for."""

    cells: tuple[Cell, ...]
    mark: Mark = Mark.NONE


Line = Sequence[Cell]


def _unprintable() -> dict[int, str]:
    controls = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]
    directions = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    surrogates = range(0xD800, 0xE000)
    return dict.fromkeys([*controls, *directions, 0xFEFF, *surrogates], "·")


UNPRINTABLE = _unprintable()


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: controls, bidi marks and surrogates become dots."""
    return text if text.isascii() and text.isprintable() else text.translate(UNPRINTABLE)


def fit(text: str, width: int, right: bool = False) -> str:
    """Return text that fills `width` columns exactly, with an ellipsis where it does not fit."""
    text = printable(text)
    length = cell_len(text)
    if length <= width:
        return " " * (width - length) + text if right else text + " " * (width - length)
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""
