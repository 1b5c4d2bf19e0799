"""Files that a command is asked to write: whether that can be is seen before anything is judged, not hours later."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from analyzer.capture.reader import STDIN, is_capture
from analyzer.codes import USAGE
from analyzer.commands.cases import Failure
from analyzer.views import VIEWS, parquet

RESUME = "--resume"  # what is there is gone on with, and it has its own errors


def outputs_of(texts: Sequence[str], others: Mapping[str, str | None]) -> list[tuple[str, Path]]:
    """Return the form and the path of each FORMAT=FILE; `others` are files that other options write.

    Raises UsageError for what cannot be written or would be written twice, Failure where pyarrow is needed.
    """
    asked = {option: Path(name) for option, name in others.items() if name is not None}
    taken: dict[str, str] = {}
    found = []
    for text in texts:
        form, path = _parted(text)
        found.append((form, path))
        _claim(f"--output {text}", path, taken)
    for option, path in asked.items():
        _claim(f"{option} {path}", path, taken, check=option != RESUME)
    return found


def _parted(text: str) -> tuple[str, Path]:
    form, equals, name = text.partition("=")
    if not equals or not name or form not in (*VIEWS, *parquet.TABLES):
        forms = ", ".join((*VIEWS, *parquet.TABLES))
        raise click.UsageError(f"--output {text}: give FORMAT=FILE, FORMAT one of {forms}")
    if name == STDIN:
        raise click.UsageError(f"--output {text}: stdout has what --format says: name a file")
    if form in parquet.TABLES and not parquet.is_there():
        raise Failure(f"--output {text}: needs pyarrow: pip install '{parquet.EXTRA}'", USAGE)
    return form, Path(name)


def _claim(option: str, path: Path, taken: dict[str, str], check: bool = True) -> None:
    real = os.path.realpath(path)
    if real in taken and (os.path.isfile(real) or not os.path.exists(real)):  # a device takes anything
        raise click.UsageError(f"{option}: {taken[real]} is the same file")
    taken[real] = option
    if check and (reason := _refusal(path)):
        raise click.UsageError(f"{option}: {path} cannot be written: {reason}")


def _refusal(path: Path) -> str:
    """Say why a file cannot be written, as far as that can be known before it is; "" where it can."""
    if os.path.isdir(path):
        return "it is a folder"
    if not os.path.isdir(path.parent):
        return "there is no such folder"
    if is_capture(str(path)):
        return "it is a capture"
    return "" if os.access(path if os.path.exists(path) else path.parent, os.W_OK) else "permission denied"
