"""Who judges many cases: this process, processes beside it, or a cluster; each is an Executor, and gives the same.

What crosses to another process or machine is data: a Job once, a Task a case, and the Result of each. A result is
whatever became of the case, so nothing that goes wrong with one costs another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from analyzer.analysis import Options
from analyzer.batch import Look, Note, Outcome
from analyzer.capture.case import CaseFiles

Progress = Callable[[int, int, int], None]  # number of a task, octets read, octets in all


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of all cases alike.

    `shown` are the views to be made of each case where it is judged; `whole` asks for its outcome too, for views that
    need all cases at once. `look` takes what the report has not; `folder` is what relative paths are relative to.
    """

    options: Options
    failures_only: bool = False
    shown: tuple[str, ...] = ()
    whole: bool = False
    look: Look | None = None
    folder: str = ""
    findings: bool = False  # wanted for a baseline
    baseline: str = ""  # digest of the one that findings are held against


@dataclass(frozen=True, slots=True)
class Limits:
    """What a case may take: seconds, and octets of memory; None is no limit."""

    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One case to be judged, and its place among all."""

    number: int
    case: CaseFiles
    known: frozenset[str] = frozenset()  # fingerprints of findings that do not count


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a task: its note, its text in the views that were asked for, its outcome where that was."""

    note: Note
    shown: tuple[tuple[str, str], ...] = ()
    outcome: Outcome | None = None


class ExecutorError(Exception):
    """Nobody is there to judge: why, for people."""


class Executor(Protocol):
    """Judges tasks."""

    def run(self, job: Job, tasks: Iterable[Task], progress: Progress | None = None) -> Iterator[tuple[int, Packed]]:
        """Yield the number of each task and its result as it is done, in any order.

        Tasks are taken as there is room for them. Closing the iterator ends all work at once. Raises ExecutorError.
        """
        ...


Packed = Result | bytes  # bytes: analyzer.executors.packing
