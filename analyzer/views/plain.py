"""Frozen values as what JSON knows: the keys in the order of their fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from json.encoder import encode_basestring_ascii as quoted

from analyzer.report import Verdict

STEP = "  "
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


def plain(value: object) -> Plain:
    """Turn report values, and tuples and dicts of them, into JSON values; octets become hex."""
    match value:
        case Verdict():
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.hex()
        case dict():
            return {str(name): plain(item) for name, item in value.items()}
        case tuple() if (names := getattr(value, "_fields", None)) is not None:
            # `from` is a word of Python: the field is `from_`.
            return {name.rstrip("_"): plain(item) for name, item in zip(names, value, strict=True)}
        case tuple() | list():
            return [plain(item) for item in value]
        case _ if is_dataclass(value):
            return {name: plain(getattr(value, attribute)) for name, attribute in _names(value.__class__)}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a report")


def indented(value: object, line: str = "\n") -> str:
    """Return what `json.dumps(plain(value), indent=2)` does, in a third of the time; `line` begins all lines but one.

    The encoder of the standard library is written in C only where it does not indent.
    """
    match value:
        case Verdict():
            return quoted(str(value))
        case str():
            return quoted(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return int.__repr__(value)
        case float() if math.isfinite(value):
            return float.__repr__(value)
        case bytes():
            return quoted(value.hex())
        case dict():
            within = [f"{quoted(str(name))}: {indented(item, line + STEP)}" for name, item in value.items()]
            return _within("{}", line, within)
        case tuple() if heads := _heads(value.__class__):
            within = [head + indented(item, line + STEP) for head, item in zip(heads, value, strict=True)]
            return _within("{}", line, within)
        case tuple() | list():
            return _within("[]", line, [indented(item, line + STEP) for item in value])
        case _ if is_dataclass(value):
            named = _names(value.__class__)
            return _within("{}", line, [f'"{name}": {indented(getattr(value, of), line + STEP)}' for name, of in named])
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a report")


def _within(brackets: str, line: str, items: Sequence[str]) -> str:
    if not items:
        return brackets
    inner = line + STEP
    return f"{brackets[0]}{inner}{f',{inner}'.join(items)}{line}{brackets[1]}"


@cache
def _heads(kind: type) -> tuple[str, ...]:
    return tuple(f'"{name.rstrip("_")}": ' for name in getattr(kind, "_fields", ()))


@cache
def _names(kind: type) -> tuple[tuple[str, str], ...]:
    # `from` is a word of Python: the field is `from_`.
    return tuple((field.name.rstrip("_"), field.name) for field in fields(kind))
