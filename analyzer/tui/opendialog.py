"""The open dialog: another capture is opened, or joined to the case that is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message as Event
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from analyzer.analysis import Options
from analyzer.batch import Fault
from analyzer.capture.case import CaseFiles, find_cases, joined
from analyzer.keys.keyring import Keyring
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, printable
from analyzer.tui.folders import FolderTree, completed, split, told
from analyzer.tui.keyline import KeyLine
from analyzer.tui.loading import Loading
from analyzer.tui.model import Index
from analyzer.tui.roll import Roll
from analyzer.tui.rows import Rows
from analyzer.tui.tabline import TabLine

OPEN, ADD = 0, 1
TITLES = ("Open another", "Add to this case")
TAKE = key("enter", "submit", "Take it", show=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was read, and what became of it."""

    case: CaseFiles
    found: Index = field(repr=False)
    typed: Keyring = field(repr=False)
    roll: Roll | None = field(repr=False)


class Looked(Event):
    """What is at a path."""

    def __init__(self, path: Path, what: Cell) -> None:
        super().__init__()
        self.path = path
        self.what = what


class PathInput(Input, inherit_bindings=False):
    """The line; it scrolls nothing, so that PgDn and arrows go beyond it."""

    BINDINGS = [*(each for each in Input.BINDINGS if isinstance(each, Binding) and each.key != "enter"), TAKE]


class OpenDialog(ModalScreen[Opened | None]):
    """Asks for a file or folder; gives the case that it is, or the case at hand with it."""

    BINDINGS = [
        key("escape", "dismiss(None)", "Cancel", show=True),
        key("pagedown,pageup", "mode", "Open or add", show=True),
        key("tab", "complete", "Complete the path", show=True),
        key("down", "to_tree", "To the tree"),
    ]
    DEFAULT_CSS = """
    OpenDialog {
        align: center middle; background: $background 60%;
        & > Vertical { width: 100; max-width: 100%; height: 1fr; margin: 0 0 1 0; border: round $accent;
            background: $surface; padding: 0 1; }
        & Input { background: $boost; &:focus { background: $panel; } }
        & FolderTree { height: 1fr; }
        & #what, & #wrong { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & #what { color: $text-muted; }
        & #wrong { color: $text-error; }
    }
    """

    def __init__(self, case: CaseFiles | None, options: Options, mode: int = OPEN) -> None:
        super().__init__()
        self.case = case  # to which a capture can be added
        self.options = options
        self.mode = mode
        here = Path(case.captures[0]).absolute().parent if case is not None else Path.cwd()
        self.begin = here if here.is_dir() else Path.cwd()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Open"
            yield TabLine(TITLES if self.case is not None else TITLES[:1], id="modes")
            yield PathInput(f"{self.begin}/".replace("//", "/"), compact=True)
            yield FolderTree(id="folders")
            yield Static("", id="what", markup=False)
            yield Static("", id="wrong", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one("#modes", TabLine).active = self.mode
        self.folders.begin(self.begin)
        self.line.cursor_position = len(self.line.value)
        self.set_focus(self.line)

    @property
    def folders(self) -> FolderTree:
        return self.query_one(FolderTree)

    @property
    def line(self) -> Input:
        return self.query_one(Input)

    @on(TabLine.Chosen, "#modes")
    def _chosen_mode(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.mode = event.active

    def action_mode(self) -> None:
        """Open another case, or add to this one."""
        self.query_one("#modes", TabLine).step(1)

    # The line and the tree follow each other

    def action_complete(self) -> None:
        """Complete the path, or from the tree go back to the line."""
        if not self.line.has_focus:
            self.set_focus(self.line)
            return
        self.line.value = completed(self.line.value)
        self.line.cursor_position = len(self.line.value)

    def action_to_tree(self) -> None:
        """Choose with the cursor."""
        self.set_focus(self.folders)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say("")
        if self.line.has_focus:
            self.folders.near(*split(event.value))
        self._look(Path(event.value).expanduser())

    @on(Rows.Moved, "#folders")
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()
        path = self.folders.path
        if path is not None and self.folders.has_focus:
            self.line.value = f"{path}{'/' if path.is_dir() and path.name else ''}"

    @on(Rows.Chosen, "#folders")
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if self.folders.node is not None and self.folders.node.children:
            self.folders.action_swing()
        else:
            self._take()

    def _look(self, path: Path) -> None:
        """Say what a path is, once that is known."""

        def work() -> None:
            self.post_message(Looked(path, told(path)))

        self.run_worker(work, thread=True, exclusive=True, group="look")

    @on(Looked)
    def _looked(self, event: Looked) -> None:
        if event.path == Path(self.line.value).expanduser():
            self.query_one("#what", Static).update(printable(event.what.text))

    # What is taken

    @on(Input.Submitted)
    def _take(self) -> None:
        """Take what the line names."""
        text = self.line.value.strip()
        path = str(Path(text).expanduser())
        if not text or not Path(path).exists():
            self._say("there is no such file or folder")
            return
        cases = find_cases([path])
        if not cases:
            self._say("no capture is in it")
        elif self.mode == ADD and self.case is not None:
            self._read(joined((self.case, *cases)))
        elif len(cases) > 1:
            self._say(f"there are {len(cases)} cases in it: choose one of them")
        else:
            self._read(cases[0])

    def _read(self, case: CaseFiles) -> None:
        if self.case is not None and case.captures == self.case.captures:
            self._say("that is the case which is open")
            return
        roll = Roll(case.captures)
        self.app.push_screen(Loading(case, self.options, roll), lambda found: self._loaded(case, roll, found))

    def _loaded(self, case: CaseFiles, roll: Roll, found: Index | Fault | None) -> None:
        if isinstance(found, Index):
            self.dismiss(Opened(case, found, self.options.typed, roll))
            return
        roll.close()
        self._say("" if found is None else found.text)

    def _say(self, text: str) -> None:
        self.query_one("#wrong", Static).update(printable(f"✗ {text}") if text else "")
