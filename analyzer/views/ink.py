"""What text views share: safe characters, marks and colour."""

from __future__ import annotations

import click

from analyzer.report import Verdict

# A colour never stands alone: the mark and the word say the same.
MARKS = {Verdict.NONE: "-", Verdict.PASS: "✓", Verdict.INCONC: "?", Verdict.FAIL: "✗", Verdict.ERROR: "!"}
COLOURS = {
    Verdict.NONE: "bright_black",
    Verdict.PASS: "green",
    Verdict.INCONC: "yellow",
    Verdict.FAIL: "red",
    Verdict.ERROR: "magenta",
}


def clean(text: str) -> str:
    """Return text with everything that could steer a terminal escaped: names come from the network."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def paint(text: str, verdict: Verdict, coloured: bool) -> str:
    """Return text in the colour of a verdict, or as it is."""
    return click.style(text, fg=COLOURS[verdict]) if coloured else text


def plural(count: int, noun: str) -> str:
    """Return `1 case`, `2 cases`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
