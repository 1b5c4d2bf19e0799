"""Octets as Wireshark shows them: offset, hex, characters."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.views.layers import Span

COLUMNS = 16  # octets a line
HIDDEN = "··"


def dump(data: bytes, hidden: Iterable[Span]) -> tuple[str, ...]:
    """Return a line for every 16 octets: 4 digits of offset, the octets with a gap after 8, characters.

    Those of the hidden spans stay unseen. Every line has each octet in the same columns.
    """
    unseen = {place for start, end in hidden for place in range(start, min(end, len(data)))}
    return tuple(_line(data, start, unseen) for start in range(0, len(data), COLUMNS))


def _line(data: bytes, start: int, unseen: set[int]) -> str:
    places = range(start, min(start + COLUMNS, len(data)))
    digits = [HIDDEN if place in unseen else f"{data[place]:02x}" for place in places]
    half = COLUMNS // 2
    octets = f"{' '.join(digits[:half]):<{half * 3 - 1}}  {' '.join(digits[half:]):<{half * 3 - 1}}"
    return f"{start:04x}  {octets}  {''.join(_letter(data[p], p in unseen) for p in places)}"


def _letter(octet: int, is_unseen: bool) -> str:
    return "·" if is_unseen or not 0x20 <= octet < 0x7F else chr(octet)
