"""Sessions: a row a UE, and below it all that is known of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from analyzer.correlate.sessions import Session
from analyzer.report import CaptureReport
from analyzer.tui.cells import Cell
from analyzer.tui.events import OpenUe
from analyzer.tui.guard import Guarded
from analyzer.tui.model import Index, counts, mark_of, session_row, utc
from analyzer.tui.page import Page
from analyzer.tui.rows import Rows
from analyzer.tui.table import Column, Table
from analyzer.views.ink import plural

COLUMNS = (
    Column("UE", 4),
    Column("Identities", 14, share=4),
    Column("Address", 13, share=1),
    Column("Variant", 8),
    Column("Services", 16, share=2, least=110),
    Column("Procedures", 12),
    Column("Keys", 4, right=True),
    Column("Expiry", 11, least=100),
    Column("Verdict", 8),
)


class Sessions(Guarded, Vertical):
    """The first screen of a case."""

    DEFAULT_CSS = """
    Sessions {
        & > #ues { height: 1fr; }
        & > #about { height: 1fr; border-top: hkey $panel; }
    }
    """

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, self._why_empty(), id="ues")
        yield Page(id="about")

    def on_mount(self) -> None:
        self.renew(self.found)

    def renew(self, found: Index) -> None:
        """Show what the case comes to now."""
        self.found = found
        sessions = found.sessions
        self.table.empty = self._why_empty()
        self.table.refill(len(sessions), lambda row: session_row(found, sessions[row]))
        self.table.styles.max_height = max(4, len(sessions) + 2)  # what is known of one UE takes the rest
        if not sessions:
            self.query_one("#about", Page).write(_captures(self.found.analysis.report.captures))

    @property
    def table(self) -> Table:
        return self.query_one("#ues", Table)

    @property
    def session(self) -> Session | None:
        """The UE under the cursor."""
        return self.found.sessions[self.table.at] if self.found.sessions else None

    def _why_empty(self) -> str:
        messages = len(self.found.messages)
        if not messages:
            return "No UE: no SIP, HTTP, MIKEY or Diameter message was read. 3 Packets says what was seen instead."
        return f"No UE: none of the {messages} messages belongs to MBMS key management. They are in 3 Packets."

    @on(Rows.Moved, "#ues")
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()
        if self.session is not None:
            self.query_one("#about", Page).write(about(self.found, self.session))

    @on(Rows.Chosen, "#ues")
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if self.session is not None:
            self.post_message(OpenUe(self.session.id))


def about(found: Index, session: Session) -> Iterator[Cell]:
    """Yield what is known of a UE, a paragraph each; then the captures and what is wrong with them."""
    told = (
        ("Private", session.impi),
        ("Public", session.impu),
        ("B-TID", session.b_tid),
        ("Addresses", session.addresses),
        ("Services", session.services),
    )
    for title, names in told:
        yield Cell(f"{title:<11}{', '.join(names) or 'not seen'}", "" if names else "dim")
    yield Cell("")
    for name, run in found.runs_of(session):
        mark = found.run_mark(name, run)
        marks = [mark_of(each) for each in found.judgements.get(name, ())]
        yield Cell(
            f"{mark.sign} {utc(run.start, '%H:%M:%S')}  {run.procedure.kind:<20} {run.outcome:<11} {counts(marks)}",
            mark.tone if mark.tone != "good" else "",
        )
    yield Cell("")
    yield from _captures(found.analysis.report.captures)


def _captures(captures: tuple[CaptureReport, ...]) -> Iterator[Cell]:
    for capture in captures:
        links = ", ".join(capture.link_types)
        yield Cell(f"{capture.path}: {plural(capture.packets, 'packet')}, {capture.format} {links}", "dim")
        for problem in capture.problems:
            yield Cell(f"! {problem}", "warn")
