"""The terminal UI: it opens cases and wires the screens together."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from rich.text import Text
from textual import constants, events, on
from textual.actions import ActionParseResult
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.geometry import Size
from textual.widget import Widget
from textual.worker import WorkerFailed

from analyzer.analysis import Options
from analyzer.batch import Fault
from analyzer.capture.case import CaseFiles
from analyzer.config import Config
from analyzer.keys.keyring import Keyring
from analyzer.reading import NO_KEYS
from analyzer.tui import guard
from analyzer.tui.bindings import key, named
from analyzer.tui.cells import printable
from analyzer.tui.chart import Chart
from analyzer.tui.chooser import Chooser, Known
from analyzer.tui.columns import ColumnsDialog
from analyzer.tui.filterbox import FilterInput
from analyzer.tui.filtersdialog import FiltersDialog
from analyzer.tui.follower import Follower, Grown
from analyzer.tui.frames import FrameTable
from analyzer.tui.guard import Broken, Failed
from analyzer.tui.help import Help
from analyzer.tui.hexdump import Hexdump
from analyzer.tui.inspector import Inspector
from analyzer.tui.keysdialog import TRY, KeysDialog, with_typed
from analyzer.tui.ladder import Ladder
from analyzer.tui.loading import Loading
from analyzer.tui.model import Index
from analyzer.tui.opendialog import TAKE, OpenDialog, Opened
from analyzer.tui.outline import Outline
from analyzer.tui.packets import Packets
from analyzer.tui.palette import Commands
from analyzer.tui.panes import PANES, PaneScreen
from analyzer.tui.roll import Roll
from analyzer.tui.rows import Rows
from analyzer.tui.screen import CaseScreen
from analyzer.tui.search import Search
from analyzer.tui.small import Small
from analyzer.tui.state import Memory
from analyzer.tui.statistics import StatisticsScreen
from analyzer.tui.table import Table
from analyzer.tui.themes import HIGH_CONTRAST, SIXTEEN_DARK
from analyzer.tui.ue import Ue

NO_WISHES, NO_MEMORY = Config(), Memory(None)
SIGNALLED = 128  # and the number of the signal: how a shell tells who was ended by one


class Keyshark(App[Fault]):
    """Shows one case, or a list of cases to choose from; gives the fault of a single case that cannot be read."""

    TITLE = "keyshark"
    COMMANDS = {Commands}
    BINDINGS = [
        key("?,f1", "help", "Help", show=True),
        key("q", "quit", "Quit", show=True),
        key("T", "change_theme", "Theme"),
        key("o", "open_other", "Open another or add"),
        key("ctrl+z", "suspend_process", "Suspend"),
    ]

    def __init__(
        self, cases: Sequence[CaseFiles], options: Options, version: str, config: Config = NO_WISHES,
        memory: Memory = NO_MEMORY, follow: bool = False, skipped: Sequence[str] = (),
    ) -> None:  # fmt: skip
        super().__init__()
        vars(constants)["LOG_FILE"] = None  # as for _log, what TEXTUAL_LOG asks for
        self.cases = tuple(cases)
        self.skipped = tuple(skipped)  # files beside the captures, which are none
        self.options = options
        self.version = version
        self.config = config
        self.memory = memory
        self.typed: dict[int, Keyring] = {}  # keys that were typed in, by case
        self.follower = Follower(0, self.cases[0], options, self.post_message) if follow else None
        self.roll: Roll | None = None  # of the case that is being read
        self.register_theme(HIGH_CONTRAST)
        self.register_theme(SIXTEEN_DARK)
        self.set_keymap(dict(config.keys))
        theme = memory.theme or config.theme
        if theme in self.available_themes:
            self.theme = theme

    @property
    def is_choosing(self) -> bool:
        """Whether there is a list of cases, or another case, to go back to."""
        return any(isinstance(screen, Chooser | CaseScreen) for screen in self.screen_stack)

    def on_mount(self) -> None:
        if not self.is_headless and sys.platform != "win32":
            self._listen()
        self.screen_change_signal.subscribe(self, lambda screen: self.call_after_refresh(self._fit, self.size))
        self.theme_changed_signal.subscribe(self, lambda theme: self.memory.keep_theme(theme.name))
        if len(self.cases) > 1:
            self.push_screen(Chooser(self.cases, self.options, self.skipped))
        else:
            self.open(0)

    @on(Chooser.Opened)
    def _opened(self, event: Chooser.Opened) -> None:
        self.open(event.case)

    def open(self, case: int) -> None:
        """Analyse a case and show it."""
        if self.follower is not None:
            self.push_screen(Loading(self.cases[case], self.options), partial(self._loaded, case))
            self.follower.begin()
            return
        self.roll = Roll(self.cases[case].captures)
        self.push_screen(Loading(self.cases[case], self.options_of(case), self.roll), partial(self._loaded, case))

    def options_of(self, case: int) -> Options:
        """Return the options of a case, with the keys that were typed in for it."""
        return with_typed(self.options, self.typed.get(case, NO_KEYS))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Say whether an action can be done now: from what grows nobody goes elsewhere."""
        if action == "open_other":
            return isinstance(self.screen, Chooser | CaseScreen) and self.follower is None
        return True

    def action_open_other(self) -> None:
        """Ask for a capture, and open it or add it to the case that is shown."""
        case, typed = None, NO_KEYS
        if isinstance(self.screen, CaseScreen):
            case, typed = self.screen.found.analysis.case, self.screen.options.typed
        self.push_screen(OpenDialog(case, with_typed(self.options, typed)), self._opened_other)

    def _opened_other(self, opened: Opened | None) -> None:
        """Show another case over the one that was shown: Esc goes back to that."""
        if opened is None:
            return
        number = len(self.cases)
        self.cases = (*self.cases, opened.case)
        self.typed[number] = opened.typed
        self.roll = opened.roll
        self._loaded(number, opened.found)

    def _loaded(self, case: int, found: Index | Fault | None) -> None:
        roll, self.roll = self.roll, None
        if roll is not None and (not isinstance(found, Index) or found.analysis.offsets):  # other times than it has
            roll.close()
            roll = None
        match found:
            case Index():
                self._learn(case, Known(found.analysis.report))
                options = self.options_of(case)
                skipped = () if self.is_choosing else self.skipped
                screen = CaseScreen(
                    found, self.version, self.is_choosing, self.config, self.memory, options, roll, skipped
                )
                self.push_screen(screen, partial(self._left_case, case, screen))
            case Fault() if self.is_choosing:
                self.notify(found.text, title="Not opened", severity="error", markup=False)
            case _ if not self.is_choosing:
                self.exit(found)

    @on(Grown)
    def _grown(self, event: Grown) -> None:
        """Show what a capture that grows comes to so far."""
        shown = next((screen for screen in self.screen_stack if isinstance(screen, CaseScreen)), None)
        if isinstance(self.screen, Loading):
            self.screen.dismiss(event.found)
        elif shown is not None and isinstance(event.found, Index):
            shown.grow(event.found)
        if isinstance(event.found, Fault):
            self.notify(event.found.text, title="Not followed", severity="error", timeout=10, markup=False)
        elif event.over:
            self.notify(event.over, title="The capture has ended", timeout=5, markup=False)

    def _learn(self, case: int, known: Known) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Chooser):
                screen.learn(case, known)

    def _left_case(self, case: int, screen: CaseScreen, wish: str | None) -> None:
        self.typed[case] = screen.options.typed
        if wish == "reload":
            self.open(case)
        elif self.follower is not None:
            self.follower.stop()

    # What goes wrong

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        """Say in a pane that it failed, once, and keep what is needed to mend it."""
        error, screen = event.error, self.screen
        pane = next((each for each in event.where.ancestors_with_self if each.id in PANES), None)
        if pane is None:
            pane = screen.query_one(f"#{screen.pane}") if isinstance(screen, CaseScreen) else screen
        if isinstance(pane, Widget) and pane.is_attached and not pane.query(Broken):
            folder = None if self.memory.path is None else self.memory.path.parent
            report = guard.keep(guard.trace(error, self.version), folder)
            pane.mount(Broken(printable(guard.words(error, report)), markup=False), before=0)

    async def on_event(self, event: events.Event) -> None:
        """Do what a key of a list asks for before the next key is looked at.

        Textual lets a key rise from the list first, and gives the list the keys that follow meanwhile: of `:88` only
        the colon would arrive, and the letters of a filter would be commands.
        """
        if isinstance(event, events.Key) and not event.is_forwarded and isinstance(self.focused, Rows):
            is_left = event.key == "escape" and self.screen.maximized is not None
            if not is_left and await self._check_bindings(event.key, priority=True):
                return
            if not is_left and await self._check_bindings(event.key):
                return
        await super().on_event(event)

    async def run_action(
        self, action: str | ActionParseResult, default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:  # fmt: skip
        """Do what a key asks for; what fails in it fails in the pane that has the focus."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:  # noqa: BLE001  # as in Guarded
            guard.contain(self.focused or self.screen, error)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """Take what fails in a worker as what fails in a pane; anything else ends keyshark."""
        if isinstance(error, WorkerFailed) and guard.CONTAINS and isinstance(error.error, Exception):
            guard.contain(self.screen, error.error)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End with a traceback that shows no values, as textual's would: among them may be keys."""
        error = sys.exception()
        text = "keyshark failed\n" if error is None else guard.trace(error, self.version)
        self._exit_renderables.append(Text(text))
        self._close_messages_no_wait()

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        """Say it where the terminal is too small to show anything; what is there waits below."""
        old = self.screen.query(Small)
        if not Small.is_needed(size):
            old.remove()
        elif old:
            old.first().say(size)
        elif self.screen.is_mounted:
            self.screen.mount(Small(size))

    def _listen(self) -> None:
        """End in order when the terminal goes away or somebody ends keyshark: the terminal is left as it was."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self._end, SIGNALLED + number))

    def _end(self, code: int) -> None:
        try:
            os.tcgetpgrp(0)
        except OSError:  # the terminal is gone: there is nothing to put in order, and what is written never ends
            os._exit(code)
        self.exit(return_code=code)

    def _log(self, *told: object, **named: object) -> None:
        """Keep no log of textual's: its events are keys that are pressed, and lines that are typed in."""

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """Say it when the config file gives one key to two actions of a pane: the first one has it."""
        names = ", ".join(sorted(binding.id or binding.action for binding in clashed_bindings))
        self.notify(f"the key of {names} is taken: see [keys] of the config file", severity="warning", markup=False)

    def action_help(self) -> None:
        """Show every key."""
        self.push_screen(Help([(title, tuple(self._rebound(bindings))) for title, bindings in sections()]))

    def _rebound(self, bindings: Iterable[BindingType]) -> Iterator[BindingType]:
        """Yield bindings with the keys that the config file gives them."""
        for each in bindings:
            if isinstance(each, Binding) and each.id is not None and each.id in self.config.keys:
                yield replace(each, key=self.config.keys[each.id])
            else:
                yield each


def sections() -> tuple[tuple[str, tuple[BindingType, ...]], ...]:
    """Return all keys by where they work."""
    return (
        ("Everywhere", (*Keyshark.BINDINGS, Binding("ctrl+p", "", "Command palette"))),
        ("A case", (*Search.BINDINGS, *PaneScreen.BINDINGS, *CaseScreen.BINDINGS)),
        ("Lists", (*Rows.BINDINGS, *Table.BINDINGS)),
        ("Trees", tuple(Outline.BINDINGS)),
        ("Packets", (*Packets.BINDINGS, *Inspector.BINDINGS)),
        ("All frames", tuple(FrameTable.BINDINGS)),
        ("Columns of packets", tuple(ColumnsDialog.BINDINGS)),
        ("Keys dialog", (TRY, *KeysDialog.BINDINGS)),
        ("Statistics", tuple(StatisticsScreen.BINDINGS)),
        ("Open dialog", (TAKE, *OpenDialog.BINDINGS)),
        ("Octets", tuple(Hexdump.BINDINGS)),
        ("UE", tuple(Ue.BINDINGS)),
        ("Ladder", tuple(Ladder.BINDINGS)),
        ("Timeline", tuple(Chart.BINDINGS)),
        ("Filter", tuple(FilterInput.BINDINGS)),
        ("Saved filters", tuple(FiltersDialog.BINDINGS)),
    )


def actions() -> dict[str, str]:
    """Return the name of every action that the config file can give other keys, with the keys it has."""
    return {name: binding.key for _, bindings in sections() for name, binding in named(bindings).items()}
