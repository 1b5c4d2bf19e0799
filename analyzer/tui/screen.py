"""The screen of a case: its panes, the keys that work on all of them, and the ways between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from analyzer.analysis import Options
from analyzer.config import TIMES, Config
from analyzer.keys.keyring import merge
from analyzer.tui import save
from analyzer.tui.bindings import key
from analyzer.tui.colours import Colours
from analyzer.tui.differ import Differ
from analyzer.tui.events import Jump, OpenFinding, OpenUe, Said
from analyzer.tui.filterbox import FilterBox
from analyzer.tui.filtersdialog import FiltersDialog
from analyzer.tui.findings import Findings
from analyzer.tui.hexdump import Hexdump
from analyzer.tui.keyline import KeyLine
from analyzer.tui.keysdialog import KeysDialog, Typed, with_typed
from analyzer.tui.media import Media
from analyzer.tui.model import Index, Place, verdict_cell
from analyzer.tui.notices import Notices, brief, skipped_text, warnings
from analyzer.tui.packets import Packets
from analyzer.tui.panes import TITLES, PaneScreen
from analyzer.tui.prompt import Confirm, FramePrompt, Prompt, place_of
from analyzer.tui.roll import Roll
from analyzer.tui.sessions import Sessions
from analyzer.tui.state import Memory, State
from analyzer.tui.statistics import MEDIA, StatisticsScreen
from analyzer.tui.tabline import TabLine
from analyzer.tui.ue import Ue
from analyzer.views.ink import plural
from dissectors import Message

REVEAL = "Show key values on this screen? They are secrets: whoever sees the screen can read them."


class CaseScreen(PaneScreen):
    """One analysed case; gives "reload" when it is to be read again."""

    BINDINGS = [
        key("x", "ladder", "Ladder", show=True),
        key("f,f7", "filter", "Filter", show=True),
        key("b", "saved_filters", "Saved filters"),
        key("S", "statistics", "Statistics"),
        key(":", "go_to_frame", "Go to frame"),
        key("r", "raw", "Raw octets"),
        key("space", "pick", "Select for diff"),
        key("D", "diff", "Diff of the two selected"),
        key("t", "time", "Time format"),
        key("K", "reveal", "Reveal keys"),
        key("i", "keys", "Add a key"),
        key("s", "save", "Save"),
        key("!", "warnings", "Warnings"),
        key("R", "reload", "Reload"),
        key("A", "hold", "Hold or follow on"),
    ]
    ALLOW_IN_MAXIMIZED_VIEW = "#top, #foot"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    DEFAULT_CSS = """
    CaseScreen {
        & > ContentSwitcher { height: 1fr; }
        & > #top { dock: top; }
        & > #foot { dock: bottom; height: 2; & KeyLine { dock: none; } }
        & #told { height: 1; background: $panel; }
        & #status { width: 1fr; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 1; }
        & #warned { width: auto; color: $text-warning; }
    }
    """

    def __init__(
        self, found: Index, version: str, is_chosen: bool, config: Config, memory: Memory, options: Options,
        roll: Roll | None = None, skipped: Sequence[str] = (),
    ) -> None:  # fmt: skip
        super().__init__(is_chosen)
        self.options = options  # of the analysis, with the keys that were typed in
        self.found = found
        self.roll = roll
        self.skipped = tuple(skipped)  # files beside the captures, which are none
        self.looked_at: tuple[str, ...] = ()  # warnings that were read
        self.config = config
        self.memory = memory
        self.version = version
        self.form = config.time
        self.revealed = False
        self.asked = False  # whether the user said once that keys may be seen
        self.held = False  # whether what grows waits
        self.grown: Index | None = None  # what waits

    def compose(self) -> ComposeResult:
        yield TabLine(TITLES, id="top")
        with ContentSwitcher(initial="sessions", id="panes"):
            yield Sessions(self.found, id="sessions")
            yield Ue(self.found, id="ue")
            yield Packets(self.found, id="packets", roll=self.roll)
            yield Findings(self.found, id="findings")
            yield Media(self.found, id="media")
        with Vertical(id="foot"):
            with Horizontal(id="told"):
                yield Static("", id="status", markup=False)
                yield Static("", id="warned", markup=False)
            yield KeyLine()

    def on_mount(self) -> None:
        self._title()
        self.focus_on("sessions")
        self._recall()
        if self.roll is not None and self.roll.place is not None:  # that was looked at while the case was read
            self.packets.show_frames(True)
            self.turn_to("packets")
            self.packets.go(self.roll.place)
            self.focus_on("packets")
        told = next((brief(each, self.found.analysis.case) for each in warnings(self.found)), "")
        self.say(told or skipped_text(self.skipped))
        self._warn()

    # What is to be told of the case

    def _warn(self) -> None:
        """Show that there are warnings that were not read yet."""
        new = [warning for warning in warnings(self.found) if warning not in self.looked_at]
        self.query_one("#warned", Static).update(f"! {plural(len(new), 'warning')} " if new else "")

    def action_warnings(self) -> None:
        """List what is to be warned of, and the files that are no captures."""
        self.looked_at = warnings(self.found)
        self._warn()
        self.app.push_screen(Notices(self.looked_at, self.skipped))

    # What is remembered from one time to the next

    @property
    def _paths(self) -> tuple[str, ...]:
        return tuple(capture.path for capture in self.found.analysis.captures)

    def _recall(self) -> None:
        """Show the case as it was looked at last."""
        state, packets = self.memory.recall(self._paths), self.packets
        self._show_time(state.time if state.time in TIMES else self.config.time)
        packets.show_columns(state.columns or self.config.columns)
        packets.bookmark(state.bookmarks)
        packets.filter.history = [*self.saved_filters.values()]
        packets.paint(Colours(self.config.colours))
        if state.filter and not packets.filter.wrong(state.filter):
            packets.filter.apply(state.filter)

    @property
    def saved_filters(self) -> dict[str, str]:
        """Filters by name: those of the config file, and those saved here."""
        return {**self.memory.filters, **self.config.filters}

    def action_saved_filters(self) -> None:
        """List the saved filters: one is applied, saved or forgotten there."""
        chosen = FiltersDialog(self.memory, self.config.filters, self.packets.filter.applied)
        self.app.push_screen(chosen, self._filter_by)

    @on(Packets.Looked)
    def _remember(self) -> None:
        packets = self.packets
        state = State(
            () if packets.columns == self.config.columns else packets.columns,
            packets.filter.applied,
            "" if self.form == self.config.time else self.form,
            packets.marked,
        )
        self.memory.keep(self._paths, state)

    # Panes

    def begin_of(self, pane: str) -> Widget:
        return self.packets.shown if pane == "packets" else super().begin_of(pane)

    @property
    def ue(self) -> Ue:
        return self.query_one(Ue)

    @property
    def packets(self) -> Packets:
        return self.query_one(Packets)

    def action_reload(self) -> None:
        """Read the case again, from its begin."""
        self.dismiss("reload")

    # A capture that grows

    def grow(self, found: Index) -> None:
        """Show what the capture comes to now; every cursor stays where it is, one at the end at the end."""
        if self.held:
            self.grown = found
            return
        self._renew(found)

    def _renew(self, found: Index) -> None:
        self.found = found
        self._warn()
        for pane in (self.query_one(Sessions), self.ue, self.packets, self.query_one(Findings), self.query_one(Media)):
            pane.renew(found)
        self._title()

    def action_hold(self) -> None:
        """Let what comes wait, or show what has come meanwhile and follow on."""
        self.held = not self.held
        waiting, self.grown = self.grown, None
        if waiting is not None:
            self.grow(waiting)
        self._title()

    def _title(self) -> None:
        report = self.found.analysis.report
        held = " · held" if self.held else ""
        self.query_one("#top", TabLine).note = f"{verdict_cell(report.verdict).text} · {report.name}{held}"

    # Ways between panes

    @on(OpenUe)
    def _open_ue(self, event: OpenUe) -> None:
        self.leave()
        self._show_ue(event.ue)
        self.turn_to("ue")
        self.set_focus(self.ue.procedures)

    def _show_ue(self, name: str) -> None:
        session = next((each for each in self.found.sessions if each.id == name), None)
        if session is not None and session is not self.ue.session:
            self.ue.show(session)

    @on(OpenFinding)
    def _open_finding(self, event: OpenFinding) -> None:
        self.leave()
        self.turn_to("findings")
        self.query_one(Findings).go(event.judgement)

    @on(Jump)
    def _jump(self, event: Jump) -> None:
        self.leave()
        self._go_to(event.place)
        self.set_focus(self.packets.shown)

    def _go_to(self, place: Place) -> None:
        self.turn_to("packets")
        self.packets.go(place)

    def action_ladder(self) -> None:
        """Show the ladder of the UE that is looked at, at the message under the cursor."""
        place = self._place()
        ue = self._ue_here()
        self.leave()
        if ue is not None:
            self._show_ue(ue)
        self.turn_to("ue")
        self.ue.turn_to("ladder")
        if place is not None:
            self.ue.ladder.go(place)

    def _ue_here(self) -> str | None:
        match self.pane:
            case "sessions":
                session = self.query_one(Sessions).session
            case "packets" if self.packets.message is not None:
                session = self.found.analysis.story.traffic.session_of(self.packets.message)
            case "findings":
                judgement = self.query_one(Findings).judgement
                return None if judgement is None else judgement.ue
            case _:
                session = None
        return None if session is None else session.id

    def _place(self) -> Place | None:
        pane = self.query_one(f"#{self.pane}")
        return pane.place if isinstance(pane, Packets | Findings | Ue | Media) else None

    def action_raw(self) -> None:
        """Show the octets of the message under the cursor."""
        place = self._place()
        if place is None:
            return
        self.leave()
        if self.pane != "packets":
            self._go_to(place)
        self.set_focus(self.query_one(Hexdump))

    # Two messages beside each other

    def _message(self) -> Message | None:
        """The message under the cursor of the packet list or the ladder."""
        if self.pane == "packets":
            return self.packets.message
        arrow = self.ue.ladder.arrow if self.pane == "ue" and self.ue.ladder.has_focus else None
        return None if arrow is None else arrow.message

    def action_pick(self) -> None:
        """Select the message under the cursor for the diff, or no longer; of three the last two count."""
        message = self._message()
        if message is None:
            return
        picked = self.packets.pick(message)
        frames = " and ".join(self.found.number((each.payload.capture, each.frame)) for each in picked)
        more = ": D compares them" if len(picked) == 2 else ""
        self.say(f"selected: frame {frames}{more}" if picked else "nothing is selected")

    def action_diff(self) -> None:
        """Show the two selected messages side by side."""
        picked = self.packets.signs.picked
        if len(picked) == 2:
            self.app.push_screen(Differ(self.found, *picked))
        else:
            self.notify("Select two messages with Space, in the list or the ladder", timeout=3)

    # Frames by number

    def action_go_to_frame(self) -> None:
        """Ask for a frame number and go there."""
        here = self._place()
        capture = 0 if here is None else here[0]
        self.app.push_screen(FramePrompt(len(self.found.analysis.captures)), partial(self._to_frame, capture))

    def _to_frame(self, capture: int, text: str | None) -> None:
        if text:
            self.leave()
            self._go_to(place_of(text, capture))
            self.set_focus(self.packets.shown)

    # How things are shown

    def action_filter(self) -> None:
        """Type a filter: of findings there, of messages anywhere else."""
        if self.pane != "findings":
            self.action_show("packets")
        elif self.maximized is not None:
            self.minimize()
        self.set_focus(self.query_one(f"#{self.pane}").query_one(FilterBox).input)

    def action_statistics(self) -> None:
        """Show protocols, endpoints and conversations; what is chosen there becomes the filter of packets."""
        self.app.push_screen(StatisticsScreen(self.found), self._filter_by)

    def _filter_by(self, text: str | None) -> None:
        if text == MEDIA:
            self.action_show("media")
        elif text:
            self.filter_by(text)

    def filter_by(self, text: str) -> None:
        """Show the messages that pass a filter."""
        self.action_show("packets")
        if told := self.packets.filter.wrong(text):
            self.notify(f"{text}: {told}", title="No filter", severity="error", markup=False)
        else:
            self.packets.filter.apply(text)

    def action_time(self) -> None:
        """Show times from the start of the case, as UTC, or from the line before."""
        self._show_time(TIMES[(TIMES.index(self.form) + 1) % len(TIMES)])
        self._remember()
        self.say(f"time: {self.form}")

    def _show_time(self, form: str) -> None:
        self.form = form
        self.packets.show_time(form)
        self.ue.ladder.show_time(form)
        self.ue.chart.show_time(form)

    def action_reveal(self) -> None:
        """Show key values, after asking once, or hide them again."""
        if self.revealed or self.asked:
            self._reveal(not self.revealed)
        else:
            self.app.push_screen(Confirm(REVEAL), self._answered)

    def _answered(self, yes: bool | None) -> None:
        if yes:
            self.asked = True
            self._reveal(True)

    def _reveal(self, revealed: bool) -> None:
        self.revealed = revealed
        self.ue.reveal(revealed)
        self.packets.inspector.reveal(revealed)
        self.say("key values are shown: K hides them" if revealed else "key values are hidden")

    def action_keys(self) -> None:
        """Type in a key, and see what it opens."""
        if self.found.analysis.with_keys is None:
            self.notify("The capture still grows: give keys with --keys, or open it again when it is whole", timeout=5)
            return
        session = self.ue.session if self.pane == "ue" else self.query_one(Sessions).session
        self.app.push_screen(KeysDialog(self.found, session, self.options), self._typed)

    def _typed(self, typed: Typed | None) -> None:
        if typed is not None:
            self.options = with_typed(self.options, merge((typed.keyring, self.options.typed)))
            self._renew(typed.found)

    @on(Said)
    def _said(self, event: Said) -> None:
        if self.query_one(f"#{self.pane}") in event.pane.ancestors_with_self:
            self.say(event.text)

    # Files

    def action_save(self) -> None:
        """Save the messages or findings listed, or the ladder, or else the report; key values are never in it."""
        what = self.saved_as
        proposal = f"{self.found.analysis.report.name}-{what}.{'csv' if what == 'findings' else 'txt'}"
        self.app.push_screen(
            Prompt(f"save {what} as ({', '.join(save.ENDINGS[what])})", proposal, save.refusal), self._save
        )

    @property
    def saved_as(self) -> str:
        """What is saved: one of `save.ENDINGS`."""
        is_ladder = self.pane == "ue" and self.ue.ladder.has_focus
        return self.pane if self.pane in ("packets", "findings") else "ladder" if is_ladder else "report"

    def _save(self, name: str | None) -> None:
        if not name:
            return
        text = save.text_of(
            self.found.analysis, self.version, name, self.saved_as,
            self.ue.ladder.arrows, self.packets.listed, self.query_one(Findings).listed,
        )  # fmt: skip
        try:
            path = save.write(name, text)
        except OSError as error:
            self.notify(f"{name}: {error.strerror}", title="Not saved", severity="error", markup=False)
        else:
            self.notify(str(path), title="Saved", timeout=3, markup=False)
