"""The headers of a message as the ladder shows them below its arrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from analyzer.tui.fields import worded
from analyzer.views.hiding import Hider
from dissectors import Field, Message, tree
from dissectors.http import Http
from dissectors.sip import Sip

MAX_HEADERS = 30  # of one message


def headers(message: Message, hider: Hider) -> tuple[str, ...]:
    """Return the start line and headers of SIP and HTTP, the fields of anything else; what holds a key is hidden."""
    lines = _lines(message, hider)
    return tuple(islice((line for line in lines if line), MAX_HEADERS))


def _lines(message: Message, hider: Hider) -> Iterator[str]:
    match message.body:
        case Sip() | Http() as body:
            yield hider.told(_start_line(body))
            for header in body.headers:
                yield f"{header.name}: {hider.told(header.value)}"
        case _:
            for outermost in tree(message):
                yield from _fields(outermost, hider)


def _start_line(body: Sip | Http) -> str:
    if body.is_request:
        return f"{body.method or '?'} {body.uri or ''} {body.version}"
    return f"{body.version} {body.status} {body.reason}"


def _fields(outermost: Field, hider: Hider) -> Iterator[str]:
    """Yield a field, or where it is a group what it is made of."""
    for each in outermost.children or (outermost,):
        text, _ = worded(each, hider)
        if text and not each.is_syntax:
            yield f"{each.name}: {text}"
