"""Sentences in lines that fit a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.views.tables import fold

MIN_WIDTH, MAX_WIDTH = 40, 110  # columns of a line; one that is longer is hard to read
HANGING = "  "  # before all lines but the first


def wrapped(text: str, indent: str, width: int | None) -> Iterator[str]:
    """Yield text in as many lines as it takes, or in one where there is no width."""
    if width is None:
        yield indent + text
        return
    room = max(min(width, MAX_WIDTH) - len(indent) - len(HANGING), MIN_WIDTH)
    for number, line in enumerate(fold(text, room)):
        yield f"{indent}{HANGING if number else ''}{line}"
