"""Progress on stderr: by case and by octets, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from analyzer.commands.output import coloured
from analyzer.views.ink import clean


class Bar:
    """Takes note of what is done; without a terminal it does nothing."""

    def __init__(self, progress: Progress | None, cases: int) -> None:
        self._progress = progress
        if progress is not None:
            self._cases = progress.add_task("cases", total=cases)
            self._octets = progress.add_task("octets", total=None)

    def octets(self, done: int, total: int) -> None:
        """Say how much of the case at hand is read."""
        if self._progress is not None:
            self._progress.update(self._octets, completed=done, total=total)

    def done(self, name: str) -> None:
        """Say that a case is done."""
        if self._progress is not None:
            self._progress.update(self._cases, advance=1, description=clean(name))


@contextmanager
def bar(cases: int) -> Iterator[Bar]:
    """Show progress while the block runs, and leave no trace of it."""
    if not sys.stderr.isatty():
        yield Bar(None, cases)
        return
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, no_color=not coloured(sys.stderr)),
        transient=True,
    )
    with progress:
        yield Bar(progress, cases)
