"""What the UI remembers of a capture from one time to the next: columns, filter, time format and marks.

One JSON file under the XDG state folder; nothing of what a message says is in it, and no key.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.tui.model import Place

MAX_CAPTURES = 200  # that are remembered, the oldest go
MAX_BOOKMARKS = 10_000  # of one capture
THEME, FILTERS = "theme", "filters"  # what is kept under these names is of no capture
MAX_FILTERS = 200  # that are saved by name
MAX_SIZE = 16 * 1024 * 1024  # octets of the file that are read


@dataclass(frozen=True, slots=True)
class State:
    """How a capture was looked at."""

    columns: tuple[str, ...] = ()
    filter: str = ""
    time: str = ""
    bookmarks: tuple[Place, ...] = ()


class Memory:
    """The file with the states of captures; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def recall(self, captures: Sequence[str]) -> State:
        """Return how a case was looked at last; a file that is damaged remembers nothing."""
        told = self._read().get(_name(captures), {})
        with suppress(KeyError, TypeError, ValueError):
            return State(
                tuple(str(name) for name in told["columns"]),
                str(told["filter"]),
                str(told["time"]),
                tuple((int(capture), int(frame)) for capture, frame in told["bookmarks"]),
            )
        return State()

    def keep(self, captures: Sequence[str], state: State) -> None:
        """Remember how a case is looked at; where that cannot be written, it is forgotten."""
        known = self._read()
        known.pop(_name(captures), None)
        if state != State():
            known[_name(captures)] = {
                "columns": list(state.columns),
                "filter": state.filter,
                "time": state.time,
                "bookmarks": [list(place) for place in state.bookmarks[:MAX_BOOKMARKS]],
            }
        others = {name: known.pop(name) for name in (THEME, FILTERS) if name in known}
        self._write(others | dict(list(known.items())[-MAX_CAPTURES:]))

    @property
    def filters(self) -> dict[str, str]:
        """Filters that were saved, by name."""
        return {name: text for name, text in self._read().get(FILTERS, {}).items() if isinstance(text, str) and text}

    def keep_filter(self, name: str, text: str) -> None:
        """Save a filter under a name, "" to forget it."""
        filters = {each: known for each, known in self.filters.items() if each != name}
        if text:
            filters[name] = text
        self._write({**self._read(), FILTERS: dict(list(filters.items())[-MAX_FILTERS:])})

    @property
    def theme(self) -> str | None:
        """The theme that was chosen last in the UI."""
        theme = self._read().get(THEME, {}).get("name")
        return theme if isinstance(theme, str) else None

    def keep_theme(self, name: str) -> None:
        """Remember the theme."""
        self._write({**self._read(), THEME: {"name": name}})

    def _write(self, known: dict[str, dict[str, Any]]) -> None:
        if self.path is None:
            return
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(known), encoding="utf-8")
            fresh.replace(self.path)

    def _read(self) -> dict[str, dict[str, Any]]:
        if self.path is None:
            return {}
        with suppress(OSError, ValueError, RecursionError):
            if self.path.stat().st_size <= MAX_SIZE:
                known = json.loads(self.path.read_text(encoding="utf-8"))
                if isinstance(known, dict):
                    return {name: told for name, told in known.items() if isinstance(told, dict)}
        return {}


def _name(captures: Sequence[str]) -> str:
    """What a case is remembered by: no path of a user's lies about in the state folder."""
    paths = "\0".join(str(Path(path).absolute()) for path in captures)
    return hashlib.sha256(paths.encode("utf-8", "surrogateescape")).hexdigest()[:32]
