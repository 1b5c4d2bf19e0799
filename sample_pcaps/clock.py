"""The clock of a story: each message is a step after the one before."""

from __future__ import annotations

from datetime import UTC, datetime

from sample_pcaps.forge import SECOND

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * SECOND
MILLISECOND = 10**6  # ns
STEP = 5 * MILLISECOND  # from one message to the next


class Clock:
    """The time of a story, in ns since 1970."""

    def __init__(self, start: int = START) -> None:
        self.now = start

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * SECOND)

    def at(self, seconds: float) -> None:
        """Set the clock to so many seconds after the start of the story: steps may overlap."""
        self.now = START + round(seconds * SECOND)

    def tick(self) -> int:
        """Go on by a step, and return the time."""
        self.now += STEP
        return self.now
