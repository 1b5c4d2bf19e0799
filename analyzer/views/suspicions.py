"""Keys of the keyring that opened nothing, as people read it; never a value."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.keys.suspects import MAX_SUSPECTS, Suspect
from analyzer.views.ink import clean
from analyzer.views.wrapping import wrapped


def show(found: Sequence[Suspect], width: int | None = None) -> str:
    """Return a section on the keyring, nothing where there is nothing to say."""
    if not found:
        return ""
    lines = ["  keyring: keys that opened nothing"]
    for suspect in found:
        mark = "→" if suspect.fits else "?"
        text = f"{mark} {suspect.kind} {suspect.fingerprint} of {clean(suspect.owner)}: {clean(suspect.reason)}"
        lines += wrapped(text, "    ", width)
    if len(found) == MAX_SUSPECTS:
        lines.append("    and perhaps more, which were not looked into")
    return "".join(f"{line}\n" for line in lines)
