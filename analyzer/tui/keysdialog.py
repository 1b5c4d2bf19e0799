"""The keyring dialog: a key is typed in, what it opens is seen at once, and it is saved to a keyring file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message as Event
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from analyzer.analysis import Analysis, Options, analyse
from analyzer.capture.case import KEYS_SUFFIX, CaseFiles
from analyzer.correlate.sessions import Session
from analyzer.keys import keyfile
from analyzer.keys.entry import KINDS, Kind, entered, tables, wrong
from analyzer.keys.key import FINGERPRINT_DIGITS
from analyzer.keys.keyring import Keyring, KeyringError, merge
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, printable
from analyzer.tui.effects import effect, told
from analyzer.tui.keyline import KeyLine
from analyzer.tui.loading import fault_of
from analyzer.tui.model import Index, index
from analyzer.tui.page import Page
from analyzer.tui.prompt import Prompt
from analyzer.tui.tabline import TabLine

TRY = key("enter", "submit", "Try it", show=True)
ROWS = max(len(kind.places) for kind in KINDS)
HELP = "Type a key and press Enter: what it opens is told here. PgDn: other kinds. Ctrl+R shows values, or hides them."


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed in, and the case with it."""

    found: Index = field(repr=False)
    keyring: Keyring = field(repr=False)


class Tried(Event):
    """What a key came to: the case with it, or why it could not be tried."""

    def __init__(self, found: Index | None, lines: tuple[Cell, ...]) -> None:
        super().__init__()
        self.found = found
        self.lines = lines


class KeyInput(Input, inherit_bindings=False):
    """A field of an entry; it scrolls nothing, so that PgDn and arrows go beyond it."""

    BINDINGS = [*(each for each in Input.BINDINGS if isinstance(each, Binding) and each.key != "enter"), TRY]


class KeysDialog(ModalScreen[Typed | None]):
    """Takes keys one by one; gives those that were taken, None where none was."""

    BINDINGS = [
        key("escape", "close", "Done", show=True),
        key("pagedown", "kind(1)", "Next kind", show=True),
        key("pageup", "kind(-1)", "Kind before"),
        key("down", "app.focus_next", "Next field"),
        key("up", "app.focus_previous", "Field before"),
        key("ctrl+s", "save", "Save", show=True),
        key("ctrl+r", "values", "Show values", show=True),
        key("ctrl+t", "forget", "Forget what was typed"),
    ]
    DEFAULT_CSS = """
    KeysDialog {
        align: center middle; background: $background 60%;
        & > Vertical { width: 78; max-width: 100%; height: 1fr; margin: 0 0 1 0; border: round $accent;
            background: $surface; padding: 0 1; }
        & #fields { height: auto; }
        & #fields > Horizontal { height: 1; }
        & #fields Label { width: 32; text-wrap: nowrap; text-overflow: ellipsis; }
        & #fields .sign { width: 2; color: $text-error; }
        & #fields Input { width: 1fr; background: $boost; &:focus { background: $panel; } }
        & #wrong { height: 1; color: $text-error; text-wrap: nowrap; text-overflow: ellipsis; }
        & Page { height: 1fr; border-top: solid $panel; }
    }
    """

    def __init__(self, found: Index, session: Session | None, options: Options) -> None:
        super().__init__()
        self.found = found
        self.options = options
        self.entries: list[Mapping[str, Any]] = []  # as a keyring file has them
        self.keyring = Keyring()
        self.before = Keyring()  # the last key, which may not be tried in vain
        self.kind = 0
        self.hides = True
        self.proposed = proposals(found, session)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Keys"
            yield TabLine([kind.name for kind in KINDS], id="kinds")
            yield Static("", id="title", markup=False)
            with Vertical(id="fields"):
                for row in range(ROWS):
                    with Horizontal(id=f"row{row}"):
                        yield Label("", markup=False)
                        yield Label("", classes="sign", markup=False)
                        yield KeyInput(compact=True)
            yield Static("", id="wrong", markup=False)
            yield Page(HELP)
        yield KeyLine()

    def on_mount(self) -> None:
        self._show_kind()

    # Fields

    @property
    def _kind(self) -> Kind:
        return KINDS[self.kind]

    def _inputs(self) -> list[KeyInput]:
        return list(self.query(KeyInput))[: len(self._kind.places)]

    def action_kind(self, by: int) -> None:
        """Enter another kind of key."""
        self.kind = (self.kind + by) % len(KINDS)
        self._show_kind()

    @on(TabLine.Chosen, "#kinds")
    def _chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.kind = event.active
        self._show_kind()

    def _show_kind(self) -> None:
        """Lay out the fields of a kind, with what the case proposes for them."""
        self.query_one("#kinds", TabLine).active = self.kind
        self.query_one("#title", Static).update(self._kind.title)
        for row, (line, entry) in enumerate(zip(self.query("#fields > Horizontal"), self.query(KeyInput), strict=True)):
            line.display = row < len(self._kind.places)
            entry.clear()
            if line.display:
                place = self._kind.places[row]
                line.query(Label).first().update(place.label)
                entry.password = place.secret and self.hides
                entry.value = self.proposed.get(place.name, "")
        self._say("")
        empty = [entry for entry in self._inputs() if not entry.value]
        self.set_focus((empty or self._inputs())[0])

    def action_values(self) -> None:
        """Show what is typed, or dots in its place."""
        self.hides = not self.hides
        for place, entry in zip(self._kind.places, self._inputs(), strict=True):
            entry.password = place.secret and self.hides

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        for place, entry, sign in zip(self._kind.places, self._inputs(), self.query(".sign"), strict=False):
            if entry is event.input and isinstance(sign, Label):
                fault = wrong(self._kind, place.name, entry.value) if entry.value.strip() else ""
                sign.update("✗" if fault else "")
                self._say(f"✗ {place.name}: {fault}" if fault else "")

    def _say(self, text: str) -> None:
        self.query_one("#wrong", Static).update(printable(text))

    # What a key opens

    @on(Input.Submitted)
    def _try(self) -> None:
        """Take the key of the fields and see what it opens."""
        kind = self._kind
        values = {place.name: entry.value for place, entry in zip(kind.places, self._inputs(), strict=True)}
        try:
            keyring = entered(kind, values)
        except KeyringError as error:
            self._say(f"✗ {error.key}: {error.reason}")
            names = [place.name for place in kind.places]
            if error.key in names:
                self.set_focus(self._inputs()[names.index(error.key)])
            return
        self._say("")
        self.query_one(Page).write([Cell("trying it…", "dim")])
        self.entries.append(tables(kind, values))
        self.before, self.keyring = self.keyring, merge((keyring, self.keyring))
        self._retell(_named(kind, keyring, values), kind.reads_again)

    def _retell(self, name: str, again: bool) -> None:
        typed, before, options = self.keyring, self.found.analysis, self.options

        def work() -> None:
            try:
                after = _with_keys(before, typed, options, again)
                lines = (Cell(name, "accent"), *told(effect(before, after)))
                self.post_message(Tried(index(after), lines))
            except Exception as error:  # noqa: BLE001  # whatever goes wrong is told in the dialog
                fault = fault_of(before.case, error)
                why = f"keyshark failed: {type(error).__name__}" if fault.trace else fault.text
                self.post_message(Tried(None, (Cell(f"✗ {why}; the case is shown as it was", "bad"),)))

        self.run_worker(work, thread=True, exclusive=True, group="try")

    @on(Tried)
    def _tried(self, event: Tried) -> None:
        self.query_one(Page).write(event.lines)
        if event.found is None:
            self.entries.pop()
            self.keyring = self.before
        else:
            self.found = event.found

    def action_forget(self) -> None:
        """Take back all keys that were typed in."""
        if self.entries:
            self.entries, self.keyring = [], Keyring()
            self._retell("All that was typed in is forgotten.", again=True)

    # The way out

    def action_save(self) -> None:
        """Write what was typed in to a keyring."""
        if self.entries:
            self.app.push_screen(Prompt("save keys to", str(home(self.found.analysis.case)), no_place), self._save)
        else:
            self._say("✗ nothing to save yet: Enter takes what the fields hold")

    def _save(self, name: str | None) -> None:
        if not name:
            return
        path = Path(name).expanduser()
        try:
            keyfile.add(path, self.entries)
        except KeyringError as error:
            self._say(f"✗ {error}")
        except OSError as error:
            self._say(f"✗ {name}: {error.strerror or type(error).__name__}")
        else:
            self.notify(f"{path}, which nobody else can read", title="Saved", timeout=4, markup=False)

    def action_close(self) -> None:
        """Go back to the case, with what the keys open."""
        self.dismiss(Typed(self.found, self.keyring) if self.entries else None)


def with_typed(options: Options, typed: Keyring) -> Options:
    """Return options with keys that were typed in; what a key log opens, tshark reads."""
    return replace(options, typed=typed, engine=options.engine if typed.keylog is None else "tshark")


def _with_keys(before: Analysis, typed: Keyring, options: Options, again: bool) -> Analysis:
    """Return the analysis with keys; where they open what was no message before, or are taken back, it is read anew."""
    if again or before.with_keys is None:
        return analyse(before.case, with_typed(options, typed))
    return before.with_keys(typed)


def _named(kind: Kind, keyring: Keyring, values: Mapping[str, str]) -> str:
    """Name what was entered by the fingerprint of its first secret, or by the file that holds it."""
    if keyring.keylog is not None:
        return f"{kind.name} {printable(keyring.keylog.name)}"
    secret = next(place.name for place in kind.places if place.secret and values.get(place.name, "").strip())
    octets = _secrets(keyring)[secret]
    return f"{kind.name} {hashlib.sha256(octets).hexdigest()[:FINGERPRINT_DIGITS]} ({len(octets)} octets)"


def _secrets(keyring: Keyring) -> dict[str, bytes]:
    """Return the octets of a keyring of one entry by the names of its fields."""
    entries: list[Any] = [*keyring.msks, *keyring.mtks, *keyring.esp]
    for ue in keyring.ues:
        entries += [ue, *ue.gba, *ue.naf]
    return {
        name: value
        for entry in entries
        for name in type(entry).__slots__
        if isinstance(value := getattr(entry, name), bytes) and value
    }


def proposals(found: Index, session: Session | None) -> dict[str, str]:
    """Return what the case itself says of a key that is missing: whose it is, and which MSK or MTK was not opened."""
    name = None if session is None else session.id
    ue = next((each for each in found.analysis.report.ues if name in (None, each.id)), None)
    if ue is None:
        return {}
    proposed = {"impi": ue.impi[:1], "b_tid": ue.b_tid[-1:]}
    told = {name: text for name, texts in proposed.items() for text in texts}
    naf = next((naf for each in ue.keys if (naf := each.id["naf"])), None)
    told |= {"fqdn": naf} if naf else {}
    shut = next((each for each in ue.keys if each.fingerprint is None), None)
    if shut is not None:
        told |= {name: value for name in ("key_domain", "msk_id", "mtk_id") if (value := shut.id[name])}
    return told


def home(case: CaseFiles) -> Path:
    """Return the keyring that belongs to a case, there or not."""
    if case.keyrings:
        return Path(case.keyrings[0])
    capture = Path(case.captures[0])
    return capture.with_name(capture.name.partition(".")[0] + KEYS_SUFFIX)


def no_place(name: str) -> str:
    """Say why no keyring can be written there, "" where one can."""
    path = Path(name).expanduser()
    if path.is_dir():
        return "is a folder"
    return "" if path.parent.is_dir() else f"there is no folder {path.parent}"
