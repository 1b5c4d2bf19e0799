"""The MSKs that a UE holds (TS 33.246 6.5.3): two of a key group, until something ends them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from analyzer.correlate import bodies
from analyzer.keys.chain import Opened
from analyzer.keys.key import Key
from dissectors import Message

MAX_OF_A_GROUP = 2  # MSKs of one key group that a UE keeps
SERIAL_BITS = 32  # of the counter, which is compared as RFC 1982 says

HELD, INVALIDATED, DROPPED = "held", "invalidated", "dropped"


@dataclass(frozen=True, slots=True)
class Held:
    """An MSK as the message left it that came last: its key has RAND and window.

    `state` is held, invalidated (SEQl above SEQu) or dropped (two newer ones of its key group); `ended` is the
    message that ended it.
    """

    key: Key
    message: Message
    state: str = HELD
    ended: Message | None = None


def replay(opened: Iterable[Opened]) -> tuple[Held, ...]:
    """Return the MSKs that opened MSK messages of one UE leave there, in the order in which they first came.

    A message whose counter is not above that of the last under its MUK is a replay, and changes nothing.
    """
    store: dict[tuple[bytes | None, bytes | None], Held] = {}
    counters: dict[bytes, int] = {}
    for opening in opened:
        body = bodies.mikey(opening.message)
        if body is None or body.t is None:
            continue
        last = counters.get(opening.key.value)
        if last is not None and not _later(body.t.value, last):
            continue
        counters[opening.key.value] = body.t.value
        for key in opening.keys:
            store.pop((key.key_domain, key.msk_id), None)
            store[key.key_domain, key.msk_id] = _taken(key, opening.message)
            _make_room(store, key, opening.message)
    return tuple(store.values())


def _taken(key: Key, message: Message) -> Held:
    turned = key.valid_from is not None and key.valid_to is not None and key.valid_from > key.valid_to
    return Held(key, message, INVALIDATED, message) if turned else Held(key, message)


def _make_room(store: dict[tuple[bytes | None, bytes | None], Held], new: Key, message: Message) -> None:
    """Drop the oldest of a key group where a third has come; the one that came first was under the older MUK or T."""
    group = [
        name
        for name, held in store.items()
        if held.state == HELD and name[0] == new.key_domain and (name[1] or b"")[:2] == (new.msk_id or b"")[:2]
    ]
    for name in group[:-MAX_OF_A_GROUP]:
        store[name] = replace(store[name], state=DROPPED, ended=message)


def _later(counter: int, than: int) -> bool:
    return 0 < (counter - than) % (1 << SERIAL_BITS) < 1 << (SERIAL_BITS - 1)
