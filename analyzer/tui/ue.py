"""A UE: its procedures as a tree; beside it the ladder, the keys, what went wrong, and the rule under the cursor."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from analyzer.correlate.sessions import Session
from analyzer.report import Judgement
from analyzer.tui.bindings import key
from analyzer.tui.chaintree import chain_nodes
from analyzer.tui.chart import Chart
from analyzer.tui.diagnosistree import diagnosis_nodes
from analyzer.tui.events import Jump, Said
from analyzer.tui.guard import Guarded
from analyzer.tui.ladder import Ladder
from analyzer.tui.model import Index, Place
from analyzer.tui.outline import Outline
from analyzer.tui.page import Page
from analyzer.tui.proctree import procedure_nodes
from analyzer.tui.rows import Rows
from analyzer.tui.rulepage import rule_page
from analyzer.tui.tabline import TabLine

TABS = ("ladder", "keys", "timeline", "diagnosis", "rule")
TITLES = ("Ladder", "Keys", "Timeline", "Diagnosis", "Rule")


class Ue(Guarded, Vertical):
    """One UE at a time."""

    BINDINGS = [
        key("[", "tab(-1)", "Tab before"),
        key("]", "tab(1)", "Next tab"),
    ]
    SCOPED_CSS = False  # .-wide is set on the screen
    DEFAULT_CSS = """
    Ue {
        & > #procedures { height: 2fr; }
        & > #beside { height: 3fr; }
        & #sides { height: 1fr; }
    }
    .-wide Ue {
        layout: horizontal;
        & > #procedures { width: 3fr; height: 1fr; }
        & > #beside { width: 5fr; height: 1fr; border-left: vkey $panel; }
    }
    """

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.session: Session | None = next(iter(found.sessions), None)
        self.revealed = False

    def compose(self) -> ComposeResult:
        yield Outline("No procedure of this UE is in the capture.", id="procedures")
        with Vertical(id="beside"):
            yield TabLine(TITLES, id="tabs")
            with ContentSwitcher(initial="ladder", id="sides"):
                yield Ladder(self.found, id="ladder")
                yield Outline("No key of this UE is known: give a keyring with --keys, or put it beside.", id="keys")
                yield Chart(self.found, id="timeline")
                yield Outline("Nothing failed for this UE that the capture shows.", id="diagnosis")
                yield Page("Put the cursor on a rule of the tree to read it.", id="rule")

    def on_mount(self) -> None:
        if self.session is not None:
            self.show(self.session)

    @property
    def procedures(self) -> Outline:
        return self.query_one("#procedures", Outline)

    @property
    def ladder(self) -> Ladder:
        return self.query_one("#ladder", Ladder)

    @property
    def keys(self) -> Outline:
        return self.query_one("#keys", Outline)

    @property
    def chart(self) -> Chart:
        return self.query_one("#timeline", Chart)

    @property
    def diagnosis(self) -> Outline:
        return self.query_one("#diagnosis", Outline)

    @property
    def tabs(self) -> TabLine:
        return self.query_one(TabLine)

    def show(self, session: Session, goes_on: bool = False) -> None:
        """Show another UE, or the same one that `goes_on`."""
        self.session = session
        names = ", ".join((*session.impu, *session.impi)[:1] or session.addresses[:1])
        self.tabs.note = f"{session.id} {names}"
        self.procedures.plant(procedure_nodes(self.found, session), self.procedures.cursor if goes_on else 0)
        self.ladder.draw(session, goes_on)
        self.chart.draw(session, goes_on)
        self.diagnosis.plant(diagnosis_nodes(self.found, session), self.diagnosis.cursor if goes_on else 0)
        self._plant_keys()

    def renew(self, found: Index) -> None:
        """Show what the case comes to now; a UE that was merged into another is gone."""
        self.found = self.ladder.found = self.chart.found = found
        name = None if self.session is None else self.session.id
        session = next((each for each in found.sessions if each.id == name), next(iter(found.sessions), None))
        if session is not None:
            self.show(session, goes_on=True)

    def _plant_keys(self) -> None:
        if self.session is not None:
            self.keys.plant(chain_nodes(self.found, self.session, self.revealed), self.keys.cursor)

    def reveal(self, revealed: bool) -> None:
        """Show key octets, or hide them again."""
        self.revealed = revealed
        self._plant_keys()

    def turn_to(self, tab: str) -> None:
        """Show a tab and go there."""
        self.tabs.choose(TABS.index(tab))

    @property
    def place(self) -> Place | None:
        """The frame that the cursor is about."""
        if self.ladder.has_focus:
            return None if self.ladder.arrow is None else self.ladder.arrow.place
        if self.chart.has_focus:
            return None if self.chart.bar is None else self.chart.bar.place
        outline = next((side for side in (self.keys, self.diagnosis) if side.has_focus), self.procedures)
        return None if outline.node is None else _place(outline.node.target)

    def action_tab(self, by: int) -> None:
        self.tabs.step(by)

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        tab = TABS[event.active]
        side = self.query_one(f"#{tab}", Rows)
        self.query_one("#sides", ContentSwitcher).current = tab
        self.screen.set_focus(side)
        self._tell(side)

    @on(Rows.Moved, "#procedures")
    def _node_moved(self, event: Rows.Moved) -> None:
        event.stop()
        node = self.procedures.node
        if node is None:
            return
        place = _place(node.target)
        if place is not None:
            self.ladder.go(place)
        rule = self.query_one("#rule", Page)
        if isinstance(node.target, Judgement):
            rule.write(rule_page(self.found, node.target))
            self.post_message(Said(self, node.target.message))
        else:
            rule.write(())
            self.post_message(Said(self, self.procedures.text(self.procedures.cursor)))

    @on(Rows.Moved, "#ladder")
    def _arrow_moved(self, event: Rows.Moved) -> None:
        event.stop()
        arrow = self.ladder.arrow
        if arrow is not None and self.ladder.has_focus:
            self.post_message(Said(self, self.ladder.said(arrow)))

    @on(Rows.Moved, "#keys, #timeline, #diagnosis")
    def _side_moved(self, event: Rows.Moved) -> None:
        event.stop()
        if event.rows.has_focus and event.rows.count:
            self._tell(event.rows)

    def _tell(self, side: Rows) -> None:
        """Say what is under the cursor of a tab, and nothing of the tab before."""
        if isinstance(side, Ladder):
            self.post_message(Said(self, "" if side.arrow is None else side.said(side.arrow)))
        else:
            self.post_message(Said(self, side.text(side.cursor) if side.count and not isinstance(side, Page) else ""))

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        place = self.place
        if place is not None:
            self.post_message(Jump(place))
        elif isinstance(event.rows, Outline):
            event.rows.action_swing()


def _place(target: object) -> Place | None:
    match target:
        case Judgement(evidence=(first, *_)):
            return first.capture, first.frame
        case (int() as capture, int() as frame):
            return capture, frame
        case _:
            return None
