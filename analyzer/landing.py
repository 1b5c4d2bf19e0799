"""Files that land in a folder: which of them nobody writes to any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from analyzer.capture.case import below

MAX_KNOWN = 100_000  # files that are remembered as taken

State = tuple[int, int]  # octets, and when they were changed last, ns


@dataclass(slots=True)
class Landing:
    """Takes what is told of files and gives those that have not grown for `settle` seconds.

    `now` is any clock that goes on in seconds. A file that changes after it was taken is given again.
    """

    settle: float
    waiting: dict[Path, tuple[State, float]] = field(default_factory=dict)
    taken: dict[Path, State] = field(default_factory=dict)

    def changed(self, path: Path, now: float) -> None:
        """Note that a file was made, or written to; one that is gone, or no file, is forgotten."""
        state = _state(path)
        if state is None:
            self.waiting.pop(path, None)
            self.taken.pop(path, None)
        elif self.taken.get(path) != state and self.waiting.get(path, (None, 0.0))[0] != state:
            self.waiting[path] = state, now

    def skip(self, path: Path) -> None:
        """Take a file that is there already, so that it is given only when it changes."""
        state = _state(path)
        if state is not None:
            self._take(path, state)

    def ready(self, now: float) -> list[Path]:
        """Return the files that have settled, in the order in which they did."""
        for path in list(self.waiting):
            self.changed(path, now)
        settled = [path for path, (_, since) in self.waiting.items() if now - since >= self.settle]
        settled.sort(key=lambda path: (self.waiting[path][1], path))
        for path in settled:
            self._take(path, self.waiting.pop(path)[0])
        return settled

    def _take(self, path: Path, state: State) -> None:
        self.taken[path] = state
        while len(self.taken) > MAX_KNOWN:
            del self.taken[next(iter(self.taken))]


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if path.is_file() else None


def files(folder: Path) -> list[Path]:
    """Return all files below a folder, but for those whose names, or those of their folders, begin with a dot."""
    return [here / name for here, names in below(folder) for name in names]


def is_hidden(path: Path, folder: Path) -> bool:
    """Say whether a file below a folder, or a folder on the way, has a name that begins with a dot."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
