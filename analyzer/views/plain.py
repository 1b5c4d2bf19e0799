"""Frozen values as what JSON knows: the keys in the order of their fields."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache

from analyzer.report import Verdict

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


@cache
def _names(kind: type) -> tuple[tuple[str, str], ...]:
    # `from` is a word of Python: the field is `from_`.
    return tuple((field.name.rstrip("_"), field.name) for field in fields(kind))
