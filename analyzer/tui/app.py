"""The terminal UI: it opens cases and wires the screens together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import App
from textual.binding import Binding

from analyzer.analysis import Options
from analyzer.batch import Fault
from analyzer.capture.case import CaseFiles
from analyzer.tui.chart import Chart
from analyzer.tui.chooser import Chooser, Known
from analyzer.tui.filterbox import FilterInput
from analyzer.tui.help import Help
from analyzer.tui.hexdump import Hexdump
from analyzer.tui.inspector import Inspector
from analyzer.tui.loading import Loading
from analyzer.tui.model import Index
from analyzer.tui.outline import Outline
from analyzer.tui.packets import Packets
from analyzer.tui.palette import Commands
from analyzer.tui.rows import Rows
from analyzer.tui.screen import CaseScreen
from analyzer.tui.search import Search
from analyzer.tui.table import Table
from analyzer.tui.ue import Ue


class Keyshark(App[Fault]):
    """Shows one case, or a list of cases to choose from; gives the fault of a single case that cannot be read."""

    TITLE = "keyshark"
    COMMANDS = {Commands}
    BINDINGS = [
        Binding("?,f1", "help", "Help"),
        Binding("q", "quit", "Quit"),
        Binding("T", "change_theme", "Theme", show=False),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False),
    ]

    def __init__(self, cases: Sequence[CaseFiles], options: Options, version: str) -> None:
        super().__init__()
        self.cases = tuple(cases)
        self.options = options
        self.version = version

    @property
    def is_choosing(self) -> bool:
        """Whether there is a list of cases to go back to."""
        return len(self.cases) > 1

    def on_mount(self) -> None:
        if self.is_choosing:
            self.push_screen(Chooser(self.cases, self.options))
        else:
            self.open(0)

    @on(Chooser.Opened)
    def _opened(self, event: Chooser.Opened) -> None:
        self.open(event.case)

    def open(self, case: int) -> None:
        """Analyse a case and show it."""
        self.push_screen(Loading(self.cases[case], self.options), partial(self._loaded, case))

    def _loaded(self, case: int, found: Index | Fault | None) -> None:
        match found:
            case Index():
                self._learn(case, Known(found.analysis.report))
                self.push_screen(CaseScreen(found, self.version, self.is_choosing), partial(self._left_case, case))
            case Fault() if self.is_choosing:
                self.notify(found.text, title="Not opened", severity="error", markup=False)
            case _ if not self.is_choosing:
                self.exit(found)

    def _learn(self, case: int, known: Known) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Chooser):
                screen.learn(case, known)

    def _left_case(self, case: int, wish: str | None) -> None:
        if wish == "reload":
            self.open(case)

    def action_help(self) -> None:
        """Show every key."""
        self.push_screen(
            Help(
                (
                    ("Everywhere", (*self.BINDINGS, Binding("ctrl+p", "", "Command palette"))),
                    ("A case", (*Search.BINDINGS, *CaseScreen.BINDINGS)),
                    ("Lists", (*Rows.BINDINGS, *Table.BINDINGS)),
                    ("Trees", Outline.BINDINGS),
                    ("Packets", (*Packets.BINDINGS, *Inspector.BINDINGS)),
                    ("Octets", Hexdump.BINDINGS),
                    ("UE", Ue.BINDINGS),
                    ("Timeline", Chart.BINDINGS),
                    ("Filter", FilterInput.BINDINGS),
                )
            )
        )
