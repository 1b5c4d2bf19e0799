"""One message looked into: a tab for each layer, its field tree and its octets, tied both ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message as Event
from textual.widgets import ContentSwitcher

from analyzer.capture import tshark
from analyzer.keys.unlock import KEY_DATA
from analyzer.report import Judgement
from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell
from analyzer.tui.events import OpenFinding, Said
from analyzer.tui.fields import Shown, as_filter, described, opened_node, problem_node, shown
from analyzer.tui.hexdump import Hexdump
from analyzer.tui.mediakeys import MediaKeys
from analyzer.tui.model import Index
from analyzer.tui.outline import Node, Outline
from analyzer.tui.page import Page
from analyzer.tui.rows import Rows
from analyzer.tui.seen import OF_HEADERS
from analyzer.tui.tabline import TabLine
from analyzer.views.hiding import Hider
from analyzer.views.layers import Layer, layers
from dissectors import Field, Message

WIRESHARK = "Wireshark"
BARE = Hider(())  # hides nothing


class Foreign(Event):
    """What Wireshark makes of the frame of a message, or why there is nothing."""

    def __init__(self, message: Message, lines: Iterable[Cell]) -> None:
        super().__init__()
        self.message = message
        self.lines = tuple(lines)


class Inspector(Vertical):
    """The lower half of Packets."""

    BINDINGS = [
        key("=", "apply_field", "Field as filter"),
        key("|", "apply_column", "Field as column"),
    ]
    SCOPED_CSS = False  # .-wide is set on the screen
    DEFAULT_CSS = """
    Inspector {
        & #views, & #sides { height: 1fr; }
        & #tree { width: 1fr; }
        & #octets { width: 41; border-left: vkey $panel; }
    }
    .-wide Inspector #octets { width: 75; }
    """

    class Wanted(Event):
        """Only messages with this value of a field are wanted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Column(Event):
        """The list is to have a column for a field."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found
        self.message: Message | None = None
        self.parts: tuple[Layer, ...] = ()
        self.hider = found.hider
        self.media_keys = MediaKeys(found.analysis)

    def compose(self) -> ComposeResult:
        yield TabLine(id="layers")
        with ContentSwitcher(initial="sides", id="views"):
            with Horizontal(id="sides"):
                yield Outline("nothing chosen", id="tree")
                yield Hexdump(id="octets")
            yield Page("asking tshark…", id="foreign")

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
    def title(self) -> str:
        """The title of the tab that is seen."""
        return self.tabs.titles[self.tabs.active] if self.tabs.active < len(self.tabs.titles) else ""

    def show(self, message: Message | None, frame: Layer | None = None) -> None:
        """Look into another message, at the layer that was looked at before where it has one like it.

        With `frame` the headers of its frame are the last layer, or the only one where that is no more than a frame.
        """
        before = self.title if frame is None or self.title != frame.title else ""
        self.message = message
        self.parts = () if message is None else self._layers(message)
        if frame is not None and message is not None:
            self.parts = (frame,) if message is frame.message else (*self.parts, frame)
        titles = tuple(layer.title for layer in self.parts)
        self.tabs.titles = titles
        self.tabs.note = "" if message is None else _ends(message)
        self.tabs.active = titles.index(before) if before in titles else 0
        self._turn_to("sides")
        self._show_layer()

    def _layers(self, message: Message) -> tuple[Layer, ...]:
        first, *inner = layers(self.found.whole(message))
        fields = self._media_keys().fields(message)
        return (replace(first, title=self.found.protocol(message), fields=fields), *inner)

    def _media_keys(self) -> MediaKeys:
        if self.media_keys.analysis is not self.found.analysis:
            self.media_keys = MediaKeys(self.found.analysis)
        return self.media_keys

    def _turn_to(self, view: str) -> None:
        """Show the tree with its octets, or Wireshark's; the focus stays on what is seen."""
        views = self.query_one("#views", ContentSwitcher)
        had_focus = views.current != view and views.has_focus_within
        views.current = view
        if had_focus:
            self.screen.set_focus(self.outline if view == "sides" else self.query_one("#foreign"))

    def _show_layer(self) -> None:
        if self.tabs.active >= len(self.parts):
            self.outline.plant(())
            self.octets.load(b"", ())
            return
        layer = self.parts[self.tabs.active]
        laid = shown(layer, self.hider) if layer.headers is None else self._laid(layer)
        problems = () if self.tabs.active else self.found.problems_in(layer.message)
        here = self.outline.node
        self.octets.load(layer.data, laid.hidden)
        payload = layer.message.payload
        opened = self.found.opened.get((payload.capture, layer.message.frame), ())
        keys = map(opened_node, opened if self.tabs.active == 0 or layer.message.protocol == KEY_DATA else ())
        under = () if self.tabs.active or opened else self._under(layer.message)
        self.outline.plant((*map(problem_node, problems), *keys, *under, *laid.nodes))
        if here is not None and isinstance(here.target, Field):
            name = here.target.name
            self.outline.go(lambda node: isinstance(node.target, Field) and node.target.name == name)

    def _under(self, message: Message) -> tuple[Node, ...]:
        """Return the line that says which key a media packet is under."""
        line = self._media_keys().told(message)
        return (Node(line),) if line else ()

    def _laid(self, layer: Layer) -> Shown:
        """Lay out a frame: what it carries stays unseen where it, or a message that it is part of, holds a key."""
        carried = layer.data[layer.begin :]
        if self.hider.holds_secret(carried) or any(map(self._hides, self.parts[:-1])):
            return shown(layer, BARE).without(layer.begin, len(layer.data))
        return shown(layer, self.hider)

    def _hides(self, layer: Layer) -> bool:
        """Say whether octets of a layer that the network sent as they are stay unseen."""
        is_sent = layer.message.offset >= 0 or layer is self.parts[0]
        return is_sent and bool(shown(layer, self.hider).hidden)

    def reveal(self, revealed: bool) -> None:
        """Show key octets, or hide them again."""
        self.hider = BARE if revealed else self.found.hider
        if self.title != WIRESHARK:
            self._show_layer()

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        is_foreign = self.title == WIRESHARK
        self._turn_to("foreign" if is_foreign else "sides")
        if not is_foreign:
            self._show_layer()

    # Tree and octets

    @on(Rows.Moved, "#tree")
    def _field_moved(self, event: Rows.Moved) -> None:
        event.stop()
        node = self.outline.node
        if node is not None and isinstance(node.target, Judgement):
            self.post_message(Said(self, node.target.message))
        elif node is not None and isinstance(node.target, Field):
            self.octets.select((node.target.start, node.target.end), follow=not self.octets.has_focus)
            self.post_message(Said(self, described(node.target)))

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        node = self.outline.node
        if event.rows is not self.outline or node is None:
            return
        if isinstance(node.target, Judgement):
            self.post_message(OpenFinding(node.target))
        else:
            self.outline.action_swing()

    @on(Hexdump.Pointed)
    def _octet_moved(self, event: Hexdump.Pointed) -> None:
        event.stop()
        node = innermost(self.outline.roots, self.octets.octet)
        if node is not None:
            self.outline.go(lambda each: each is node)

    def action_apply_field(self) -> None:
        """Show only messages with this value of the field under the cursor."""
        node = self.outline.node
        if node is None or not isinstance(node.target, Field):
            return
        if node.target.name not in OF_HEADERS and self._is_of_frame(node.target):
            return
        if self.hider.hides(node.target) and not node.target.children:
            self.notify("This field holds a key: K shows it", severity="warning")
        else:
            self.post_message(self.Wanted(as_filter(node.target)))

    def action_apply_column(self) -> None:
        """Give the list a column for the field under the cursor."""
        node = self.outline.node
        if node is not None and isinstance(node.target, Field) and not self._is_of_frame(node.target):
            self.post_message(self.Column(node.target.name))

    def _is_of_frame(self, target: Field) -> bool:
        """Say whether no message has such a field, and tell it."""
        is_so = self.parts[self.tabs.active].headers is not None and target.name not in self.found.names
        if is_so:
            self.notify(f"{target.name} is of frames, and no message has it", timeout=3)
        return is_so

    # Wireshark's own tree

    def toggle_foreign(self) -> None:
        """Show Wireshark's own tree of the frame, or go back to ours."""
        message = self.message
        if message is None or self.title == WIRESHARK:
            self.show(message)
            return
        self.tabs.titles = (*(layer.title for layer in self.parts), WIRESHARK)
        self.query_one("#foreign", Page).write(())
        self.tabs.choose(len(self.tabs.titles) - 1)
        self.run_worker(lambda: self._ask(message), thread=True, exclusive=True, group="tshark")

    def _ask(self, message: Message) -> None:
        """In a worker: let tshark read the frame."""
        analysis, hider = self.found.analysis, self.hider
        path = analysis.captures[message.payload.capture].path
        try:
            told = tshark.frame_tree(path, message.frame, analysis.keyring.keylog)
            lines = [Cell(hider.told(line)) for line in told.splitlines()]
        except tshark.TsharkError as error:
            lines = [Cell(f"✗ {error}", "bad")]
        self.post_message(Foreign(message, lines))

    @on(Foreign)
    def _answered(self, event: Foreign) -> None:
        event.stop()
        if event.message is self.message and self.title == WIRESHARK:
            self.query_one("#foreign", Page).write(event.lines)
            self.screen.set_focus(self.query_one("#foreign", Page))


def _ends(message: Message) -> str:
    payload = message.payload
    if not payload.transport:
        return f"frame {payload.frame} · {len(payload.data)} octets"
    frames = f"frames {payload.frames[0]}–{payload.frame}" if len(payload.frames) > 1 else f"frame {payload.frame}"
    ports = f"{payload.sport} → {payload.dport}" if payload.sport else f"→ {payload.dport}"  # media has no source kept
    return f"{frames} · {payload.transport} {ports} · {len(payload.data)} octets"


def innermost(roots: Iterable[Node], octet: int) -> Node | None:
    """Return the deepest node whose field holds an octet."""
    for node in roots:
        target = node.target
        if isinstance(target, Field) and target.start <= octet < target.end:
            return innermost(node.children, octet) or node
    return None
