"""Colour rules: which messages are shown in which colour, by protocol and verdict, or as the config file says."""

from __future__ import annotations

from collections.abc import Sequence

from rich.errors import StyleSyntaxError
from rich.style import Style

from analyzer.comparing import FilterError
from analyzer.config import Colour
from analyzer.filters import compile_filters
from analyzer.tui.cells import TONES
from dissectors import Message

PLAIN = "none"  # the colour of what is to stay as it is
DEFAULT = (
    Colour('keyshark.verdict == "fail"', "bad"),
    Colour('keyshark.verdict == "advice"', "warn"),
    Colour("mikey", "accent"),
    Colour("sip", "primary"),
    Colour("http || mbms-xml", "secondary"),
    Colour("flute || fdt || dcf", "good"),
    Colour("tls || dtls", "dim"),
)


class Colours:
    """Some rules; the first that a message passes counts."""

    def __init__(self, own: Sequence[Colour] = ()) -> None:
        """Raises FilterError for a filter that is none."""
        self.tones = tuple(map(tone, (*own, *DEFAULT)))
        self._first = compile_filters(rule.filter for rule in (*own, *DEFAULT))

    def tone(self, message: Message, verdict: str) -> str:
        """Return the tone of a message, "" for none."""
        number = self._first(message, verdict)
        return "" if number is None else self.tones[number]


def tone(rule: Colour) -> str:
    """Return the tone that cells have for a rule: one of TONES, or a style as rich writes it."""
    colour = "" if rule.colour == PLAIN else rule.colour
    return f"{colour} on {rule.background}".strip() if rule.background else colour


def wrong(rule: Colour) -> str:
    """Say what is wrong with a rule of the config file, "" where nothing is."""
    try:
        compile_filters([rule.filter])
    except FilterError as error:
        return f"filter: {error}"
    if rule.colour == PLAIN or (rule.colour in TONES and not rule.background):
        return ""
    try:
        Style.parse(tone(rule))
    except StyleSyntaxError as error:
        return f"{tone(rule)!r} is no colour: {error}"
    return ""
