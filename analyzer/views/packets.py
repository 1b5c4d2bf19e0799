"""Messages as a table, and one by one with all their fields as JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.keys.chain import Chain
from analyzer.views.hiding import HIDDEN, Hider
from analyzer.views.plain import Plain, plain
from analyzer.views.tables import Table
from dissectors import Field, Message, tree

SECOND = 10**9
COLUMNS = ("frame", "seconds", "source", "destination", "protocol", "summary")
NUMBERS = frozenset({"frame", "seconds"})


@dataclass(frozen=True, slots=True)
class Line:
    """A message and what it is, in a line for people; `first` is the message that it is another sighting of."""

    message: Message
    summary: str
    first: Message | None = None
    comment: str = ""  # that the capture has to its frames


def with_plaintext(message: Message, chain: Chain) -> Message:
    """Return a message with what was encrypted in it inside, where a key opened it."""
    inner = tuple([with_plaintext(part, chain) for part in message.inner]) if message.inner else ()
    opened = chain.opening(message)
    if opened is not None and opened.plain is not None:
        inner = (*inner, opened.plain)
    return message._replace(inner=inner) if inner else message


def table(lines: Iterable[Line], start: int) -> Table:
    """One row a message; times in seconds since `start`, a time in ns."""
    return Table(COLUMNS, tuple(row(line, start) for line in lines), NUMBERS)


def row(line: Line, start: int) -> tuple[str, ...]:
    """Return the cells of a message."""
    message, payload = line.message, line.message.payload
    protocols = message.protocol
    if message.inner:
        protocols = "/".join(dict.fromkeys(part.protocol for part in message.walk()))
    again = "" if line.first is None else f"[{_frame(line.first)} again] "
    comment = f" [comment: {line.comment}]" if line.comment else ""
    error = f" [malformed: {message.error}]" if message.error else ""
    return (
        _frame(message),
        f"{(message.time - start) / SECOND:.6f}",
        _end(payload.src, payload.sport),
        _end(payload.dst, payload.dport),
        protocols,
        again + line.summary + comment + error,
    )


def _frame(message: Message) -> str:
    at = message.payload
    return f"[{at.capture}] {at.frame}" if at.capture else str(at.frame)


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def plain_message(case: str, line: Line, hider: Hider) -> dict[str, Plain]:
    """Return a message with its field tree; start and end of a field are octets of the message it is in."""
    payload = line.message.payload
    return {
        "case": case,
        "capture": payload.capture,
        "frame": payload.frame,
        "frames": list(payload.frames),
        "time": round(payload.time / SECOND, 9),
        "transport": payload.transport,
        "src": payload.src,
        "sport": payload.sport,
        "dst": payload.dst,
        "dport": payload.dport,
        "interface": payload.leg.interface,
        "tunnels": list(payload.leg.tunnels),
        "hops": payload.leg.hops or None,
        "again": None
        if line.first is None
        else {"capture": line.first.payload.capture, "frame": line.first.payload.frame},
        "comment": hider.told(line.comment) if line.comment else None,
        "summary": hider.told(line.summary),
        **_content(line.message, hider),
    }


def _content(message: Message, hider: Hider) -> dict[str, Plain]:
    error = message.error
    return {
        "protocol": message.protocol,
        "offset": message.offset,
        "error": None
        if error is None
        else {"field": error.field, "offset": error.offset, "reason": hider.told(error.reason)},
        "notes": [hider.told(note) for note in message.notes],
        "fields": [_field(field, hider) for field in tree(message)],
        "inner": [_content(part, hider) for part in message.inner],
    }


def _field(field: Field, hider: Hider) -> dict[str, Plain]:
    hidden = hider.hides(field)
    return {
        "name": field.name,
        # The octets of a group are those of its children; all others are hex.
        "value": None if hidden or (field.children and isinstance(field.value, bytes)) else plain(field.value),
        "text": (HIDDEN if not field.children else "") if hidden else field.text,
        "start": field.start,
        "end": field.end,
        "children": [_field(child, hider) for child in field.children],
    }
