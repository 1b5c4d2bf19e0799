"""How a value of a field compares with what a filter says: numbers, octets, addresses, times and text."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from analyzer.patterns import Pattern, PatternError
from dissectors.cursor import Value

SECOND = 10**9
OCTETS = re.compile(r"[0-9a-fA-F]{2}(?:[:-]?[0-9a-fA-F]{2})*")
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip
FRACTION = re.compile(r"(?<=:\d\d)\.(\d{1,9})")
WRITTEN_TIME = "%b %d, %Y %H:%M:%S"  # as Wireshark shows it
FROM_TO, FROM_LENGTH, ONE = re.compile(r"(-?\d+)-(-?\d+)"), re.compile(r"(-?\d+)?:(\d+)?"), re.compile(r"-?\d+")

Match = Callable[[Value], bool]


class FilterError(ValueError):
    """A filter that cannot be read: why, and at which character."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at character {position + 1}")
        self.reason = reason
        self.position = position


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written in a filter, and where; `quoted` says that it is text whatever it looks like."""

    text: str
    position: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of some octets: from `begin` on, which counts from the end where it is negative, up to `end`."""

    begin: int
    end: int | None  # None: all that follow; negative: counted from the end
    length: int | None = None  # in place of `end`

    def of(self, octets: bytes) -> bytes | None:
        """Return the part, shorter where octets run out; None where none of it is there."""
        begin = self.begin + len(octets) if self.begin < 0 else self.begin
        end = len(octets) if self.end is None else self.end
        end = begin + self.length if self.length is not None else end + len(octets) if end < 0 else end
        return octets[begin:end] if 0 <= begin < len(octets) and begin < end else None


def sliced(parts: Iterable[Literal]) -> Callable[[Value], bytes | None]:
    """Return what takes the slices [4], [0:4], [:4], [4:], [0-3] off a value, one after the other; numbers have none.

    Raises FilterError.
    """
    slices = [_slice(part) for part in parts]

    def take(value: Value) -> bytes | None:
        if isinstance(value, int | float):
            return None
        octets = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        taken = [part.of(octets) for part in slices]
        return None if any(part is None for part in taken) else b"".join(filter(None, taken))

    return take


def _slice(part: Literal) -> Slice:
    if found := FROM_TO.fullmatch(part.text):
        last = int(found[2])
        return Slice(int(found[1]), None if last == -1 else last + 1)
    if (found := FROM_LENGTH.fullmatch(part.text)) and part.text != ":":
        return Slice(int(found[1] or 0), None, None if found[2] is None else int(found[2]))
    if ONE.fullmatch(part.text):
        return Slice(int(part.text), None, 1)
    raise FilterError(f"{part.text!r} where a slice such as 0:4, 0-3 or 4 is expected", part.position)


def moment(literal: Literal) -> Literal:
    """Return a time, as ISO 8601 or Wireshark writes it and in UTC where it says no other, as ns since 1970."""
    text = literal.text.strip()
    fraction = FRACTION.search(text)
    whole = text if fraction is None else text[: fraction.start()] + text[fraction.end() :]
    for read in (datetime.fromisoformat, lambda written: datetime.strptime(written, WRITTEN_TIME)):  # noqa: DTZ007
        try:
            time = read(whole)
        except ValueError:
            continue
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
        seconds = (time - datetime.fromtimestamp(0, UTC)) // timedelta(seconds=1)
        return Literal(str(seconds * SECOND + (int(fraction[1].ljust(9, "0")) if fraction else 0)), literal.position)
    raise FilterError(f'{text!r} where a time such as "2026-01-01 00:00:00" is expected', literal.position)


def member(literal: Literal, high: Literal | None = None) -> Match:
    """Return what tells the members of a set: one value, a range such as 1..5, or one up to `high`."""
    if high is None:
        low, dots, end = literal.text.partition("..")
        if literal.quoted or not dots:
            return _equals(literal)
        if not low or not end:
            raise FilterError(f"{literal.text!r} where a range such as 1..5 is expected", literal.position)
        literal, high = Literal(low, literal.position), Literal(end, literal.position + len(low) + 2)
    above, below = _ordered(ORDERS[">="], literal), _ordered(ORDERS["<="], high)
    return lambda value: above(value) and below(value)


def matching(comparing: str, literal: Literal) -> Match:
    """Return what tells the values that compare so with a literal; raises FilterError for a wrong pattern."""
    match comparing:
        case "contains":
            return _contains(literal)
        case "matches":
            return _found(literal)
        case "==" | "!=" | "===" | "!==":
            return _equals(literal)
        case _:
            return _ordered(ORDERS[comparing], literal)


def _equals(literal: Literal) -> Match:
    number, octets, network = _number(literal), _octets(literal), _network(literal.text)

    def matches(value: Value) -> bool:
        match value:
            case int() | float():
                return value == number
            case bytes():
                return value == octets
            case _ if value == literal.text:
                return True
            case _:
                address = None if network is None else _address(value)
                return network is not None and address is not None and address in network

    return matches


def _ordered(order: Callable[[Any, Any], bool], literal: Literal) -> Match:
    """Compare numbers as numbers, addresses as addresses, octets as octets, and all else as text."""
    number, octets, address = _number(literal), _octets(literal), _address(literal.text)

    def matches(value: Value) -> bool:
        match value:
            case int() | float():
                return number is not None and order(value, number)
            case bytes():
                return order(value, octets)
            case _ if number is not None:
                written = _number(Literal(value, 0))
                return written is not None and order(written, number)
            case _ if address is not None:
                other = _address(value)
                return other is not None and other.version == address.version and order(other, address)
            case _:
                return order(value, literal.text)

    return matches


def _contains(literal: Literal) -> Match:
    octets = _octets(literal)
    return lambda value: octets in value if isinstance(value, bytes) else literal.text in str(value)


def _found(literal: Literal) -> Match:
    try:
        pattern = Pattern(literal.text)
    except PatternError as error:
        begin = literal.position + literal.quoted  # after the quote
        raise FilterError(f"{error.reason} in the pattern", begin + error.position) from error
    return lambda value: pattern.search(value.decode("latin-1") if isinstance(value, bytes) else str(value))


def _number(literal: Literal) -> float | None:
    if literal.quoted:
        return None
    for read in (lambda text: int(text, 0), float):
        try:
            return read(literal.text)
        except ValueError:
            pass
    return None


def _octets(literal: Literal) -> bytes:
    """Return the octets that a literal means: text in quotes as it is, else hex digits, colons or dashes allowed."""
    if not literal.quoted and OCTETS.fullmatch(literal.text):
        return bytes.fromhex(literal.text.replace(":", "").replace("-", ""))
    return literal.text.encode("utf-8", "surrogatepass")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    """Return the addresses that a literal means: one, however it is written, or those of 10.0.0.0/8."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
