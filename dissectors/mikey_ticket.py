"""The payloads of tickets (RFC 6043 6.10 and appendix A): policy, ticket data and what the initiator adds."""

from __future__ import annotations

from dissectors import mikey_payloads
from dissectors.cursor import Bits, Cursor, Layout
from dissectors.mikey_names import BOOLEANS, PAYLOADS, PRFS, TICKET_FLAGS, TICKETS
from dissectors.mikey_values import Found, Reader

_BASE = (1, 1, 1)  # type, subtype and version of the MIKEY base ticket
_KIND = Layout(("mikey.ticket.type", 2, TICKETS), ("mikey.ticket.subtype", 1), ("mikey.ticket.version", 1))
_PRF_AND_FLAGS = (
    Bits("mikey.ticket.prf_func", 0xFE0000, PRFS),
    *(Bits(f"mikey.ticket.{flag}", 0x010000 >> at, BOOLEANS) for at, flag in enumerate(TICKET_FLAGS)),
    Bits("mikey.ticket.res", 0x00001F),
)


def _policy(cursor: Cursor, found: Found) -> tuple[int, ...]:
    kind = cursor.numbers(_KIND)
    cursor.bits("", 3, _PRF_AND_FLAGS)
    _chain(cursor, found, "mikey.ticket.policy")
    return kind


def _chain(cursor: Cursor, found: Found, name: str) -> None:
    """Read a length, the type of the first payload and payloads; they say nothing of the message around them."""
    size = cursor.u16(f"{name}_len")
    with cursor.window(name, size):
        if size:
            following = cursor.u8("mikey.next_payload", PAYLOADS)
            _read_inside(cursor, found, following)


def _read_inside(cursor: Cursor, found: Found, following: int) -> None:
    inside = Found(found.data_type)
    # a ticket inside a ticket is none of its payloads: nothing here nests
    mikey_payloads.read_chain(cursor, following, inside, mikey_payloads.READERS)
    if inside.kemac is not None:
        found.inside.append(inside.kemac)


def _tp(cursor: Cursor, found: Found) -> None:
    _policy(cursor, found)


def _ticket(cursor: Cursor, found: Found) -> None:
    kind = _policy(cursor, found)
    size = cursor.u16("mikey.ticket.data_len")
    if kind == _BASE and size:
        with cursor.window("mikey.ticket.data", size):
            _base(cursor, found)
    else:
        cursor.octets("mikey.ticket.data", size)
    _chain(cursor, found, "mikey.ticket.initiator")


def _base(cursor: Cursor, found: Found) -> None:
    with cursor.group("mikey.thdr"):
        following = cursor.u8("mikey.next_payload", PAYLOADS)
        cursor.octets("mikey.thdr.data", cursor.u16("mikey.thdr.len"))
    _read_inside(cursor, found, following)


READERS = {16: Reader("mikey.tp", _tp), 17: Reader("mikey.ticket", _ticket)}
