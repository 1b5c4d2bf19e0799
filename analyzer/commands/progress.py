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

    def __init__(self, progress: Progress | None, cases: int, octets: int = 0) -> None:
        self._progress = progress
        self._done, self._count = 0, cases
        self._whole, self._behind = octets, 0  # octets of all cases, and of those that are done
        self._parts: dict[int, int] = {}  # octets of those under way
        if progress is not None:
            self._cases = progress.add_task("cases", total=cases, visible=cases > 1, told=f"0 of {cases}")
            self._octets = progress.add_task("reading", total=None, told="")

    @property
    def shown(self) -> bool:
        return self._progress is not None

    def octets(self, done: int, total: int) -> None:
        """Say how much of the case at hand is read."""
        if self._progress is not None:
            told = f"{done / MEGA:.1f} of {total / MEGA:.1f} MB"
            self._progress.update(self._octets, completed=done, total=total, told=told)

    def part(self, number: int, done: int, total: int) -> None:
        """Say how much of one case of many is read."""
        self._parts[number] = done
        self.octets(self._behind + sum(list(self._parts.values())), self._whole or total)

    def already(self, count: int) -> None:
        """Say that so many cases were done before."""
        self._done = count
        if self._progress is not None:
            self._progress.update(self._cases, completed=count)

    def done(self, name: str, number: int = 0, octets: int = 0) -> None:
        """Say that a case is done, which had so many octets."""
        self._done += 1
        self._behind += octets
        self._parts.pop(number, None)
        if self._progress is not None:
            told = f"{self._done} of {self._count}, {clean(name)}"
            self._progress.update(self._cases, advance=1, told=told)
            if octets:
                self.octets(self._behind + sum(list(self._parts.values())), self._whole)


@contextmanager
def bar(cases: int, octets: int = 0) -> Iterator[Bar]:
    """Show progress while the block runs, and leave no trace of it; `octets` are those of all cases, where known."""
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
        yield Bar(progress, cases, octets)
