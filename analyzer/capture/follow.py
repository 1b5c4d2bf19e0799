"""A capture that still grows: at its end more is waited for, until it is over or nobody wants any more."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from select import select

POLL = 0.1  # seconds from one look for more to the next
GRACE = 0.5  # seconds in which what is still under way is taken, after a stop or when a file was replaced


def nothing() -> None:
    """Do nothing while more is waited for."""


@dataclass(slots=True)
class Follow:
    """What a capture is followed with: `rest` is called whenever all that was there has been taken.

    `stop` may be called by a signal handler; `over` says what ended the capture, "" where it was stopped.
    """

    rest: Callable[[], None] = nothing
    over: str = ""
    deadline: float | None = None  # when to take no more, by the monotonic clock

    def stop(self) -> None:
        """Take what is there already, and no more."""
        self.deadline = time.monotonic() + GRACE

    @property
    def late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline


class Growing(FileIO):
    """A file or a pipe that is read as it grows.

    `left` says that it was stopped while more could have come: that it ends within a record is no damage then.
    """

    def __init__(self, file: str | int, follow: Follow) -> None:
        super().__init__(file, "rb", closefd=not isinstance(file, int))
        self.left = False
        self._path = file if isinstance(file, str) else None
        self._follow = follow
        self._grows = stat.S_ISREG(os.fstat(self.fileno()).st_mode)

    def readinto(self, room: bytearray | memoryview) -> int:  # type: ignore[override]  # of all buffers, those in use
        """Read what is there, at least one octet; 0 when nothing will come any more."""
        since: float | None = None  # when the file was seen to be another
        while not self._follow.late:
            if self._grows or select([self], [], [], 0)[0]:
                count = super().readinto(room) or 0
                if count or not self._grows:
                    return count
            self._follow.rest()
            if self._follow.deadline is not None and self._grows:
                break
            if (over := self._ended()) and since is not None and time.monotonic() - since > GRACE:
                self._follow.over = over
                return 0
            since = (since or time.monotonic()) if over else None
            if self._grows:
                time.sleep(POLL)
            else:
                select([self], [], [], POLL)
        self.left = True
        return 0

    def _ended(self) -> str:
        """Say what became of a file that nobody will write to any more."""
        if not self._grows:
            return ""
        own = os.fstat(self.fileno())
        if own.st_size < self.tell():
            return "it was emptied"
        if self._path is None:
            return ""
        try:
            named = os.stat(self._path)
        except OSError:
            return "it was removed"
        return "" if os.path.samestat(own, named) else "another file took its name"
