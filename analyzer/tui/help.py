"""Help: every key, read from the bindings themselves, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.binding import Binding, BindingType

from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell
from analyzer.tui.page import Sheet

SIGNS = (
    ("✓", "pass"),
    ("✗", "fail"),
    ("!", "advice: a rule of level info is not kept, or one is waived; no verdict counts it"),
    ("?", "inconc: the capture or the keyring does not hold what the rule needs"),
    ("●", "marked with m"),
    ("◆", "selected with Space, for the diff; on the timeline an MSK message"),
)
NAMES = {
    "question_mark": "?", "left_square_bracket": "[", "right_square_bracket": "]", "equals_sign": "=", "slash": "/",
    "exclamation_mark": "!", "colon": ":", "apostrophe": "'", "backslash": "\\", "asterisk": "*",
    "plus": "+", "minus": "-", "less_than_sign": "<", "greater_than_sign": ">", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "enter": "Enter",
    "escape": "Esc", "tab": "Tab", "space": "Space",
}  # fmt: skip


def keys_text(keys: str) -> str:
    """Return keys as they stand on a keyboard."""
    return " ".join(_key_text(key.strip()) for key in keys.split(","))


def _key_text(key: str) -> str:
    if "+" in key or (key.startswith("f") and key[1:].isdigit()):  # ctrl+p, shift+tab, f1
        return "+".join(part.capitalize() for part in key.split("+"))
    return NAMES.get(key, key)


def help_lines(sections: Iterable[tuple[str, Iterable[BindingType]]]) -> Iterator[Cell]:
    """Yield a heading a section and a line a key."""
    for title, bindings in sections:
        yield Cell(title, "accent")
        for binding in bindings:
            if isinstance(binding, Binding) and binding.description:
                yield Cell(f"  {keys_text(binding.key):<18} {binding.description}")
        yield Cell("")
    yield Cell("Signs", "accent")
    for sign, meaning in SIGNS:
        yield Cell(f"  {sign:<18} {meaning}")


class Help(Sheet):
    """A page over the screen."""

    BINDINGS = [key("escape,q,?,f1", "dismiss", "Close", show=True)]

    def __init__(self, sections: Iterable[tuple[str, Iterable[BindingType]]]) -> None:
        super().__init__("Keys (Esc closes)", tuple(help_lines(sections)))
