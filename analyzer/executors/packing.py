"""Results as octets, for pipes, files and networks: the note first, so that it can be had without all the rest.

They are pickles, read by a reader that makes values of ours and of Python's own only: a file that somebody else wrote
can say what is false, and run nothing.
"""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from collections.abc import Callable
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any

from analyzer.batch import Note, Outcome
from analyzer.executors import Packed, Result
from analyzer.report import Verdict

LEVEL = 1  # of zlib: half the time of the usual one, for a tenth more octets
HEAD = struct.Struct(">I")
PACKAGES = ("analyzer.", "dissectors.")
HARMLESS = {("builtins", "frozenset"), ("builtins", "set"), ("datetime", "date"), ("datetime", "datetime")}

# Python 3.11.2, which Debian 12 has, would write getattr(Verdict, name), and the reader knows no getattr
VALUES: dict[type, Callable[[Any], tuple[Any, ...]]] = {Verdict: lambda verdict: (Verdict, (verdict.value,))}


class PackedError(Exception):
    """Octets that are no result of ours."""


def packed(result: Result) -> bytes:
    """Return a result as octets."""
    note, rest = _written(result.note), _written((result.shown, result.outcome))
    return HEAD.pack(len(note)) + note + zlib.compress(rest, LEVEL)


def note_of(result: Packed) -> Note:
    """Return the note of a result; raises PackedError."""
    if isinstance(result, Result):
        return result.note
    (length,) = _head(result)
    note = _read(result[HEAD.size : HEAD.size + length])
    if not isinstance(note, Note):
        raise PackedError("no note")
    return note


def unpacked(result: Packed) -> Result:
    """Return the result that octets are; raises PackedError."""
    if isinstance(result, Result):
        return result
    (length,) = _head(result)
    try:
        rest = zlib.decompress(result[HEAD.size + length :])
    except zlib.error as error:
        raise PackedError(str(error)) from None
    match _read(rest):
        case tuple() as shown, Outcome() | None as outcome:
            return Result(note_of(result), shown, outcome)
        case _:
            raise PackedError("no result")


def _head(data: bytes) -> tuple[int]:
    if len(data) < HEAD.size:
        raise PackedError("too short")
    length: tuple[int] = HEAD.unpack_from(data)
    return length


def _written(value: object) -> bytes:
    octets = io.BytesIO()
    writer = pickle.Pickler(octets, pickle.HIGHEST_PROTOCOL)
    writer.dispatch_table = VALUES
    writer.dump(value)
    return octets.getvalue()


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if (module, name) in HARMLESS else _ours(module, name)


@cache
def _ours(module: str, name: str) -> type:
    if module.startswith(PACKAGES) and name.isidentifier():
        found = getattr(import_module(module), name, None)
        if isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum | tuple)):
            return found
    raise PackedError(f"{module}.{name} has no place in a result")


def _read(data: bytes) -> Any:
    try:
        return _Reader(io.BytesIO(data)).load()
    except PackedError:
        raise
    except Exception as error:  # noqa: BLE001  # octets that lie raise whatever they hit first
        raise PackedError(f"{type(error).__name__}: {error}") from None
