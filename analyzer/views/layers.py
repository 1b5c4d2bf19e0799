"""A message taken apart for whoever shows its fields: its layers, what a field says, and which octets hold keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from analyzer.keys.unlock import KEY_DATA
from analyzer.report import CaseReport
from analyzer.views.hiding import HIDDEN, Hider
from analyzer.views.legs import Place
from dissectors import Field, Message
from dissectors.cursor import Value

MAX_VALUE = 400  # characters of a value
Span = tuple[int, int]  # first octet, and the one after the last
_FITS = {"digest": "digest verified with", "srtp": "authentic under", "srtcp": "authentic under", "dcf": "opened with"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A message, or one inside it, with octets of its own to look at."""

    title: str
    message: Message = field(repr=False)
    headers: tuple[Field, ...] | None = field(default=None, repr=False)  # of a frame, in place of the message's fields
    begin: int = 0  # of what these headers carry
    fields: tuple[Field, ...] | None = field(
        default=None, repr=False
    )  # of a message that more is known of than its own

    @property
    def data(self) -> bytes:
        return self.message.payload.data


def layers(whole: Message) -> tuple[Layer, ...]:
    """Return a message and all that is inside it, the plaintext of what was opened included."""
    return tuple(Layer(_title(part, whole), part) for part in whole.walk())


def _title(part: Message, whole: Message) -> str:
    if part.protocol == KEY_DATA:
        return "KEMAC decrypted"
    return f"{part.protocol.upper()}{' decoded' if part is not whole and part.offset < 0 else ''}"


def hidden(fields: Iterable[Field], hider: Hider) -> tuple[Span, ...]:
    """Return the octets of a layer that must stay unseen."""
    return tuple((leaf.start, leaf.end) for leaf in _leaves(fields) if hider.hides(leaf))


def _leaves(fields: Iterable[Field]) -> Iterator[Field]:
    for each in fields:
        if each.children:
            yield from _leaves(each.children)
        else:
            yield each


def worded(each: Field, hider: Hider) -> tuple[str, bool]:
    """Return what a field says, nothing where its children say it, and whether it says only that it holds a key."""
    is_group = bool(each.children) and isinstance(each.value, bytes)  # its octets are those of its children
    if not is_group and hider.hides(each):
        return HIDDEN, True
    return each.text or ("" if is_group else written(each.value)), False


def written(value: Value) -> str:
    """Return a value as a tree shows it: octets as hex."""
    text = value[: MAX_VALUE // 2 + 1].hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def opened(case: CaseReport) -> dict[Place, tuple[str, ...]]:
    """Return which key opened what is in a frame, or verified it; a stream is told where it begins."""
    found: dict[Place, dict[str, None]] = {}
    for ue in case.ues:
        for each in ue.keys:
            for fit in each.opened:
                known = "".join(f" of {name}" for name in (each.id.get("b_tid"),) if name)
                does = _FITS.get(fit.what, "opened with" if fit.what in ("msk", "mtk") else "verified with")
                told = f"{does} {each.kind} {each.fingerprint}{known}, {each.origin}"
                found.setdefault((fit.capture, fit.frame), {})[told] = None
    return {place: tuple(told) for place, told in found.items()}
