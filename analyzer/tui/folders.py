"""The files of a machine as a tree, and what each of them is: told from its octets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from analyzer.capture.case import CASE, KEYRING, KEYS_SUFFIX
from analyzer.capture.reader import CaptureError, is_capture, open_capture
from analyzer.tui.cells import Cell
from analyzer.tui.model import octets_text, utc
from analyzer.tui.outline import Node, Outline

MAX_ENTRIES = 2000  # of a folder that are listed
MAX_LOOKED = 200  # files of a folder that are looked into for captures


def listing(folder: Path) -> tuple[list[str], list[str], bool]:
    """Return the names of the folders and files in a folder, without hidden ones, and whether there are more.

    Raises OSError where it cannot be read.
    """
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(folder) as found:
        seen = list(islice((entry for entry in found if not entry.name.startswith(".")), MAX_ENTRIES + 1))
    for entry in seen[:MAX_ENTRIES]:
        (folders if entry.is_dir() else files).append(entry.name)
    return sorted(folders), sorted(files), len(seen) > MAX_ENTRIES


def told(path: Path) -> Cell:
    """Say what a file or folder is."""
    try:
        if path.is_dir():
            return Cell(f"a folder with {_in_folder(path)}")
        if not path.is_file():
            return Cell("✗ there is no such file" if not path.exists() else "✗ is no regular file", "bad")
        size = octets_text(path.stat().st_size)
    except OSError as error:
        return Cell(f"✗ cannot be read: {error.strerror or error}", "bad")
    if path.name == KEYRING or path.name.endswith(KEYS_SUFFIX):
        return Cell(f"a keyring, {size}: it is taken with the capture beside it", "dim")
    if path.name == CASE:
        return Cell(f"what is said of the captures beside it, {size}", "dim")
    return _capture(path, size)


def _capture(path: Path, size: str) -> Cell:
    try:
        capture = open_capture(str(path))
        next(iter(capture.blocks()), None)
    except CaptureError as error:
        return Cell(f"✗ {error.reason}", "bad")
    facts = capture.facts
    first = f"from {utc(facts.first)} UTC" if facts.first is not None else "without a packet"
    links = ", ".join(facts.link_types)
    return Cell(", ".join(word for word in (facts.format, capture.compression, size, links, first) if word), "good")


def _in_folder(folder: Path) -> str:
    folders, files, more = listing(folder)
    captures = sum(is_capture(str(folder / name)) for name in files[:MAX_LOOKED])
    some = "or more " if more or len(files) > MAX_LOOKED else ""
    kept = [name for name in (KEYRING, CASE) if name in files]
    counted = f"{captures} {some}capture{'' if captures == 1 else 's'}, {len(folders)} folders"
    return ", ".join((counted, *kept))


class FolderTree(Outline):
    """Folders and files; a folder is read when it is opened."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__("There is nothing to see.", id=id)

    @property
    def path(self) -> Path | None:
        """What is under the cursor."""
        target = None if self.node is None else self.node.target
        return target if isinstance(target, Path) else None

    def begin(self, path: Path) -> None:
        """Show all folders from the root on, with the way to one of them open."""
        root = Node((Cell(path.anchor, "accent"),), self._children(Path(path.anchor)), Path(path.anchor), open=True)
        self.plant([root])
        self.show(path)

    def show(self, path: Path) -> bool:
        """Open the way to a path and put the cursor on it, or on the first entry of a folder; False where it is not."""
        node = self.roots[0]
        for part in path.parts[1:]:
            self._load(node)
            below = next((each for each in node.children if _name(each) == part), None)
            if below is None:
                return False
            node = below
        self._load(node)
        node.open = bool(node.children)
        below = node.children[0] if node.children else node
        return self.go(lambda each: each is below)

    def near(self, folder: Path, beginning: str) -> bool:
        """Put the cursor on the first entry of a folder whose name begins so, in any case of letters."""
        if not self.show(folder):
            return False
        wanted = beginning.casefold()
        return not wanted or self.go(lambda each: _parent(each) == folder and _name(each).casefold().startswith(wanted))

    def _set(self, node: Node, is_open: bool) -> None:
        if is_open:
            self._load(node)
        super()._set(node, is_open)

    def action_unfold_all(self) -> None:
        """Open what is under the cursor: a disk is not opened as a whole."""
        self.action_unfold()

    def _load(self, node: Node) -> None:
        """Read a folder that was not read yet."""
        if isinstance(node.target, Path) and len(node.children) == 1 and node.children[0].target is None:
            node.children = tuple(self._children(node.target))

    def _children(self, folder: Path) -> tuple[Node, ...]:
        try:
            return tuple(_nodes(folder))
        except OSError as error:
            return (Node((Cell(f"✗ {error.strerror or error}", "bad"),), target=error),)


def _nodes(folder: Path) -> Iterator[Node]:
    folders, files, more = listing(folder)
    for name in folders:
        yield Node((Cell(f"{name}/", "accent"),), (Node((Cell("…", "dim"),)),), folder / name)
    for name in files:
        yield Node((Cell(name),), (), folder / name)
    if more:
        yield Node((Cell(f"and more than these {MAX_ENTRIES}: type the name", "dim"),), target=MAX_ENTRIES)


def _name(node: Node) -> str:
    return node.target.name if isinstance(node.target, Path) else ""


def _parent(node: Node) -> Path | None:
    return node.target.parent if isinstance(node.target, Path) else None


def completed(text: str) -> str:
    """Return a path completed as far as all that begins so are alike; a folder gets its slash."""
    folder, beginning = split(text)
    try:
        folders, files, _ = listing(folder)
    except OSError:
        return text
    found = [f"{name}/" for name in folders] + files
    found = [name for name in found if name.startswith(beginning)]
    if not found:
        return text
    return text[: len(text) - len(beginning)] + os.path.commonprefix(found)  # noqa: RUF071  # of names


def split(text: str) -> tuple[Path, str]:
    """Return the folder of a path that is being typed, and the beginning of the name after it."""
    head, slash, beginning = text.rpartition("/")
    return Path(head + slash or ".").expanduser().absolute(), beginning
