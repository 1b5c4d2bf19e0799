"""A message as Wireshark shows it: the field tree of each layer, and the filters that fields make."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.report import Judgement
from analyzer.tui.cells import Cell
from analyzer.tui.model import mark_of
from analyzer.tui.outline import Node
from analyzer.views import layers
from analyzer.views.hiding import Hider
from analyzer.views.layers import MAX_VALUE, Layer, Span
from dissectors import Field, Message, tree

HIDDEN = "•••••••• holds a key: K shows it"


@dataclass(frozen=True, slots=True)
class Shown:
    """A layer ready to be shown: its tree, and the octets that stay unseen."""

    nodes: tuple[Node, ...]
    hidden: tuple[Span, ...]

    def without(self, begin: int, end: int) -> Shown:
        """Return the same with some octets unseen, and only the nodes before them."""
        kept = (node for node in self.nodes if isinstance(node.target, Field) and node.target.end <= begin)
        return Shown((*kept, Node((Cell(HIDDEN, "warn"),))), ((begin, end),))


def shown(layer: Layer, hider: Hider) -> Shown:
    """Lay out a layer; what the hider hides is neither in the tree nor in the octets."""
    known = layer.fields if layer.headers is None else layer.headers
    fields = tree(layer.message) if known is None else known
    hidden = layers.hidden(fields, hider)
    nodes = [_node(each, f"{layer.title}/{number}", hider) for number, each in enumerate(fields)]
    nodes += [Node((Cell("note ", "warn"), Cell(hider.told(note)))) for note in layer.message.notes]
    error = layer.message.error if layer.fields is None else None
    if error is not None:
        place = Field(error.field, b"", error.offset, min(error.offset + 1, len(layer.data)))
        line = (
            Cell("✗ malformed ", "bad"),
            Cell(f"{error.field} at octet {error.offset}: {hider.told(error.reason)}", "bad"),
        )
        nodes.insert(0, Node(line, (), place))
    return Shown(tuple(nodes), hidden)


def problem_node(judgement: Judgement) -> Node:
    """Return the line that says what a rule has against a message, as Wireshark's expert info does."""
    mark = mark_of(judgement)
    return Node((Cell(f"{mark.sign} {judgement.rule} ", mark.tone), Cell(judgement.message)), (), judgement, mark)


def opened_node(told: str) -> Node:
    """Return the line that says which key opened a message, or verified it."""
    return Node((Cell("✓ ", "good"), Cell(told)))


def _node(each: Field, name: str, hider: Hider) -> Node:
    protocol, dot, rest = each.name.rpartition(".")
    text, is_hidden = worded(each, hider)
    line = [Cell(protocol + dot, "dim"), Cell(rest, "accent")]
    if text:
        line.append(Cell(f": {text}", "warn" if is_hidden else ""))
    children = [
        _node(child, f"{name}/{number}", hider) for number, child in enumerate(each.children) if not child.is_syntax
    ]
    return Node(line, children, each, name=name, open=True)


def worded(each: Field, hider: Hider) -> tuple[str, bool]:
    """Return what a field says, and whether it says only that it holds a key, and how that is shown."""
    text, is_hidden = layers.worded(each, hider)
    return HIDDEN if is_hidden else text, is_hidden


def described(each: Field) -> str:
    """Return what the status line says of a field, as Wireshark does: name, place and length."""
    length = each.end - each.start
    return f"{each.name} · {length} octet{'' if length == 1 else 's'} at {each.start}"


def as_filter(each: Field) -> str:
    """Return the display filter that finds messages with this value of the field."""
    match each.value:
        case _ if each.children:
            return each.name
        case bytes() as octets:
            return f"{each.name} == {octets.hex()}" if 0 < len(octets) <= MAX_VALUE else each.name
        case str() as text:
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            return f'{each.name} == "{escaped}"'
        case number:
            return f"{each.name} == {number}"


def follow_filter(message: Message) -> str:
    """Return the display filter for the dialog, connection or delivery that a message belongs to."""
    payload = message.payload
    names = {each.name: each for outermost in tree(message) for each in outermost.walk()}
    for name in ("sip.Call-ID", "diameter.Session-Id", "mikey.csb_id"):
        if name in names:
            return as_filter(names[name])
    version = "ipv6" if ":" in payload.src else "ip"
    ends = " && ".join(f"{version}.addr == {address}" for address in dict.fromkeys((payload.src, payload.dst)))
    ports = " && ".join(f"{payload.transport}.port == {port}" for port in dict.fromkeys((payload.sport, payload.dport)))
    return f"{ends} && {ports}"
