"""The message sequence of a case as a sequence diagram of Mermaid (https://mermaid.js.org/syntax/sequenceDiagram.html)."""

from __future__ import annotations

from analyzer.report import Verdict
from analyzer.views.flow import NOTHING, Ladder, message_words, nodes
from analyzer.views.ink import MARKS, clean

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,/?=+-_()[]'@!×✓✗…")
MAX_TEXT = 200  # characters of an arrow


def show(drawn: Ladder) -> str:
    """Return a ladder as the text of a diagram; an arrow says frame, time, message, procedures and what is wrong."""
    lines = ["sequenceDiagram"]
    if not drawn.arrows:
        return f"sequenceDiagram\n    Note over keyshark: {escaped(NOTHING)}\n"
    names = {name: f"n{place}" for place, name in enumerate(nodes(drawn.arrows))}
    lines += [f"    participant {short} as {escaped(clean(name))}" for name, short in names.items()]
    for arrow in drawn.arrows:
        step = arrow.step
        sign = f"{MARKS[arrow.verdict]} " if arrow.verdict else ""
        line = "--)" if step.to == "multicast" else "->>"
        told = escaped(f"{sign}{drawn.frame(arrow)} {message_words(step)}")
        lines.append(f"    {names[step.from_]}{line}{names[step.to]}: {told}")
        if arrow.verdict >= Verdict.FAIL:
            about = ", ".join((*arrow.broken, *arrow.told))
            lines.append(
                f"    Note over {','.join(dict.fromkeys((names[step.from_], names[step.to])))}: {escaped(about)}"
            )
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text that is nothing but text in a diagram: what means something there becomes an entity code."""
    cut = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
    return "".join(char if char in PLAIN else f"#{ord(char)};" for char in cut)
