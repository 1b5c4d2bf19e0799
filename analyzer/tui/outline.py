"""A tree of lines that open and close."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Line, Mark, printable
from analyzer.tui.rows import Rows


class Node:
    """One entry of an outline: a line, what is below it, and what it stands for."""

    __slots__ = ("children", "line", "mark", "name", "open", "target")

    def __init__(
        self, line: Line, children: Sequence[Node] = (), target: object = None, mark: Mark = Mark.NONE,
        name: str = "", open: bool = False,
    ) -> None:  # fmt: skip
        self.line = line
        self.children = tuple(children)
        self.target = target
        self.mark = mark
        self.name = name  # remembers being open under this name
        self.open = open


class Outline(Rows):
    """A tree of nodes that open and close."""

    BINDINGS = [
        key("right,l", "unfold", "Unfold"),
        key("left,h", "fold", "Fold"),
        key("space", "swing", "Fold or unfold"),
        key("asterisk", "unfold_all", "Unfold all"),
    ]

    def __init__(self, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.empty = empty
        self.roots: tuple[Node, ...] = ()
        self.shown: list[tuple[Node, int]] = []
        self.remembered: dict[str, bool] = {}

    def plant(self, roots: Sequence[Node], cursor: int = 0) -> None:
        """Show other nodes; those with a name open as they were left."""
        self.roots = tuple(roots)
        for node in _all(self.roots):
            if node.children and node.name:
                node.open = self.remembered.get(node.name, node.open)
        self._flatten()
        self.reset(len(self.shown), cursor)

    def _flatten(self) -> None:
        self.shown = []
        stack = [(node, 0) for node in reversed(self.roots)]
        while stack:
            node, depth = stack.pop()
            self.shown.append((node, depth))
            if node.open:
                stack += [(child, depth + 1) for child in reversed(node.children)]

    @property
    def node(self) -> Node | None:
        return self.shown[self.cursor][0] if self.cursor < len(self.shown) else None

    def line(self, row: int, width: int) -> Line:
        node, depth = self.shown[row]
        sign = " " if not node.children else "▾" if node.open else "▸"
        return (Cell(f"{'  ' * depth}{sign} ", "dim"), *node.line)

    def text(self, row: int) -> str:
        return printable("".join(cell.text for cell in self.shown[row][0].line)).strip()

    def mark(self, row: int) -> Mark:
        return self.shown[row][0].mark

    def _set(self, node: Node, is_open: bool) -> None:
        if node.children and node.open != is_open:
            node.open = is_open
            if node.name:
                self.remembered[node.name] = is_open
            self._flatten()
            self.reset(len(self.shown), self.cursor)

    def action_unfold(self) -> None:
        node = self.node
        if node is not None and node.open:
            self.cursor += 1
        elif node is not None:
            self._set(node, True)

    def action_fold(self) -> None:
        node = self.node
        if node is not None and node.open and node.children:
            self._set(node, False)
        elif node is not None:
            depth = self.shown[self.cursor][1]
            above = (row for row in range(self.cursor - 1, -1, -1) if self.shown[row][1] < depth)
            self.cursor = next(above, self.cursor)

    def action_swing(self) -> None:
        if self.node is not None:
            self._set(self.node, not self.node.open)

    def action_unfold_all(self) -> None:
        here = self.node
        for node in _all(self.roots):
            node.open = bool(node.children)
        self._flatten()
        places = [row for row, (node, _) in enumerate(self.shown) if node is here]
        self.reset(len(self.shown), places[0] if places else 0)

    def _seek(self, wanted: Callable[[int], bool], direction: int) -> bool:
        """Look into closed nodes too; only the way to what is found stays open."""
        here = self.node
        nodes = list(_all(self.roots))
        was = [node.open for node in nodes]
        for node in nodes:
            node.open = True
        self._flatten()
        start = next((row for row, (node, _) in enumerate(self.shown) if node is here), 0)
        stop = len(self.shown) if direction > 0 else -1
        found = next((self.shown[row][0] for row in range(start + direction, stop, direction) if wanted(row)), None)
        for node, is_open in zip(nodes, was, strict=True):
            node.open = is_open
        self._flatten()
        return found is not None and self.go(lambda node: node is found)

    def go(self, wanted: Callable[[Node], bool]) -> bool:
        """Open the way to the first node that is wanted and put the cursor there."""
        path = _path(self.roots, wanted)
        if not path:
            return False
        for node in path[:-1]:
            node.open = True
        self._flatten()
        self.reset(len(self.shown), next(row for row, (node, _) in enumerate(self.shown) if node is path[-1]))
        return True


def _all(roots: Sequence[Node]) -> Iterator[Node]:
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(node.children)


def _path(roots: Sequence[Node], wanted: Callable[[Node], bool]) -> list[Node]:
    stack: list[tuple[Node, tuple[Node, ...]]] = [(node, (node,)) for node in reversed(roots)]
    while stack:
        node, path = stack.pop()
        if wanted(node):
            return list(path)
        stack += [(child, (*path, child)) for child in reversed(node.children)]
    return []
