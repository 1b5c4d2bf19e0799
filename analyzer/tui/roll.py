"""The frames of a case being found: a thread of its own, which outlives the screens that look on."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from analyzer.capture.framelist import FrameList, Place
from analyzer.tui.model import octets_text


class Roll:
    """All frames of a case, found once somebody begins; `place` is the frame that was looked at last."""

    def __init__(self, paths: Sequence[str], offsets: Mapping[int, int] | None = None) -> None:
        self.frames = FrameList(paths, offsets)
        self.place: Place | None = None
        self.begun = 0.0  # by the monotonic clock, 0 before
        self.ended = 0.0
        self._stopped = threading.Event()

    def begin(self, asked: bool = True) -> None:
        """Find the frames, where nobody has begun yet; who quits does not wait for it.

        Unless somebody `asked` for them, nothing is decompressed to a temporary file.
        """
        if not self.begun:
            self.begun = time.monotonic()
            threading.Thread(target=self._fill, args=(asked,), daemon=True).start()

    def stop(self) -> None:
        """Leave it at the frames that are there."""
        self._stopped.set()

    def close(self) -> None:
        """Stop, and give back what the list holds outside of memory."""
        self.stop()
        self.frames.close()

    @property
    def is_busy(self) -> bool:
        return bool(self.begun) and not self.ended

    def _fill(self, asked: bool) -> None:
        """In a thread: find the frames."""
        if not asked and self.frames.is_compressed:
            self.begun = 0.0
            return
        try:
            for _ in self.frames.fill():
                if self._stopped.is_set():
                    break
        finally:
            self.ended = time.monotonic()

    def told(self) -> str:
        """Return how far it is, with rate and time left; or how many frames there are, and why no more."""
        frames, count = self.frames, f"{self.frames.count:,} frames"
        if not self.is_busy:
            stopped = "" if frames.over or not self.ended else f"stopped at {octets_text(frames.done)}"
            kept = f"decompressed to {octets_text(frames.unpacked)} of a temporary file" if frames.unpacked else ""
            return " · ".join(filter(None, (count, frames.why or stopped, kept)))
        return f"{count} · {pace(time.monotonic() - self.begun, frames.done, frames.total, frames.count)} · Esc stops"


def pace(seconds: float, done: int, total: int, frames: int = 0) -> str:
    """Return octets done and in all, frames a second where they are counted, and the time left."""
    told = [f"{octets_text(done)} of {octets_text(total)}"]
    if seconds > 0 and done:
        told.append(f"{frames / seconds:,.0f} frames/s" if frames else f"{octets_text(round(done / seconds))}/s")
        told.append(f"{left_text(seconds * (total - done) / done)} left")
    return " · ".join(told)


def left_text(seconds: float) -> str:
    """Return a time to wait for people: `8 s`, `2 min 10 s`."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
