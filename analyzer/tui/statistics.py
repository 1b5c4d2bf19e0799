"""Statistics of a case: what protocols, who spoke, and who with whom, as tables that any column sorts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from textual import on
from textual.app import ComposeResult

from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Mark, Row
from analyzer.tui.keyline import KeyLine
from analyzer.tui.model import SECOND, Index, octets_text
from analyzer.tui.rows import Rows
from analyzer.tui.search import Search
from analyzer.tui.table import UNSORTED, Column, Table
from analyzer.tui.tabline import TabLine

Name = TypeVar("Name")

TITLES = ("Protocols", "Endpoints", "Conversations")
MEDIA = "media"  # what is given for streams, which have a pane of their own and no filter
NO_ADDRESS = ""  # of media, whose sender is not kept


@dataclass(slots=True)
class Count:
    """How much there was of something: messages or packets, octets, first and last time in ns."""

    packets: int = 0
    octets: int = 0
    first: int = 0
    last: int = 0
    malformed: int = 0
    protocols: Counter[str] = field(default_factory=Counter)

    def add(self, protocol: str, packets: int, octets: int, first: int, last: int, malformed: bool = False) -> None:
        self.first = min(self.first, first) if self.packets else first
        self.last = max(self.last, last)
        self.packets += packets
        self.octets += octets
        self.malformed += malformed
        self.protocols[protocol] += packets


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts by protocol (those inside others too), by address, and by pair of addresses, sent and received."""

    protocols: dict[str, Count]
    sent: dict[str, Count]
    received: dict[str, Count]
    pairs: dict[tuple[str, str], Count]


def counted(found: Index) -> Statistics:
    """Count messages, each as often as it was seen, and media packets."""
    told = Statistics({}, {}, {}, {})
    for message in found.messages:
        payload = message.payload
        for part in message.walk():
            count = told.protocols.setdefault(part.protocol, Count())
            count.add(part.protocol, 1, len(part.payload.data), message.time, message.time, part.error is not None)
        _ends(told, message.protocol, payload.src, payload.dst, 1, len(payload.data), message.time, message.time)
    for group in found.analysis.story.media:
        count = told.protocols.setdefault(group.protocol, Count())
        count.add(group.protocol, group.packets, 0, group.first, group.last)
        _ends(told, group.protocol, NO_ADDRESS, group.destination, group.packets, 0, group.first, group.last)
    return told


def _ends(
    told: Statistics, protocol: str, src: str, dst: str, packets: int, octets: int, first: int, last: int
) -> None:
    counts = [told.received.setdefault(dst, Count())]
    if src:
        counts += [told.sent.setdefault(src, Count()), told.pairs.setdefault((min(src, dst), max(src, dst)), Count())]
    for count in counts:
        count.add(protocol, packets, octets, first, last)


AMOUNTS = (Column("Packets", 8, right=True), Column("Octets", 9, right=True))
SECONDS = Column("Seconds", 10, right=True)
COLUMNS = {
    "Protocols": (
        Column("Protocol", 14, share=2), *AMOUNTS, Column("Malformed", 9, right=True), SECONDS,
    ),
    "Endpoints": (
        Column("Address", 15, share=2), Column("Node", 9), Column("Sent", 8, right=True),
        Column("Received", 8, right=True), Column("Octets", 9, right=True), Column("Protocols", 12, share=3),
    ),
    "Conversations": (
        Column("Address", 15, share=2), Column("Address ", 15, share=2), *AMOUNTS, SECONDS,
        Column("Protocols", 12, share=3),
    ),
}  # fmt: skip


def protocol_rows(told: Statistics) -> list[Row]:
    """Return a row a protocol, the most frequent first."""
    return [
        Row(
            (
                Cell(name.upper(), "accent"), Cell(str(count.packets)), Cell(str(count.octets or "")),
                Cell(str(count.malformed or ""), "bad"), Cell(_seconds(count)),
            ),
            Mark.FAIL if count.malformed else Mark.NONE,
        )
        for name, count in _frequent(told.protocols.items())
    ]  # fmt: skip


def endpoint_rows(told: Statistics, roles: dict[str, str]) -> list[Row]:
    """Return a row an address, with what it is taken for."""
    rows = []
    none = Count()
    for address in dict.fromkeys((*told.sent, *told.received)):
        sent, received = told.sent.get(address, none), told.received.get(address, none)
        protocols = _protocols(sent.protocols + received.protocols)
        total = sent.packets + received.packets
        row = Row(
            (
                Cell(address), Cell(roles.get(address, ""), "accent"), Cell(str(sent.packets)),
                Cell(str(received.packets)), Cell(str(sent.octets + received.octets or "")), Cell(protocols, "dim"),
            )
        )  # fmt: skip
        rows.append((total, row))
    return [row for _, row in sorted(rows, key=lambda each: -each[0])]


def pair_rows(told: Statistics) -> list[Row]:
    """Return a row a pair of addresses."""
    return [
        Row(
            (
                Cell(one), Cell(other), Cell(str(count.packets)), Cell(str(count.octets)), Cell(_seconds(count)),
                Cell(_protocols(count.protocols), "dim"),
            )
        )
        for (one, other), count in _frequent(told.pairs.items())
    ]  # fmt: skip


def _frequent(counts: Iterable[tuple[Name, Count]]) -> list[tuple[Name, Count]]:
    return sorted(counts, key=lambda each: -each[1].packets)


def _seconds(count: Count) -> str:
    return f"{(count.last - count.first) / SECOND:.3f}"


def _protocols(counts: Counter[str]) -> str:
    return ", ".join(f"{name.upper()} {count}" for name, count in counts.most_common())


class StatisticsScreen(Search):
    """The tables; Enter gives the display filter for what is under the cursor, Esc nothing."""

    BINDINGS = [
        key("escape,q", "dismiss(None)", "Back", show=True),
        key("left_square_bracket", "tab(-1)", "Table before"),
        key("right_square_bracket,tab", "tab(1)", "Next table", show=True),
    ]
    DEFAULT_CSS = """
    StatisticsScreen > Table { height: 1fr; }
    """

    def __init__(self, found: Index) -> None:
        super().__init__()
        self.told = counted(found)
        roles = {address: found.analysis.story.traffic.nodes.role(address) for address in self.told.received}
        roles |= {address: found.analysis.story.traffic.nodes.role(address) for address in self.told.sent}
        self.roles = {address: role for address, role in roles.items() if role != address}
        self.rows_shown: list[Row] = []

    def compose(self) -> ComposeResult:
        yield TabLine(TITLES, id="top")
        yield Table((), "Nothing was said in this capture.", id="counts")
        yield KeyLine()

    @property
    def tabs(self) -> TabLine:
        return self.query_one(TabLine)

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    def on_mount(self) -> None:
        total = sum(count.packets for count in self.told.received.values())
        octets = sum(count.octets for count in self.told.received.values())
        self.tabs.note = f"{total} messages and media packets, {octets_text(octets)} of messages"
        self._show()

    def action_tab(self, by: int) -> None:
        self.tabs.step(by)

    @on(TabLine.Chosen)
    def _chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        self._show()

    def _show(self) -> None:
        title = TITLES[self.tabs.active]
        match title:
            case "Protocols":
                rows = protocol_rows(self.told)
            case "Endpoints":
                rows = endpoint_rows(self.told, self.roles)
            case _:
                rows = pair_rows(self.told)
        self.rows_shown = rows
        self.table.fill(0, rows.__getitem__)
        self.table.sort(UNSORTED, False)
        self.table.show_columns(COLUMNS[title])
        self.table.fill(len(rows), rows.__getitem__)
        self.set_focus(self.table)

    @on(Rows.Chosen)
    def _wanted(self, event: Rows.Chosen) -> None:
        event.stop()
        cells = [cell.text for cell in self.rows_shown[self.table.at].cells]
        match TITLES[self.tabs.active]:
            case "Protocols":
                name = cells[0].lower()
                self.dismiss(MEDIA if name in ("rtp", "rtcp", "srtp", "srtcp") else name)
            case "Endpoints":
                self.dismiss(_of(cells[0]))
            case _:
                self.dismiss(f"{_of(cells[0])} && {_of(cells[1])}")


def _of(address: str) -> str:
    return f"{'ipv6' if ':' in address else 'ip'}.addr == {address}"
