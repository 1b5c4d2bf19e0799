"""Packets: the messages of a case, the field tree of one, and its octets, tied to each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message as Event
from textual.widgets import ContentSwitcher

from analyzer.capture import tshark
from analyzer.filters import FilterError, compile_filter
from analyzer.tui.cells import Cell, Row
from analyzer.tui.events import Said
from analyzer.tui.fields import Layer, as_filter, described, follow_filter, layers, shown
from analyzer.tui.filterbox import FilterBox
from analyzer.tui.hexdump import Hexdump
from analyzer.tui.model import TIME_FORMATS, Index, Place, packet_row
from analyzer.tui.outline import Node, Outline
from analyzer.tui.page import Page
from analyzer.tui.rows import Rows
from analyzer.tui.table import Column, Table
from analyzer.tui.tabline import TabLine
from analyzer.views.hiding import Hider
from dissectors import Field, Message

WIRESHARK = "Wireshark"
BOOKMARK = "●"
COLUMNS = (
    Column("", 2),
    Column("No.", 5, right=True),
    Column("Time", 10, right=True),
    Column("Source", 11, share=1),
    Column("Destination", 11, share=1),
    Column("Proto", 8),
    Column("Len", 5, least=100, right=True),
    Column("Info", 20, share=6),
)


class Filtered(Event):
    """A filter has gone over all messages: the rows that it lets through."""

    def __init__(self, text: str, rows: list[int]) -> None:
        super().__init__()
        self.text = text
        self.rows = rows


class Foreign(Event):
    """What Wireshark makes of a frame, or why there is nothing."""

    def __init__(self, place: Place, lines: Iterable[Cell]) -> None:
        super().__init__()
        self.place = place
        self.lines = tuple(lines)


class Packets(Vertical):
    """Wireshark's three panes, over messages."""

    BINDINGS = [
        Binding("F", "follow", "Follow"),
        Binding("=", "apply_field", "Field as filter", show=False),
        Binding("v", "foreign", "Wireshark's tree", show=False),
        Binding("m", "mark_line", "Mark", show=False),
        Binding("'", "next_mark", "Next mark", show=False),
        Binding("[", "tab(-1)", "Layer before", show=False),
        Binding("]", "tab(1)", "Next layer", show=False),
    ]
    SCOPED_CSS = False  # .-wide is set on the screen
    DEFAULT_CSS = """
    Packets {
        & > #list { height: 1fr; min-height: 6; }
        & > #below { height: 1fr; }
        & #sides { height: 1fr; }
        & #tree { width: 1fr; }
        & #octets { width: 41; border-left: vkey $panel; }
    }
    .-wide Packets #octets { width: 75; }
    """

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.rows = list(range(len(found.messages)))
        self.form = TIME_FORMATS[0]
        self.bookmarks: set[int] = set()
        self.revealed = False
        self.shown_layers: tuple[Layer, ...] = ()
        self.hider = Hider(found.analysis.story.chain.secrets())
        self.bare = Hider(())
        self.wanted: int | None = None  # row of a message to go to when a filter is done

    def compose(self) -> ComposeResult:
        yield FilterBox(_wrong, "all messages; for example: mikey && ip.dst == 10.0.0.5", id="filter")
        yield Table(COLUMNS, self._why_empty(), id="list")
        with Vertical(id="below"):
            yield TabLine(id="layers")
            with ContentSwitcher(initial="sides", id="views"):
                with Horizontal(id="sides"):
                    yield Outline("nothing chosen", id="tree")
                    yield Hexdump(id="octets")
                yield Page("asking tshark…", id="foreign")

    def on_mount(self) -> None:
        self.filter.names = self.found.names
        self.list.fill(len(self.rows), self._row)

    @property
    def filter(self) -> FilterBox:
        return self.query_one("#filter", FilterBox)

    @property
    def list(self) -> Table:
        return self.query_one("#list", Table)

    @property
    def outline(self) -> Outline:
        return self.query_one("#tree", Outline)

    @property
    def octets(self) -> Hexdump:
        return self.query_one("#octets", Hexdump)

    @property
    def tabs(self) -> TabLine:
        return self.query_one("#layers", TabLine)

    @property
    def message(self) -> Message | None:
        """The message under the cursor."""
        return self.found.messages[self.rows[self.list.cursor]] if self.rows else None

    @property
    def place(self) -> Place | None:
        message = self.message
        return None if message is None else (message.payload.capture, message.frame)

    def _why_empty(self) -> str:
        if self.found.messages:
            return "No message passes the filter: change it with f, or clear it."
        facts = self.found.analysis.decoded
        skipped = ", ".join(f"{count} × {reason}" for reason, count in facts.counts.items())
        why = f" What was seen and not read: {skipped}." if skipped else ""
        return f"No SIP, HTTP, MIKEY or Diameter message in this capture.{why} Ports of your own go into case.toml."

    def _row(self, row: int) -> Row:
        message = self.rows[row]
        before = self.found.times[self.rows[row - 1]] if row else None
        line = packet_row(self.found, message, before, self.form)
        if message not in self.bookmarks:
            return line
        first, *rest = line.cells
        return Row((Cell(f"{first.text or ' '}{BOOKMARK}", first.tone), *rest), line.mark)

    # What is under the cursor

    @on(Rows.Moved, "#list")
    def _message_moved(self, event: Rows.Moved) -> None:
        event.stop()
        self._show_message()

    def _show_message(self) -> None:
        message = self.message
        title = self._title()
        self.shown_layers = () if message is None else layers(self.found.analysis.story.chain, message)
        titles = [layer.title for layer in self.shown_layers]
        self.tabs.titles = tuple(titles)
        self.tabs.note = "" if message is None else _ends(message)
        self.tabs.active = titles.index(title) if title in titles else 0
        self.query_one("#views", ContentSwitcher).current = "sides"
        self._show_layer()

    def _title(self) -> str:
        return self.tabs.titles[self.tabs.active] if self.tabs.active < len(self.tabs.titles) else ""

    def _show_layer(self) -> None:
        if self.tabs.active >= len(self.shown_layers):
            self.outline.plant(())
            self.octets.load(b"", ())
            return
        layer = self.shown_layers[self.tabs.active]
        laid = shown(layer, self.bare if self.revealed else self.hider)
        here = self.outline.node
        self.octets.load(layer.data, laid.hidden)
        self.outline.plant(laid.nodes)
        if here is not None and isinstance(here.target, Field) and self.outline.cursor:
            name = here.target.name
            self.outline.go(lambda node: isinstance(node.target, Field) and node.target.name == name)

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        foreign = self._title() == WIRESHARK
        self.query_one("#views", ContentSwitcher).current = "foreign" if foreign else "sides"
        if not foreign:
            self._show_layer()

    def action_tab(self, by: int) -> None:
        self.tabs.step(by)

    # Tree and octets

    @on(Rows.Moved, "#tree")
    def _field_moved(self, event: Rows.Moved) -> None:
        event.stop()
        node = self.outline.node
        if node is not None and isinstance(node.target, Field):
            self.octets.select((node.target.start, node.target.end), follow=not self.octets.has_focus)
            self.post_message(Said(self, described(node.target)))

    @on(Rows.Chosen, "#tree")
    def _field_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.outline.action_swing()

    @on(Rows.Chosen, "#list")
    def _message_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.outline.focus()

    @on(Hexdump.Pointed)
    def _octet_moved(self, event: Hexdump.Pointed) -> None:
        event.stop()
        node = innermost(self.outline.roots, self.octets.octet)
        if node is not None:
            self.outline.go(lambda each: each is node)

    # Filters

    @on(FilterBox.Applied)
    def _apply(self, event: FilterBox.Applied) -> None:
        event.stop()
        message = self.message
        if self.wanted is None and message is not None:
            self.wanted = self.rows[self.list.cursor]
        self.run_worker(lambda: self._sift(event.text), thread=True, exclusive=True, group="filter")
        if self.filter.input.has_focus:
            self.list.focus()

    @on(FilterBox.Left)
    def _left(self, event: FilterBox.Left) -> None:
        event.stop()
        self.list.focus()

    def _sift(self, text: str) -> None:
        """In a worker: find the messages that pass."""
        passes = compile_filter(text)
        self.post_message(Filtered(text, [row for row, message in enumerate(self.found.messages) if passes(message)]))

    @on(Filtered)
    def _filtered(self, event: Filtered) -> None:
        event.stop()
        if event.text != self.filter.applied:
            return
        wanted, self.wanted = self.wanted, None
        self.rows = event.rows
        nearest = bisect_left(self.rows, wanted) if wanted is not None else 0
        self.list.fill(len(self.rows), self._row, nearest)
        self.post_message(Said(self, f"{len(self.rows)} of {len(self.found.messages)} messages"))

    def action_follow(self) -> None:
        """Show only the dialog, connection or delivery of the message under the cursor."""
        if self.message is not None:
            self.filter.apply(follow_filter(self.message))

    def action_apply_field(self) -> None:
        """Show only messages with this value of the field under the cursor."""
        node = self.outline.node
        if node is None or not isinstance(node.target, Field):
            return
        layer = self.shown_layers[self.tabs.active]
        if layer.is_plaintext:
            self.notify("Filters look at messages as they were sent, not at what was decrypted", severity="warning")
        elif not self.revealed and self.hider.hides(node.target):
            self.notify("This field holds a key: K shows it", severity="warning")
        else:
            self.filter.apply(as_filter(node.target))

    # Places

    def go(self, place: Place) -> bool:
        """Go to a frame, or the message nearest after it; False where there is none at all."""
        row = self.found.places.get(place)
        exact = row is not None
        if row is None:
            row = next((number for number, each in enumerate(self.found.messages) if _order(each) >= place), None)
        if row is None:
            return False
        if row in self.rows:
            self.list.cursor = self.rows.index(row)
        else:
            self.wanted = row
            self.filter.apply("")
        return exact

    def action_mark_line(self) -> None:
        """Mark the message under the cursor, or take its mark away."""
        if self.rows:
            self.bookmarks ^= {self.rows[self.list.cursor]}
            self.list.refresh()

    def action_next_mark(self) -> None:
        """Go to the next marked message, from the last on to the first."""
        marked = [row for row, message in enumerate(self.rows) if message in self.bookmarks]
        if not marked:
            self.notify("No message is marked: m marks one", timeout=2)
            return
        self.list.cursor = next((row for row in marked if row > self.list.cursor), marked[0])

    # How it is shown

    def show_time(self, form: str) -> None:
        """Show times in one of TIME_FORMATS."""
        self.form = form
        self.list.refresh()

    def reveal(self, revealed: bool) -> None:
        """Show key octets, or hide them again."""
        self.revealed = revealed
        self._show_layer()

    # Wireshark's own tree

    def action_foreign(self) -> None:
        """Show Wireshark's own tree of the frame, or go back to ours."""
        if self._title() == WIRESHARK:
            self._show_message()
            return
        if self.place is None:
            return
        self.tabs.titles = (*(layer.title for layer in self.shown_layers), WIRESHARK)
        self.query_one("#foreign", Page).write(())
        self.tabs.choose(len(self.tabs.titles) - 1)
        place = self.place
        path = self.found.analysis.captures[place[0]].path
        self.run_worker(lambda: self._ask(path, place), thread=True, exclusive=True, group="tshark")

    def _ask(self, path: str, place: Place) -> None:
        """In a worker: let tshark read the frame."""
        try:
            lines = [Cell(line) for line in tshark.frame_tree(path, place[1]).splitlines()]
        except tshark.TsharkError as error:
            lines = [Cell(f"✗ {error}", "bad")]
        self.post_message(Foreign(place, lines))

    @on(Foreign)
    def _answered(self, event: Foreign) -> None:
        event.stop()
        if event.place == self.place:
            self.query_one("#foreign", Page).write(event.lines)
            self.query_one("#foreign", Page).focus()


def _order(message: Message) -> Place:
    return message.payload.capture, message.frame


def _ends(message: Message) -> str:
    payload = message.payload
    frames = f"frames {payload.frames[0]}–{payload.frame}" if len(payload.frames) > 1 else f"frame {payload.frame}"
    return f"{frames} · {payload.transport} {payload.sport} → {payload.dport} · {len(payload.data)} octets"


def _wrong(text: str) -> str:
    try:
        compile_filter(text)
    except FilterError as error:
        return str(error)
    return ""


def innermost(roots: Iterable[Node], octet: int) -> Node | None:
    """Return the deepest node whose field holds an octet."""
    for node in roots:
        target = node.target
        if isinstance(target, Field) and target.start <= octet < target.end:
            return innermost(node.children, octet) or node
    return None
