"""Measure the list of all frames: `python -m benchmarks.frames FOLDER [KEYS]`.

Prints a Markdown table of what `benchmarks.generate` wrote: the seconds from the start of `keyshark open` to the first
rows on a terminal, how fast all frames are found, what one takes in memory, and how long KEYS page keys take, from the
key to the last octet of the page that it leads to, at places all over the capture.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from analyzer.capture.framelist import FrameList
from analyzer.decode.headers import read_headers
from benchmarks.run import KEYSHARK, machine, show

SIZE = (160, 45)
KEYS = 200
PATIENCE = 600.0  # s that a case has to be read and judged
PAINT_WITHIN = 10.0  # s that a key has to show something
QUIET = 0.4  # s without an octet that end all that keys have changed
REST = 0.01  # s without an octet that end a page
NUMBER = re.compile(rb"(?<![\d;])\d{3,}(?![\d;m])")  # of frames, and no colour of the terminal
PAGE_DOWN = b"\x1b[6~"
SESSIONS = b"Verdict"  # a heading of the list of UEs
RUN = 10  # page keys from one place
CAPTURES = ("B", "C")


@dataclass(slots=True)
class Keys:
    """Seconds to the first rows, on the clock and of CPU; those of each page key, and the CPU seconds of one."""

    first: float
    first_cpu: float
    seconds: Sequence[float]
    cpu: float


def row(name: str, frames: FrameList, listed: float, keys: Keys) -> str:
    """Return a line of the table."""
    ordered = sorted(keys.seconds)
    times = (median(ordered), ordered[int(len(ordered) * 0.95)], keys.cpu)
    shown = (
        name, f"{frames.count:,}", f"{keys.first:.2f}", f"{keys.first_cpu:.2f}", f"{listed:.2f}",
        f"{frames.count / listed:,.0f}", f"{frames.memory / frames.count:.1f}",
        *(f"{seconds * 1000:.0f}" for seconds in times),
    )  # fmt: skip
    return f"| {' | '.join(shown)} |"


HEADING = (
    "| capture | frames | first rows s | of CPU | all found s | frames/s | octets a frame | page key ms, median "
    "| 95 of 100 | of CPU |\n|---|---|---|---|---|---|---|---|---|---|"
)


class Terminal:
    """`keyshark open` on a terminal of its own, which tells when octets come."""

    def __init__(self, path: Path) -> None:
        self.begun = time.perf_counter()
        self.shown = bytearray()
        self.pid, self.file = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "xterm-256color"
            os.execv(KEYSHARK[0], [*KEYSHARK, "open", "--no-state", "--media", "none", str(path)])
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("4H", SIZE[1], SIZE[0], 0, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.file)

    def read(self, within: float) -> bytes:
        """Return what comes within some seconds, at once when something comes."""
        if not select.select([self.file], [], [], within)[0]:
            return b""
        octets = os.read(self.file, 1 << 16)
        self.shown += octets
        return octets

    @property
    def cpu(self) -> float:
        """CPU seconds that it took so far."""
        used = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")

    def until(self, within: float, *wanted: bytes) -> float:
        """Wait until one of these comes, from now on or before; return the seconds since the begin."""
        end = time.perf_counter() + within
        while not any(each in self.shown for each in wanted):
            if time.perf_counter() > end:
                raise SystemExit(f"{wanted!r} was not shown in {within:.0f} s")
            self.read(0.1)
        return time.perf_counter() - self.begun

    def press(self, keys: bytes) -> None:
        """Press keys, and wait until they have an effect and then no more."""
        os.write(self.file, keys)
        self.read(PAINT_WITHIN)
        while self.read(QUIET):
            pass

    def page(self, number: int) -> tuple[float, int]:
        """Press the page key at a frame: return the seconds to the last octet of the new page, and its last frame."""
        self.shown.clear()
        begun = last = time.perf_counter()
        os.write(self.file, PAGE_DOWN)
        while not (found := [n for n in map(int, NUMBER.findall(self.shown)) if number < n < number + SIZE[1]]):
            if last > begun + PAINT_WITHIN:
                raise SystemExit(f"nothing after frame {number} was shown in {PAINT_WITHIN:.0f} s")
            self.read(0.1)
            last = time.perf_counter()
        while self.read(REST):
            last = time.perf_counter()
            found = [n for n in map(int, NUMBER.findall(self.shown)) if number < n < number + SIZE[1]]
        return last - begun, max(found)


def pressed(path: Path, frames: FrameList, count: int) -> Keys:
    """Look at a capture, and press so many page keys at places all over the list."""
    with Terminal(path) as terminal:
        # Of a small capture the list of UEs comes before anybody sees its frames
        first = terminal.until(PATIENCE, read_headers(frames.frame(0)).source.encode(), SESSIONS)
        first_cpu = terminal.cpu
        terminal.until(PATIENCE, SESSIONS)
        terminal.press(b"3a")
        while any(b"Esc stops" in terminal.read(0.2) for _ in range(5)):
            pass
        found, number, used = [], 0, terminal.cpu
        for key in range(count):
            if not key % RUN:
                number = frames.place(frames.count // (count + 1) * (key + 1))[1]
                terminal.press(b":")
                terminal.press(b"%d\r" % number)
                used = terminal.cpu if not key else used
            seconds, number = terminal.page(number)
            found.append(seconds)
        return Keys(first, first_cpu, found, (terminal.cpu - used) / count)


def measure(path: Path, keys: int = KEYS) -> str:
    """Measure the list of a capture; return its line of the table."""
    frames, begun = FrameList([str(path)]), time.perf_counter()
    for _ in frames.fill():
        pass
    listed = time.perf_counter() - begun
    return row(path.stem, frames, listed, pressed(path, frames, keys))


def main(folder: str, keys: str = str(KEYS)) -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every run would compile all that it imports
    sys.stdout.write(machine() + "\n")
    paths = [Path(folder) / f"{name}.pcap" for name in CAPTURES]
    rows = [measure(path, int(keys)) for path in paths if path.exists()]
    show("All frames", "\n".join((HEADING, *rows)))


if __name__ == "__main__":
    main(*sys.argv[1:])
