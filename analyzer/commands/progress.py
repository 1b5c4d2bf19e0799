"""Progress on stderr: by case and by octets, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyzer.commands.output import coloured
from analyzer.views.ink import clean

if TYPE_CHECKING:
    from rich.progress import Progress

MEGA = 10**6


class Bar:
    """Takes note of what is done; without a terminal it does nothing."""

    def __init__(self, progress: Progress | None, cases: int) -> None:
        self._progress = progress
        self._done, self._count = 0, cases
        if progress is not None:
            self._cases = progress.add_task("cases", total=cases, visible=cases > 1, told=f"0 of {cases}")
            self._octets = progress.add_task("reading", total=None, told="")

    def octets(self, done: int, total: int) -> None:
        """Say how much of the case at hand is read."""
        if self._progress is not None:
            told = f"{done / MEGA:.1f} of {total / MEGA:.1f} MB"
            self._progress.update(self._octets, completed=done, total=total, told=told)

    def done(self, name: str) -> None:
        """Say that a case is done."""
        self._done += 1
        if self._progress is not None:
            told = f"{self._done} of {self._count}, {clean(name)}"
            self._progress.update(self._cases, advance=1, told=told)


@contextmanager
def bar(cases: int) -> Iterator[Bar]:
    """Show progress while the block runs, and leave no trace of it."""
    if not sys.stderr.isatty():
        yield Bar(None, cases)
        return
    from rich.console import Console  # noqa: PLC0415  # only where somebody looks on
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[told]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True, no_color=not coloured(sys.stderr)),
        transient=True,
    )
    with progress:
        yield Bar(progress, cases)
