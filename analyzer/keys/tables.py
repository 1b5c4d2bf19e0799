"""TOML tables read strictly: every key known, every value parsed, every complaint with its place and no value."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


class KeyringError(Exception):
    """What is wrong with a keyring and where; never the value itself."""

    def __init__(self, file: str, table: str, key: str, reason: str) -> None:
        where = ": ".join(part for part in (file, " ".join(filter(None, (table, key)))) if part)
        super().__init__(f"{where}: {reason}")
        self.file = file
        self.table = table
        self.key = key
        self.reason = reason


class WrongValueError(Exception):
    """Why a value does not do; carries no octet of it."""


Parser = Callable[[Any], Any]


def text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise WrongValueError("must be a string that is not empty")
    return value


def texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise WrongValueError("must be a list of strings")
    return tuple(text(item) for item in value)


def one_of(*names: str) -> Parser:
    def parse(value: Any) -> str:
        if value not in names:
            raise WrongValueError(f"must be one of {', '.join(names)}")
        return str(value)

    return parse


def octets(*lengths: int) -> Parser:
    """Hex of any case, 0x before it, spaces, colons and dashes allowed; no lengths stands for any."""

    def parse(value: Any) -> bytes:
        if not isinstance(value, str):
            raise WrongValueError('must be a hex string in quotes: "00 01 …"')
        digits = re.sub(r"^0[xX]|[\s:-]", "", value.strip())
        if not re.fullmatch(r"[0-9A-Fa-f]*", digits):
            raise WrongValueError("holds what is not a hex digit")
        if len(digits) % 2:
            raise WrongValueError(f"has {len(digits)} hex digits, an odd number")
        found = bytes.fromhex(digits)
        if lengths and len(found) not in lengths:
            raise WrongValueError(f"has {len(found)} octets, must have {either(lengths)}")
        return found

    return parse


def either(lengths: Sequence[int]) -> str:
    numbers = sorted(lengths)
    if len(numbers) <= 4:
        return " or ".join(str(length) for length in numbers)
    row = next((n for n, number in enumerate(numbers) if number != numbers[0] + n), len(numbers))
    return " or ".join([f"{numbers[0]} to {numbers[row - 1]}", *(str(length) for length in numbers[row:])])


def time(value: Any) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise WrongValueError("must be a date and time with its offset: 2026-01-01T00:00:00Z, without quotes")
    return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def address(value: Any) -> str:
    try:
        return str(ipaddress.ip_address(text(value).partition("%")[0]))  # no packet has a zone (RFC 4007 11)
    except ValueError:
        pass
    raise WrongValueError("must be an IP address")


def count(low: int, high: int) -> Parser:
    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise WrongValueError(f"must be a number from {low} to {high}, without quotes")
        return value

    return parse


def spi(value: Any) -> int:
    number = int(value, 16) if isinstance(value, str) and re.fullmatch(r"0[xX][0-9A-Fa-f]{1,8}", value) else value
    if isinstance(number, str):
        number = int.from_bytes(octets(4)(number), "big")
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= 0xFFFFFFFF:
        return number
    raise WrongValueError("must be an SPI: 8 hex digits in quotes, or an integer of 32 bits, and not 0")


@dataclass(frozen=True, slots=True)
class Table:
    """What a table may hold: its keys with their parsers, what must be there, and what goes how together."""

    keys: Mapping[str, Parser]
    required: tuple[str, ...] = ()
    together: tuple[tuple[str, str], ...] = ()  # both or neither
    apart: tuple[tuple[str, str], ...] = ()  # not both


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the reading is, so that every complaint can say so."""

    file: str
    table: str = ""

    def wrong(self, key: str, reason: str) -> KeyringError:
        return KeyringError(self.file, self.table, key, reason)

    def tables(self, raw: Mapping[str, Any], name: str, full: str = "") -> Iterable[tuple[Reader, dict[str, Any]]]:
        """Yield the tables of the array `name`, each with its reader."""
        array = raw.get(name, [])
        shown = f"[[{full or name}]]"
        if not isinstance(array, list) or not all(isinstance(item, dict) for item in array):
            raise self.wrong(name, f"must be tables: {shown}")
        for number, item in enumerate(array, 1):
            yield Reader(self.file, f"{self.table} {shown} {number}".strip()), item

    def table_of(self, raw: Mapping[str, Any], name: str) -> tuple[Reader, dict[str, Any]]:
        item = raw.get(name, {})
        if not isinstance(item, dict):
            raise self.wrong(name, f"must be a table: [{name}]")
        return Reader(self.file, f"[{name}]"), item

    def known(self, raw: Mapping[str, Any], names: Iterable[str]) -> None:
        """Refuse keys that nobody reads: a typing error would be silence otherwise."""
        names = list(names)
        for key in raw:
            if key not in names:
                close = difflib.get_close_matches(key, names, 1)
                raise self.wrong(key, f"unknown key{f', did you mean {close[0]}?' if close else ''}")

    def values(self, raw: Mapping[str, Any], table: Table, inner: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the parsed values of a table, without its inner tables."""
        self.known(raw, (*table.keys, *inner))
        values = {key: self.value(key, parse, raw[key]) for key, parse in table.keys.items() if key in raw}
        for key in table.required:
            if key not in values:
                raise self.wrong(key, "is missing")
        for one, other in table.together:
            if (one in values) != (other in values):
                raise self.wrong(one if one in values else other, f"needs {other if one in values else one} too")
        for one, other in table.apart:
            if one in values and other in values:
                raise self.wrong(other, f"cannot be given with {one}")
        return values

    def value(self, key: str, parse: Parser, raw: Any) -> Any:
        try:
            return parse(raw)
        except WrongValueError as wrong:
            reason = str(wrong)
        raise self.wrong(key, reason)

    def once(self, seen: set[tuple[object, ...]], key: str, *identity: object) -> None:
        if identity in seen:
            raise self.wrong(key, "is there twice")
        seen.add(identity)
