"""Measure many small captures: `python -m benchmarks.many FOLDER [CAPTURES]`.

Writes so many captures of 10, 26 and 45 packets in turn, as a probe does that writes a file for each UE, and judges
them with one job and with two, as text and as JSON. Prints a Markdown table. On a machine that others use the wall
time says little, so beside the speed-up that was seen stands the one that the CPU seconds allow: the process that
gathers works alone, all others at once. Exits with 1 where two jobs give less than LEAST times the speed of one by
that measure, or a core judges fewer than RATE captures a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.run import KEYSHARK, MEGA, held, machine, tree
from sample_pcaps.forge import pcap
from sample_pcaps.story import Story

CAPTURES = 10_000
LEAST, RATE = 1.7, 100
LOOK = 0.05  # s between two looks at a run
FORMS = ("text", "json")
JOBS = (1, 2)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to: seconds, `gathering` of them CPU of the first process alone, octets of all processes."""

    wall: float
    cpu: float
    gathering: float
    memory: int

    def allows(self, alone: Run, jobs: int) -> float:
        """Return the speed-up over one job that these CPU seconds allow."""
        return alone.cpu / (self.gathering + (self.cpu - self.gathering) / jobs)


def stories() -> Iterator[tuple[bytes, str]]:
    """Yield small captures with their keyrings: a bootstrapping, then the INVITE, then registration and MSK too."""
    for parts in (1, 2, 4):
        told = Story("many", by_sip=False, ues=1)
        told.at(0)
        for step in (told.bootstrap, told.invite, told.register, told.msk)[:parts]:
            step(told.ues[0])
        yield pcap(told.tape.sorted()), told.keyring()


def write(folder: Path, captures: int) -> None:
    """Write so many captures, each with its keyring, a thousand a folder; those that are there stay."""
    kinds = list(stories())
    for number in range(captures):
        place = folder / f"{number // 1000:03}"
        path, keys = place / f"{number:06}.pcap", place / f"{number:06}.keys.toml"
        if keys.exists():
            continue
        place.mkdir(parents=True, exist_ok=True)
        capture, keyring = kinds[number % len(kinds)]
        path.write_bytes(capture)
        keys.touch(mode=0o600)
        keys.write_text(keyring, encoding="utf-8")


def measured(folder: Path, jobs: int, form: str) -> Run:
    """Judge all captures of a folder once."""
    with tempfile.TemporaryFile() as told:
        begun = time.monotonic()
        process = subprocess.Popen(
            (*KEYSHARK, "validate", str(folder), "--jobs", str(jobs), "--format", form),
            stdout=told, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        over = threading.Event()
        looker = _Looker(process.pid, over)
        looker.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        over.set()
        looker.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode > 1:
            raise SystemExit(f"keyshark validate --jobs {jobs} ended with {process.returncode}")
        return Run(wall, used.ru_utime + used.ru_stime, looker.gathering, looker.memory)


class _Looker(threading.Thread):
    def __init__(self, pid: int, over: threading.Event) -> None:
        super().__init__()
        self.gathering, self.memory = 0.0, 0
        self._pid, self._over = pid, over

    def run(self) -> None:
        while True:
            try:
                fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
                self.gathering = max(self.gathering, (int(fields[11]) + int(fields[12])) / TICKS)
            except (OSError, IndexError):
                return
            self.memory = max(self.memory, sum(held(one) for one in tree(self._pid)))
            if self._over.wait(LOOK):
                return


def table(found: Mapping[tuple[str, int], Run], captures: int) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| format, jobs | wall s | CPU s | captures a CPU s | gathering s | speed-up seen | by CPU s | peak MB |"
    yield "|---|---|---|---|---|---|---|---|"
    for (form, jobs), run in found.items():
        alone = found[form, JOBS[0]]
        shown = (
            f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{captures / run.cpu:.0f}",
            *(("", "", "") if jobs == 1 else
              (f"{run.gathering:.1f}", f"{alone.wall / run.wall:.2f}", f"{run.allows(alone, jobs):.2f}")),
            f"{run.memory / MEGA:.0f}",
        )  # fmt: skip
        yield f"| {form}, {jobs} | {' | '.join(shown)} |"


def too_slow(found: Mapping[tuple[str, int], Run], captures: int) -> list[str]:
    """Say what is slower than it should be."""
    slow = [
        f"{form}: {captures / run.cpu:.0f} captures a CPU s"
        for (form, _), run in found.items()
        if captures / run.cpu < RATE
    ]
    slow += [
        f"{form}: {run.allows(found[form, JOBS[0]], jobs):.2f} times as fast with {jobs} jobs"
        for (form, jobs), run in found.items()
        if jobs > 1 and run.allows(found[form, JOBS[0]], jobs) < LEAST
    ]
    return slow


def main(arguments: Sequence[str]) -> int:
    folder, captures = Path(arguments[0]), int(arguments[1]) if len(arguments) > 1 else CAPTURES
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every process would compile all that it imports
    write(folder, captures)
    sys.stdout.write(f"{machine()}\n\n{captures} captures\n\n")
    found = {(form, jobs): measured(folder, jobs, form) for form in FORMS for jobs in JOBS}
    sys.stdout.write("\n".join(table(found, captures)) + "\n")
    slow = too_slow(found, captures)
    sys.stdout.write("".join(f"too slow: {line}\n" for line in slow))
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
