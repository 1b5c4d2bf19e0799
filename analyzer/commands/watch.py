"""`keyshark watch`: judges captures as they land in a folder, a line of JSON each."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from analyzer import VERSION
from analyzer.analysis import Options
from analyzer.batch import Outcome, collect, judge_case, note
from analyzer.capture.case import CaseFiles, find_cases, is_called_so, is_wanted
from analyzer.capture.reader import what_is
from analyzer.codes import USAGE
from analyzer.commands.asked import judging_options, limit_options
from analyzer.commands.cases import ENGINES, Failure, today
from analyzer.commands.metrics import Metrics, metrics
from analyzer.commands.outcomes import tell_faults
from analyzer.commands.output import common, show, tell
from analyzer.executors import Job, Limits, Task
from analyzer.executors.packing import unpacked
from analyzer.executors.processes import UNLIMITED, Child
from analyzer.landing import Landing, files, is_hidden
from analyzer.views import view

INSTALL = "the package watchfiles is not installed: pip install 'keyshark[watch]'"
TICK = 500  # ms between two looks at the files that are still written to
POLL = 1000  # ms between two looks at the folder where nothing tells of changes


@click.command("watch")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--settle", type=click.FloatRange(0), default=2.0, help="Seconds without growth that end a file [2].")
@click.option("--existing", is_flag=True, help="Judge what is there already, too.")
@click.option("--poll", is_flag=True, help="Look at the folder each second: for NFS and the like.")
@click.option("--metrics", "port", type=click.IntRange(1, 65535), help="Answer Prometheus on this port of 127.0.0.1.")
@click.option("--keys", multiple=True, type=click.Path(), metavar="FILE", help="A keyring for every case; repeatable.")
@click.option("--engine", type=click.Choice(ENGINES), default="native", help="Who reads packets [native].")
@click.option("--failures-only", is_flag=True, help="Leave judgements that passed out of the lines.")
@limit_options
@judging_options
@common
def command(
    folder: Path,
    settle: float,
    existing: bool,
    poll: bool,
    port: int | None,
    failures_only: bool,
    limits: Limits,
    options: Options,
) -> None:
    """Judge captures as they land in a folder or below it.

    \b
    keyshark watch /var/spool/captures --metrics 9464 >> verdicts.jsonl

    Each capture is a case of its own, with NAME.keys.toml or keyring.toml beside it, and becomes one line: the report
    of `validate --format jsonl`. A file is taken when it has not grown for --settle seconds; one that is written to
    later is judged again. A case that takes longer than --timeout, or more memory than --max-memory, is one of verdict
    error, and the others go on. Ends with SIGTERM, exit code 0, or Ctrl-C, exit code 130.
    """
    counted = None if port is None else metrics()
    if counted is not None and port is not None:
        counted.serve(port)
    with _until_told() as told, closing(Judge(options, failures_only, limits)) as by:
        for path in landed(folder, Landing(settle), existing=existing, poll=poll, end=told, counted=counted):
            judge(path, by, counted)


class Judge:
    """Judges one case after the other: in a process of its own where there are limits, which only that can keep."""

    def __init__(self, options: Options, failures_only: bool = False, limits: Limits = UNLIMITED) -> None:
        self._job = Job(options, failures_only, whole=True)
        self._limits = limits
        self._child: Child | None = None

    def outcome(self, case: CaseFiles) -> Outcome:
        """Return what became of a case."""
        job = replace(self._job, options=replace(self._job.options, today=today()))
        if self._limits == UNLIMITED:
            return judge_case(case, job.options, job.failures_only)
        if self._child is None or job != self._job:  # the first, or a day has passed
            self.close()
            self._job, self._child = job, Child(job, self._limits)
        found = unpacked(self._child.judge(Task(0, case))).outcome
        assert found is not None  # as the whole of it was asked for
        return found

    def close(self) -> None:
        """Let go of the process."""
        if self._child is not None:
            self._child.close()


def landed(
    folder: Path, landing: Landing, *, existing: bool, poll: bool, end: threading.Event, counted: Metrics | None = None
) -> Iterator[Path]:
    """Yield captures as they settle, until it is the end."""
    try:
        from watchfiles import watch  # noqa: PLC0415  # an extra
    except ImportError:
        raise Failure(INSTALL, USAGE) from None
    folder = folder.resolve()
    for path in files(folder):
        if existing:
            landing.changed(path, time.monotonic())
        else:
            landing.skip(path)
    for names in _changes(partial(
        watch, folder, watch_filter=None, stop_event=end, rust_timeout=TICK, yield_on_timeout=True, force_polling=poll,
        poll_delay_ms=POLL,
    ), end):  # fmt: skip
        now = time.monotonic()
        for path in files(folder) if names is None else map(Path, names):
            if not is_hidden(path, folder):
                # Of a folder that is new word comes, of what it was given at once may come none
                for below in files(path) if os.path.isdir(path) else (path,):
                    landing.changed(below, now)
        for path in landing.ready(now):
            if is_wanted(path):
                yield path
            elif is_called_so(path):
                tell(f"warning: {path}: passed over: {what_is(str(path))}")
        if counted is not None:
            counted.waiting.set(len(landing.waiting))


def _changes(watch: Callable[[], Iterable[set[tuple[Any, str]]]], end: threading.Event) -> Iterator[list[str] | None]:
    """Yield the names of files that change; None where there may be more than are told of, so that all are looked at.

    What tells of changes begins, or cannot write a name that is no UTF-8 and ends over it: then it begins anew.
    """
    while not end.is_set():
        begun = False
        try:
            for changed in watch():
                yield [name for _, name in changed] if begun else None
                begun = True
            return
        except RuntimeError:
            yield None
            end.wait(TICK / 1000)


def judge(path: Path, by: Judge, counted: Metrics | None) -> None:
    """Judge a capture, say how it went, and count it."""
    begun = time.monotonic()
    for case in find_cases([str(path)]):
        outcome = by.outcome(case)
        show(view("jsonl")(collect(VERSION, [outcome])))
        tell_faults([note(outcome)])
        if counted is not None:
            counted.count(outcome, time.monotonic() - begun)


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Give what SIGTERM sets: a service is ended by it, after the case at hand."""
    end = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield end
        return
    before = signal.signal(signal.SIGTERM, lambda *_: end.set())
    try:
        yield end
    finally:
        signal.signal(signal.SIGTERM, before)
