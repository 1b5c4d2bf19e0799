"""Measure keyshark against its peers, in alternation and in one run: `python -m benchmarks.run FOLDER [RUNS]`.

Prints a Markdown table for each capture: the median of wall and CPU seconds, their ratio to the first row, and the
peak memory of the largest process. Peers that are not installed are left out; those slower than SLOW are run once.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

SLOW = 20.0  # s; a command that took longer the first time is not run again
KEYSHARK = (sys.executable, "-m", "analyzer")

# What does the same work, or the nearest to it: the first row is the floor that the others are held against.
COMMANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "B": {
        "tcpdump, port 5060": ("tcpdump", "-r", "{}", "port 5060"),
        "keyshark info": (*KEYSHARK, "info", "{}"),
        "keyshark validate": (*KEYSHARK, "validate", "{}"),
        "sngrep": ("sngrep", "-N", "-q", "-I", "{}"),
        "tshark, sip or mikey or http": ("tshark", "-r", "{}", "-Y", "sip||mikey||http"),
    },
    "A": {
        "tcpdump, port 5060": ("tcpdump", "-r", "{}", "port 5060"),
        "keyshark packets": (*KEYSHARK, "packets", "{}"),
        "sngrep": ("sngrep", "-N", "-q", "-I", "{}"),
        "tshark, sip": ("tshark", "-r", "{}", "-Y", "sip"),
    },
    "C": {
        "tcpdump, port 5060": ("tcpdump", "-r", "{}", "port 5060"),
        "keyshark info": (*KEYSHARK, "info", "{}"),
    },
}


@dataclass
class Figures:
    """What the runs of one command came to."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0  # KiB

    def run(self, command: list[str]) -> None:
        begun = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
        self.wall.append(time.monotonic() - begun)
        self.cpu.append(used.ru_utime + used.ru_stime)
        self.memory = max(self.memory, used.ru_maxrss)


def measure(path: Path, commands: dict[str, tuple[str, ...]], runs: int) -> dict[str, Figures]:
    """Run all commands on a capture, one after the other, so many times; what is slow only once."""
    there = {name: command for name, command in commands.items() if shutil.which(command[0])}
    path.read_bytes() if path.stat().st_size < 1 << 30 else _touch(path)
    found = {name: Figures() for name in there}
    for _ in range(runs):
        for name, command in there.items():
            if found[name].wall and found[name].wall[0] > SLOW:
                continue
            found[name].run([part.replace("{}", str(path)) for part in command])
    return found


def _touch(path: Path) -> None:
    """Read a file once, so that all find it in the page cache."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def table(found: dict[str, Figures]) -> str:
    """Return the figures as a Markdown table."""
    floor = median(next(iter(found.values())).wall)
    lines = ["| command | wall s | cpu s | ratio | peak MB | runs |", "|---|---|---|---|---|---|"]
    for name, figures in found.items():
        wall, cpu = median(figures.wall), median(figures.cpu)
        shown = (
            f"{wall:.2f}",
            f"{cpu:.2f}",
            f"{wall / floor:.1f}",
            f"{figures.memory / 1024:.0f}",
            str(len(figures.wall)),
        )
        lines.append(f"| {' | '.join((name, *shown))} |")
    return "\n".join(lines)


def main(folder: str, runs: str = "3") -> None:
    sys.stdout.write(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}\n")
    for name, commands in COMMANDS.items():
        path = Path(folder) / f"{name}.pcap"
        if path.exists():
            sys.stdout.write(f"\n{name} ({path.stat().st_size / 1e6:.0f} MB)\n\n")
            sys.stdout.write(table(measure(path, commands, int(runs))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
