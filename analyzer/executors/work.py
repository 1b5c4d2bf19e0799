"""What is done for one task, wherever that is, and the executor that does it in this process."""

from __future__ import annotations

import gc
import os
import stat
from collections.abc import Iterable, Iterator

from analyzer.analysis import Live
from analyzer.batch import Outcome, failed, judge_case, note
from analyzer.batch import Progress as Octets
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import STDIN
from analyzer.executors import Job, Packed, Progress, Result, Task
from analyzer.helping import Helpers
from analyzer.views import piecewise

SWEEP = 250  # cases: a look takes 50 ms, and each leaves about 100 kB


def work(
    job: Job, task: Task, progress: Octets | None = None, live: Live | None = None, helpers: Helpers | None = None
) -> Result:  # fmt: skip
    """Judge one case, with helpers where that pays, and make of it what was asked for."""
    outcome = judge_case(
        task.case, job.options, job.failures_only, progress, live,
        look=job.look, known=task.known, helpers=helpers,
    )  # fmt: skip
    return result_of(job, outcome)


def result_of(job: Job, outcome: Outcome) -> Result:
    """Return what was asked for of an outcome."""
    shown = tuple((name, piecewise(name).piece(outcome.report)) for name in job.shown)
    return Result(note(outcome, job.findings), shown, outcome if job.whole else None)


def lost(job: Job, task: Task, code: int, reason: str) -> Result:
    """Return the result of a task that nobody could finish: a case with verdict error that says why."""
    reasons = dict.fromkeys(task.case.captures, reason)
    return result_of(job, failed(task.case, code, f"{task.case.name}: {reason}", reasons))


def stays(case: CaseFiles) -> bool:
    """Say whether only this process can read a case: standard input, or a pipe of the shell."""
    return any(path == STDIN or _is_pipe(path) for path in case.captures)


def _is_pipe(path: str) -> bool:
    try:
        return not stat.S_ISREG(mode := os.stat(path).st_mode) and not stat.S_ISDIR(mode)
    except (OSError, ValueError):
        return False


class Here:
    """Judges one case after the other in this process, which may have helpers in a large one."""

    def __init__(self, helpers: Helpers | None = None) -> None:
        self._helpers = helpers

    def run(self, job: Job, tasks: Iterable[Task], progress: Progress | None = None) -> Iterator[tuple[int, Packed]]:
        """Yield the result of each task in their order."""
        for count, task in enumerate(tasks, 1):
            yield task.number, work(job, task, of_task(task, progress), helpers=self._helpers)
            sweep(count)


def sweep(count: int) -> None:
    """Look for cycles now and then, after so many cases: an analysis leaves some that nobody else looks for."""
    if count % SWEEP == 0:
        gc.collect()


def of_task(task: Task, progress: Progress | None) -> Octets | None:
    """Return what takes note of the octets of one task."""
    if progress is None:
        return None
    taken = progress
    return lambda done, total: taken(task.number, done, total)
