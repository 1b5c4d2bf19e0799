"""Samples opened in the UI, with the analysis of each made once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from analyzer.analysis import Analysis, Options, analyse
from analyzer.capture.case import CaseFiles, find_cases
from analyzer.tui import guard, loading
from analyzer.tui.app import Keyshark
from analyzer.tui.filterbox import FilterInput
from analyzer.tui.model import Index, index
from analyzer.tui.rows import Rows
from analyzer.tui.screen import CaseScreen

ROOT = Path(__file__).parents[3]
PATIENCE = 200  # times a tenth of a second


_ANALYSED: dict[tuple[CaseFiles, str], Analysis] = {}


def _analysed(case: CaseFiles, options: Options) -> Analysis:
    known = (case, repr(options))
    if known not in _ANALYSED:
        analysis = analyse(case, options)
        # In a fresh checkout others can read the keyrings: that is warned of, and is no part of the pictures.
        _ANALYSED[known] = replace(analysis, keyring=replace(analysis.keyring, warnings=()))
    return _ANALYSED[known]


@cache
def _found(name: str) -> Index:
    (case,) = find_cases([f"sample_pcaps/{name}"])
    return index(_analysed(case, Options()))


@pytest.fixture(autouse=True)
def nothing_is_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours in a pane fails the test, and is not shown in that pane."""
    monkeypatch.setattr(guard, "CONTAINS", False)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths on the screens are relative, so that they read alike on every machine."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(loading, "analyse", lambda case, options, progress: _analysed(case, options))


@pytest.fixture
def found() -> Callable[[str], Index]:
    """Return the index of a sample."""
    return _found


@pytest.fixture
def app() -> Callable[..., Keyshark]:
    """Return the UI over samples."""

    def make(*names: str, options: Options = Options()) -> Keyshark:  # noqa: B008
        return Keyshark(find_cases([f"sample_pcaps/{name}" for name in names]), options, "0.1.0")

    return make


@pytest.fixture
def until() -> Callable[..., object]:
    """Wait until something is so."""

    async def wait(pilot: Pilot[object], true: Callable[[], bool]) -> None:
        for _ in range(PATIENCE):
            if true():
                return
            await pilot.pause(0.1)
        raise AssertionError("it did not come true")

    return wait


class Ready(Keyshark):
    """The UI over one case that was analysed before, where it is not the loading that is tested."""

    def __init__(self, found: Index) -> None:
        super().__init__([found.analysis.case], Options(), "0.1.0")
        self.found = found

    def open(self, case: int) -> None:
        self._loaded(case, self.found)


@pytest.fixture
def ready() -> Callable[[Index], Keyshark]:
    """Return the UI over a case that is shown at once."""
    return Ready


@pytest.fixture
def opened() -> Callable[..., object]:
    """Show a sample on its screen and give the pilot."""

    @asynccontextmanager
    async def run(name: str, size: tuple[int, int] = (80, 24), keys: str = "") -> AsyncIterator[Pilot[object]]:
        running = Ready(_found(name))
        async with running.run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(running.screen, CaseScreen)
            await press(pilot, keys)
            yield pilot

    return run


@pytest.fixture
def paned(alone: Callable[..., App[None]]) -> Callable[..., object]:
    """Show one kind of pane of a sample, with none of the others; give the pane and the pilot."""

    @asynccontextmanager
    async def run(kind: Callable[[Index], Widget], name: str = "http_good", keys: str = "") -> AsyncIterator[object]:
        pane = kind(_found(name))
        async with alone(pane).run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            pane.query(Rows).first().focus()
            await press(pilot, keys)
            yield pane, pilot

    return run


@pytest.fixture
def sift() -> Callable[..., object]:
    """Apply a filter in a pane, as if it were typed."""

    async def apply(pane: Widget, pilot: Pilot[object], text: str) -> None:
        line = pane.query_one(FilterInput)
        line.focus()
        line.value = text
        await press(pilot, "enter")

    return apply


@pytest.fixture(name="press")
def press_keys() -> Callable[..., object]:
    """Press keys, given as one string with spaces between, and wait for what they start."""
    return press


async def press(pilot: Pilot[object], keys: str) -> None:
    for key in keys.split():
        await pilot.press(key)
        if len(pilot.app.workers):
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
    await pilot.pause()


@pytest.fixture
def lines() -> Callable[[Rows], list[str]]:
    """Return what the lines of a list say."""
    return lambda rows: [rows.text(row).strip() for row in range(rows.count)]


@pytest.fixture
def alone() -> Callable[..., App[None]]:
    """Return an app that holds one widget, in focus."""

    class Alone(App[None]):
        def __init__(self, widget: Widget) -> None:
            super().__init__()
            self.held = widget

        def compose(self) -> ComposeResult:
            yield self.held

        def on_mount(self) -> None:
            self.held.focus()

    return Alone
