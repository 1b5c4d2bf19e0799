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
from analyzer.tui import loading
from analyzer.tui.app import Keyshark
from analyzer.tui.model import Index, index
from analyzer.tui.rows import Rows
from analyzer.tui.screen import CaseScreen

ROOT = Path(__file__).parents[3]
PATIENCE = 200  # times a tenth of a second


@cache
def _analysed(case: CaseFiles, options: Options) -> Analysis:
    analysis = analyse(case, options)
    # In a fresh checkout others can read the keyrings: that is warned of, and is no part of the pictures.
    return replace(analysis, keyring=replace(analysis.keyring, warnings=()))


@cache
def _found(name: str) -> Index:
    (case,) = find_cases([f"sample_pcaps/{name}"])
    return index(_analysed(case, Options()))


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


@pytest.fixture
def opened(app: Callable[..., Keyshark], until: Callable[..., object]) -> Callable[..., object]:
    """Open a sample and give the pilot when its first screen is there."""

    @asynccontextmanager
    async def run(name: str, size: tuple[int, int] = (80, 24), keys: str = "") -> AsyncIterator[Pilot[object]]:
        running = app(name)
        async with running.run_test(size=size) as pilot:
            await until(pilot, lambda: isinstance(running.screen, CaseScreen))
            await pilot.pause()
            await press(pilot, keys)
            yield pilot

    return run


@pytest.fixture(name="press")
def press_keys() -> Callable[..., object]:
    """Press keys, given as one string with spaces between, and wait for what they start."""
    return press


async def press(pilot: Pilot[object], keys: str) -> None:
    for key in keys.split():
        await pilot.press(key)
        await pilot.app.workers.wait_for_complete()
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
