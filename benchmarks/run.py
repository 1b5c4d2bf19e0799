"""Measure keyshark against its peers, in alternation and in one run: `python -m benchmarks.run FOLDER [RUNS]`.

Prints a Markdown table for each capture that `benchmarks.generate` wrote: the median of wall and CPU seconds, their
ratio to the first row, which is the floor, and to `keyshark validate`, and the peak memory of all processes of a
command together. Peers that are not installed are left out; what is slower than SLOW is run once, and ended after
PATIENCE, and its figures say by ">" that they are no more than a lower bound. pyshark is measured
on the first PART messages of A, and its time for all of them reckoned from that: its row says so.
"""

from __future__ import annotations

import fcntl
import os
import platform
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median

from benchmarks.generate import BUFFER, CALLS, key_management, variant
from sample_pcaps.forge import pcapng

SLOW = 20.0  # s; a command that took longer the first time is not run again
PATIENCE = 120.0  # s; one that takes longer is ended, and its row says so
LOOK = 0.02  # s between two looks at the memory of a command
PART = 2000  # messages of A that pyshark is measured on
PACKETS = 10  # of the capture that start-up is measured with
SCREEN_WITHIN = 30.0  # s that `keyshark open` has for its first screen
MEGA = 10**6

KEYSHARK = (sys.executable, "-m", "analyzer")
VALIDATE = "keyshark validate"
TCPDUMP = ("tcpdump", "-n", "-r", "{}", "port 5060")  # -n: it would ask for names, and wait
SNGREP = ("sngrep", "-N", "-q", "-I", "{}")
PYSHARK = (
    sys.executable, "-c",
    "import pyshark, sys; [p.sip for p in pyshark.FileCapture(sys.argv[1], display_filter='sip', keep_packets=False)]",
    "{}",
)  # fmt: skip


def _keyshark(command: str) -> tuple[str, ...]:
    return (*KEYSHARK, command, "{}", "--keys", "{keys}")


# What does the same work, or the nearest to it: the first row is the floor that the others are held against.
OURS = {"keyshark info": _keyshark("info"), VALIDATE: _keyshark("validate")}
PEERS = {"sngrep -N -q": SNGREP, "tshark -Y 'sip or mikey or http'": ("tshark", "-r", "{}", "-Y", "sip||mikey||http")}
FLOOR = {"tcpdump 'port 5060'": TCPDUMP}
CALLS_ONLY = {
    "keyshark packets": _keyshark("packets"),
    "sngrep -N -q": SNGREP,
    "tshark -Y sip": ("tshark", "-r", "{}", "-Y", "sip"),
}
COMMANDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "B": {**FLOOR, **OURS, **PEERS},
    "C": {**FLOOR, **OURS, **PEERS},
    "A": {**FLOOR, **OURS, **CALLS_ONLY},
}
VARIANTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {"pcapng": {**FLOOR, **OURS}, "zst": OURS}
START: Mapping[str, tuple[str, ...]] = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "keyshark --version": (*KEYSHARK, "--version"),
    VALIDATE: _keyshark("validate"),
}


@dataclass(slots=True)
class Figures:
    """What the runs of one command came to; `memory` in octets, of the command and all processes that it began."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0
    ended: bool = False

    def run(self, command: Sequence[str]) -> None:
        """Run a command once, whatever it says."""
        begun = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        over = threading.Event()
        looker = threading.Thread(target=self._look, args=(process.pid, over))
        looker.start()
        impatience = threading.Timer(PATIENCE, self._end, args=(process,))
        impatience.start()
        _, _, used = os.wait4(process.pid, 0)
        self.wall.append(time.monotonic() - begun)
        impatience.cancel()
        over.set()
        looker.join()
        process.returncode = 0  # it was waited for
        self.cpu.append(used.ru_utime + used.ru_stime)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self.ended = True
        process.kill()

    def _look(self, pid: int, over: threading.Event) -> None:
        # Not the peak that wait4 tells: that is the runner's own where a command holds less
        while True:
            self.memory = max(self.memory, sum(held(one) for one in tree(pid)))
            if over.wait(LOOK):
                return


def tree(pid: int) -> Iterator[int]:
    """Yield a process and those that it began, as long as they are there."""
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    except OSError:
        return
    for child in children:
        yield from tree(child)


def held(pid: int) -> int:
    """Return the octets of memory that a process holds, 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(path: Path, keys: Path, commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, Figures]:
    """Run all commands on a capture, one after the other, so many times; what is slow only once."""
    there = {name: command for name, command in commands.items() if shutil.which(command[0])}
    touch(path)
    found = {name: Figures() for name in there}
    for _ in range(runs):
        for name, command in there.items():
            if found[name].wall and found[name].wall[0] > SLOW:
                continue
            found[name].run([part.replace("{}", str(path)).replace("{keys}", str(keys)) for part in command])
    return found


def touch(path: Path) -> None:
    """Read a file once, so that all find it in the page cache."""
    with path.open("rb", buffering=0) as file:
        while file.read(BUFFER):
            pass


def table(found: Mapping[str, Figures], floor: float | None = None) -> str:
    """Return the figures as a Markdown table; the floor is the first of them where none is given."""
    floor = median(next(iter(found.values())).wall) if floor is None else floor
    ours = median(found[VALIDATE].wall) if VALIDATE in found else None
    lines = [
        "| command | wall s | CPU s | to the floor | to keyshark validate | peak MB | runs |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in found.items():
        wall, least = median(figures.wall), "> " if figures.ended else ""
        shown = (
            f"{least}{wall:.2f}", f"{least}{median(figures.cpu):.2f}", f"{least}{wall / floor:.2f}",
            "" if ours is None else f"{least}{wall / ours:.2f}", f"{figures.memory / MEGA:.0f}", str(len(figures.wall)),
        )  # fmt: skip
        lines.append(f"| {' | '.join((name, *shown))} |")
    return "\n".join(lines)


def reckoned(figures: Figures, part: int, whole: int) -> Figures:
    """Return what the figures of a part of a capture come to for the whole of it; memory stays as measured."""
    return Figures([s * whole / part for s in figures.wall], [s * whole / part for s in figures.cpu], figures.memory)


def first_screen(path: Path) -> float | None:
    """Return the seconds until `keyshark open` shows a screen with the name of a capture, None when it shows none."""
    begun = time.monotonic()
    pid, terminal = pty.fork()
    if not pid:
        os.environ["TERM"] = "xterm-256color"
        os.execv(KEYSHARK[0], [*KEYSHARK, "open", str(path)])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    shown = b""
    try:
        while path.stem.encode() not in shown:
            left = begun + SCREEN_WITHIN - time.monotonic()
            if left <= 0 or not select.select([terminal], [], [], left)[0]:
                return None
            shown += os.read(terminal, 1 << 16)
        return time.monotonic() - begun
    except OSError:  # it has ended, and its terminal with it
        return None
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def machine() -> str:
    """Say where and with what this was measured."""
    told = [datetime.now(UTC).date().isoformat(), platform.platform(), f"{os.cpu_count()} CPUs"]
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        told += [line.partition(": ")[2] for line in lines if line.startswith("model name")][:1]
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        told.append(f"{pages / 2**30:.0f} GiB of memory")
    except (OSError, ValueError):
        pass
    told.append(f"Python {platform.python_version()}")
    told += [f"{part} {version(part)}" for part in ("keyshark", "numpy", "pyshark")]
    told += [said for program in ("tcpdump", "sngrep", "tshark") if (said := _says(program))]
    return ", ".join(told)


def _says(program: str) -> str:
    if shutil.which(program) is None:
        return ""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=30)
    words = (done.stdout + done.stderr).split()
    return f"{program} {next((word.strip('.,') for word in words if word[0].isdigit()), 'of unknown version')}"


def beginning(path: Path, packets: int, target: Path) -> Path:
    """Write the first packets of a pcap file to another."""
    with path.open("rb") as source, target.open("wb") as made:
        made.write(source.read(24))
        for _ in range(packets):
            head = source.read(16)
            if len(head) < 16:
                break
            made.write(head + source.read(struct.unpack_from("<I", head, 8)[0]))
    return target


def start(folder: Path, runs: int) -> dict[str, Figures]:
    """Measure start-up: the version, and a capture of a few packets."""
    story = key_management(1)
    path, keys = folder / "ten.pcapng", folder / "ten.keys.toml"
    path.write_bytes(pcapng(islice(story.tape.sorted(), PACKETS)))
    keys.touch(mode=0o600)
    keys.write_text(story.keyring())
    return measure(path, keys, START, runs)


def show(title: str, text: str) -> None:
    sys.stdout.write(f"\n{title}\n\n{text}\n")
    sys.stdout.flush()


def main(folder: str, runs: str = "3") -> None:
    place, times = Path(folder), int(runs)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every run would compile all that it imports
    sys.stdout.write(machine() + "\n")
    show(f"Start-up, a capture of {PACKETS} packets", table(start(place, max(times, 5))))
    for name, commands in COMMANDS.items():
        path, keys = place / f"{name}.pcap", place / f"{name}.keys.toml"
        if not path.exists():
            continue
        if not keys.exists():  # A is of nobody's keys
            keys.touch(mode=0o600)
        found = measure(path, keys, commands, times)
        floor = median(next(iter(found.values())).wall)
        if name == "A":
            part = beginning(path, PART, place / "A.part.pcap")
            pyshark = measure(part, keys, {"pyshark": PYSHARK}, times)["pyshark"]
            found[f"pyshark, reckoned from {PART} messages"] = reckoned(pyshark, PART, CALLS)
        show(f"{name}.pcap ({path.stat().st_size / MEGA:.0f} MB)", table(found))
        for ending, some in VARIANTS.items():
            made = variant(path, ending)
            text = table(measure(made, keys, some, times), floor)
            show(f"{made.name} ({made.stat().st_size / MEGA:.0f} MB), the floor is that of {path.name}", text)
        seconds = [first_screen(path) for _ in range(times)]
        told = [second for second in seconds if second is not None]
        show(f"First screen of `keyshark open {path.name}`", f"{median(told):.2f} s" if told else "none")


if __name__ == "__main__":
    main(*sys.argv[1:])
