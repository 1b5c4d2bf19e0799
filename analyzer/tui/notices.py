"""What is to be told of a case and lies in no pane: warnings, and files beside the captures that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.capture.case import CaseFiles
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell
from analyzer.tui.model import Index
from analyzer.tui.page import Page, Sheet
from analyzer.views.ink import plural

EDGES = 2  # lines of the border
NOTHING = "There is nothing to warn of."


def warnings(found: Index) -> tuple[str, ...]:
    """Return what is wrong with the captures, the keyrings and the waivers of a case, each once."""
    analysis = found.analysis
    problems = (
        problem if len(analysis.captures) == 1 else f"{capture.path}: {problem}"
        for capture in analysis.report.captures
        for problem in capture.problems
    )
    return tuple(dict.fromkeys((*problems, *analysis.keyring.warnings, *analysis.expired)))


def brief(warning: str, case: CaseFiles) -> str:
    """Return a warning for one line: with the files of its case by their names alone."""
    for path in (*case.captures, *case.keyrings):
        warning = warning.replace(path, Path(path).name)
    return warning


def skipped_text(skipped: Sequence[str]) -> str:
    """Return how many files are no captures, "" where there are none."""
    are = "is no capture" if len(skipped) == 1 else "are no captures"
    return f"{plural(len(skipped), 'file')} {are}: ! lists {'it' if len(skipped) == 1 else 'them'}" if skipped else ""


class Notices(Sheet):
    """All of it, on a page over the screen."""

    BINDINGS = [key("escape,q,!", "dismiss", "Close", show=True)]

    def __init__(self, warned: Sequence[str], skipped: Sequence[str]) -> None:
        super().__init__("Warnings (Esc closes)", tuple(_lines(warned, skipped)))

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Cover no more of the screen than the lines take."""
        self.query_one(Page).styles.height = len(self.query_one(Page).lines) + EDGES


def _lines(warned: Sequence[str], skipped: Sequence[str]) -> Iterator[Cell]:
    for warning in warned:
        yield Cell(f"! {warning}", "warn")
    if not warned and not skipped:
        yield Cell(NOTHING)
    if warned and skipped:
        yield Cell("")
    if skipped:
        yield Cell(f"Passed over, as no captures: {plural(len(skipped), 'file')}", "accent")
        for path in skipped:
            yield Cell(f"  {path}", "dim")
