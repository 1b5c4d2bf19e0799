"""A display filter over all frames: over their headers, and over the messages that they complete."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence

from analyzer.analysis import comment
from analyzer.capture.frame import Frame
from analyzer.decode.headercolumns import HeaderColumns
from analyzer.decode.headers import Headers, Stream
from analyzer.filters import Seen, read_filter
from analyzer.tui.model import Index, Place
from analyzer.tui.roll import Roll
from analyzer.tui.seen import LISTED, OF_FLOW, OF_HEADERS, FrameSeen, PlainSeen
from dissectors import Message

STRETCH = 1024  # frames that are read in one go
MAX_FLOWS = 100_000  # that are remembered
PAUSE = 0.1  # seconds until there may be more frames


class Sieve:
    """The frames of a case that pass a filter, as far as they were looked through; who looks on sees `passed` grow."""

    def __init__(self, text: str, roll: Roll, found: Index) -> None:
        self.text = text
        self.roll = roll
        self.found = found
        self.passed = array("I")  # rows of the list of all frames
        self.looked = 0
        self.over = False
        self._asked: set[str] = set()
        self._test = read_filter(text, self._note)
        self._messages: dict[Place, list[Message]] = {}
        self._flows: dict[bytes, bool] = {}
        # A plain frame has the addresses and ports of its message: that is asked for what only messages have
        is_of_headers = self._asked <= OF_HEADERS
        self._by_columns = all(name in OF_HEADERS or "." in name for name in self._asked)
        for message in found.messages if not self._asked <= LISTED else ():
            self._messages.setdefault((message.payload.capture, message.frame), []).append(message)
        self._apart = frozenset(
            place
            for place, inside in self._messages.items()
            if not is_of_headers or any(each.payload.leg.tunnels for each in inside)
        )

    def _note(self, name: str) -> str:
        self._asked.add(name)
        return ""

    def __contains__(self, row: int) -> bool:
        at = self.at(row)
        return at < len(self.passed) and self.passed[at] == row

    def at(self, row: int) -> int:
        """Return where a row of the list stands, or would stand, among those that pass."""
        return bisect_left(self.passed, row)

    def told(self) -> str:
        """Return how many pass, and how far it is."""
        share = "" if self.over else f" · {100 * self.looked // max(1, self.roll.frames.count)} % · Esc stops"
        return f"{len(self.passed):,} of {self.looked:,} frames pass{share}"

    def run(self, is_unwanted: Callable[[], bool]) -> None:
        """In a worker: look at all frames, those too that are still being found."""
        frames = self.roll.frames
        needs_octets = not self._asked <= LISTED
        while not is_unwanted():
            ended = self.roll.ended  # before the count: what comes later is looked at in another round
            if self.looked < frames.count and (ended or len(frames.paths) == 1):  # several are put in order at the end
                self._look(frames.stretch(self.looked, STRETCH, needs_octets))
            elif ended:
                self.over = True
                return
            else:
                time.sleep(PAUSE)

    def _look(self, frames: Sequence[Frame]) -> None:
        """Look at the frames that come next: at plain ones by columns."""
        if not self._by_columns or self._asked <= LISTED:
            passed = [self._test(self._seen(frame)) for frame in frames]
        else:
            columns = HeaderColumns(frames)
            seen = PlainSeen(frames, columns, self.found.analysis.story.traffic.begin, self._called)
            flows = columns.flows() if self._asked <= OF_FLOW else [b""] * len(frames)
            passed = []
            for row, (frame, is_plain, flow) in enumerate(zip(frames, columns.plain, flows, strict=True)):
                if not is_plain or (self._apart and (frame.capture, frame.number) in self._apart):
                    passed.append(self._test(self._seen(frame)))
                    continue
                known = self._flows.get(flow)
                if known is None:
                    seen.row = row
                    known = self._test(seen)
                    if flow and len(self._flows) < MAX_FLOWS:
                        self._flows[flow] = known
                passed.append(known)
        self.passed.extend(row for row, passes in enumerate(passed, self.looked) if passes)
        self.looked += len(frames)

    def _seen(self, frame: Frame) -> FrameSeen:
        story, captures = self.found.analysis.story, self.found.analysis.captures
        begin = story.traffic.begin
        if not self._messages:
            return FrameSeen(frame, begin, (), self._protocol)
        messages = tuple(
            Seen(self.found.whole(each), comment(captures, each), begin, self.found.mark(each).word)
            for each in self._messages.get((frame.capture, frame.number), ())
        )
        return FrameSeen(frame, begin, messages, self._protocol)

    def _called(self, stream: Stream) -> str:
        """Return what packets of a stream are called, "" where they are no media: only what comes in a stream is."""
        if self.found.analysis.media.streams.get(stream) is None:
            return ""
        return self.found.secured.get(stream, "RTCP" if stream.rtcp else "RTP").lower()

    def _protocol(self, headers: Headers) -> str:
        """Return what the innermost protocol of a frame is called."""
        if headers.stream is None:
            return headers.protocol.lower()
        called = self._called(headers.stream)
        if not called:
            headers.stream = None
        return called or "udp"
