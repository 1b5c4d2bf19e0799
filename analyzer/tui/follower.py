"""A capture that grows: it is read in a thread, and judged anew whenever all that was there has been taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from copy import copy
from dataclasses import replace

from textual.message import Message as Event

from analyzer.analysis import Analysis, Live, Options, analyse
from analyzer.batch import Fault
from analyzer.capture.case import CaseFiles
from analyzer.capture.follow import Follow
from analyzer.tui.loading import fault_of
from analyzer.tui.model import Index, index

RETELL = 0.5  # seconds between two accounts, at least
SHARE = 4  # of the time at most one part of so many and one goes into accounts


class Grown(Event):
    """What a capture comes to so far; `over` says why no more will come, "" while it may."""

    def __init__(self, case: int, found: Index | Fault, over: str = "") -> None:
        super().__init__()
        self.case = case
        self.found = found
        self.over = over


class Follower:
    """Follows the capture of a case and tells `post` what it comes to."""

    def __init__(self, number: int, case: CaseFiles, options: Options, post: Callable[[Grown], object]) -> None:
        self.number = number
        self.case = case
        self.options = options
        self.post = post
        self.live = Live(Follow())
        self.live.follow.rest = self._rest
        self._due = 0.0
        self._messages = -1

    def begin(self) -> None:
        """Begin to read; who quits does not wait for it."""
        threading.Thread(target=copy_context().run, args=(self._read,), daemon=True).start()

    def stop(self) -> None:
        """Take what is there already, and no more."""
        self.live.follow.stop()

    def _read(self) -> None:
        """In a thread: analyse the case to its end."""
        try:
            found: Index | Fault = index(analyse(self.case, self.options, live=self.live))
        except Exception as error:  # noqa: BLE001  # whatever goes wrong is told on the screen
            found = fault_of(self.case, error)
        self.post(Grown(self.number, found, self.live.follow.over or "it has ended"))

    def _rest(self) -> None:
        begun = time.monotonic()
        if begun < self._due or self.live.account is None or self.live.messages == self._messages:
            return
        self._messages = self.live.messages
        self.post(Grown(self.number, index(_still(self.live.account()))))
        self._due = time.monotonic() + max(RETELL, SHARE * (time.monotonic() - begun))


def _still(analysis: Analysis) -> Analysis:
    """Return an analysis whose facts no longer change, as the thread reads on while the screen shows it."""
    facts = copy(analysis.decoded)
    facts.counts = copy(facts.counts)
    return replace(analysis, decoded=facts)
