"""Many cases on the command line: where they come from, who judges them, and what is done where that is cut short."""

from __future__ import annotations

import errno
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from analyzer.baseline import Baseline, BaselineError, load
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import STDIN
from analyzer.codes import UNREADABLE, USAGE
from analyzer.commands.cases import Failure, find, inputs
from analyzer.commands.output import tell
from analyzer.commands.progress import bar
from analyzer.executors import Executor, ExecutorError, Job, Limits
from analyzer.executors.processes import UNLIMITED, Beside, Processes
from analyzer.executors.results import Results
from analyzer.executors.state import State, StateError, open_state
from analyzer.executors.work import Here

INTERRUPTED = 130  # exit code (contract 4)
NO_BASELINE = Baseline()
CUT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # errors that come in the middle of a file
MOST = 10**8  # seconds, three years: what is more is no limit that a timer knows
FEW, SMALL = 16, 64 * 10**6  # fewer cases, and fewer octets of them all: one process is as quick
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
Function = TypeVar("Function", bound=Callable[..., Any])


class Octets(click.ParamType):  # type: ignore[type-arg]  # of older clicks it takes none
    """Octets, as 500M or 2G."""

    name = "octets"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgt]?)b?", str(value).strip().lower())
        if found is None or not (octets := int(float(found[1]) * UNITS[found[2]])):
            self.fail(f"{value!r} is no number of octets: write 500M or 2G", param, ctx)
        return octets


class Seconds(click.FloatRange):
    """Seconds that something may take."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=MOST)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        return self.fail(f"{value!r} is no number of seconds", param, ctx) if math.isnan(found) else found


def baseline_options(function: Function) -> Function:
    """Add the options that say which findings are known."""
    for decorate in (
        click.option(
            "--write-baseline", "new_baseline", type=click.Path(), metavar="FILE", help="Write what is found."
        ),
        click.option("--baseline", type=click.Path(), metavar="FILE", help="Fail on what is not in it only."),
    ):
        function = decorate(function)
    return function


def baseline_of(path: str | None) -> Baseline:
    """Read the baseline that is named; raises Failure."""
    try:
        return NO_BASELINE if path is None else load(path)
    except BaselineError as error:
        raise Failure(f"--baseline {error}", USAGE) from None


def many_options(function: Function) -> Function:
    """Add the options that say which cases there are, and who judges them."""
    for decorate in (
        click.option("--resume", "state", type=click.Path(), metavar="STATE", help="Keep what is done; go on from it."),
        click.option(
            "--jobs", type=click.IntRange(min=0), help="Processes that work; 0 is one a CPU [for much 0, else 1]."
        ),
        click.option(
            "--cluster", metavar="ADDRESS", help="Judge on a Dask cluster: tcp://HOST:PORT of its scheduler, or local."
        ),
        click.option("--files-from", type=click.Path(), metavar="FILE", help="Cases, one a line; - is standard input."),
    ):
        function = decorate(function)
    return inputs(function, required=False)


def listed(paths: Sequence[str], files_from: str | None) -> tuple[str, ...]:
    """Return the cases that are named: on the command line, then in a file, one a line."""
    if files_from is None:
        if not paths:
            ctx = click.get_current_context()
            raise click.MissingParameter(ctx=ctx, param=next(p for p in ctx.command.params if p.name == "paths"))
        return tuple(paths)
    if files_from == STDIN and STDIN in paths:
        raise click.UsageError("standard input is the list of cases here, and cannot be a case too")
    if files_from == STDIN and sys.stdin is None:
        raise Failure(f"--files-from {files_from}: standard input is closed", USAGE)
    try:
        octets = sys.stdin.buffer.read() if files_from == STDIN else Path(files_from).read_bytes()
    except OSError as error:
        raise Failure(f"--files-from {files_from}: cannot be read: {error.strerror or error}", USAGE) from error
    lines = (os.fsdecode(line.removesuffix(b"\r")) for line in octets.split(b"\n"))
    return (*paths, *(line for line in lines if line))


def found(paths: Sequence[str], merge: bool, files_from: str | None) -> list[CaseFiles]:
    """Find the cases that are named; says so on stderr when there are none."""
    named = listed(paths, files_from)
    if not named:
        tell(f"no captures in the list {files_from}: it names none")
        return []
    return find(named, merge)


def executor(cases: Sequence[CaseFiles], jobs: int | None, limits: Limits, cluster: str | None = None) -> Executor:
    """Return who judges: a cluster, this process where there is little to do, a process a CPU where there is much.

    Processes that are left, as there are fewer cases, help in a large one.
    """
    if cluster is not None:
        from analyzer.executors.cluster import Cluster, is_address  # noqa: PLC0415  # only where there is one

        if not is_address(cluster):
            raise click.UsageError(f"--cluster {cluster}: is no address: write tcp://HOST:PORT, or local")
        return Cluster(cluster, jobs or cpus(), limits)
    if jobs is None:
        jobs = 0 if len(cases) >= FEW or sum(map(size, cases)) >= SMALL else 1
    jobs = jobs or cpus()
    workers = min(jobs, len(cases))
    helpers = jobs // workers - 1
    if workers > 1 or limits != UNLIMITED:
        return Processes(workers, limits, helpers)
    return Here(Beside(helpers))


def cpus() -> int:
    """Return the CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def size(case: CaseFiles) -> int:
    """Return the octets of the captures of a case, as far as they are files."""
    found = 0
    for path in case.captures:
        with suppress(OSError, ValueError):
            found += os.stat(path).st_size
    return found


def state_of(path: str | None, job: Job) -> State | None:
    """Open the state that is to be gone on with; raises Failure."""
    if path is None:
        return None
    try:
        return open_state(path, job)
    except StateError as error:
        raise Failure(f"--resume {error}", USAGE) from None


def judged(
    cases: Sequence[CaseFiles],
    job: Job,
    state: State | None,
    work: Callable[[Sequence[CaseFiles]], Executor],
    baseline: Baseline = NO_BASELINE,
) -> tuple[Results, int]:
    """Judge all cases; return what became of them, and the exit code that an end before all was done calls for.

    Ctrl-C ends it, and so does the loss of all who judge: what is done by then is there.
    """
    try:
        results = Results(cases, state)
    except StateError as error:
        raise Failure(f"--resume {error}", USAGE) from None
    left = [task.case for task in results.tasks]
    code = 0
    with bar(len(cases), sum(map(size, left)) if sys.stderr.isatty() else 0) as progress:
        progress.already(len(cases) - len(left))
        try:
            if left:
                who = work(left)
                tasks = (replace(task, known=baseline.of(task.case.name)) for task in results.tasks)
                for number, result in who.run(job, tasks, progress.part if progress.shown else None):
                    results.add(number, result)
                    progress.done(cases[number].name, number, size(cases[number]) if progress.shown else 0)
        except KeyboardInterrupt:
            if not len(results):
                raise
            code = INTERRUPTED
        except ExecutorError as error:
            if not len(results):
                raise Failure(str(error), UNREADABLE) from error
            tell(f"error: {error}")
            code = UNREADABLE
    if results.full:
        tell(f"warning: results cannot be put aside, and stay in memory: {results.full}")
    if results.missing:
        tell(_cut_short(results, state))
    return results, code


def _cut_short(results: Results, state: State | None) -> str:
    told = f"{len(results)} of {len(results) + results.missing} cases were judged, the report has those"
    return f"interrupted: {told}" + (f"; --resume {state.path} goes on" if state is not None else "")


def written(path: Path, pieces: Iterable[str]) -> bool:
    """Write a text to a file; where that fails it is told, and costs no other."""

    def write() -> None:
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(pieces)

    return saved(path, write)


def saved(path: Path, write: Callable[[], None]) -> bool:
    """Let a file be written; where that fails it is told, and costs no other."""
    try:
        write()
    except OSError as error:
        tell(f"error: {path}: cannot be written: {error.strerror or error}")
        if error.errno in CUT and path.is_file():  # nobody is to take a part for the whole
            with suppress(OSError):
                os.unlink(os.path.realpath(path))
        return False
    return True
