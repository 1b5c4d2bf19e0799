"""Many cases, one after the other or spread over processes: the same outcomes in the same order."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analyzer.analysis import Analysis, Live, Options, analyse
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.capture.tshark import TsharkError
from analyzer.keys.keyring import KeyringError
from analyzer.report import CaptureReport, CaseReport, Report, Verdict

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

USAGE, UNREADABLE = 2, 3  # exit codes (contract 4)

Progress = Callable[[int, int], None]  # octets read, octets in all
Look = Callable[[Analysis], object]  # what the report has not; both can be pickled


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a case could not be judged: the exit code it calls for, one line for people, the traceback for us."""

    code: int
    text: str
    trace: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case; a report is there even of a case that could not be read, with verdict error."""

    report: CaseReport
    fault: Fault | None = None
    warnings: tuple[str, ...] = ()
    taken: object = None  # by `look`, where the case could be judged


def judge_case(
    case: CaseFiles,
    options: Options,
    failures_only: bool = False,
    progress: Progress | None = None,
    live: Live | None = None,
    keep: Callable[[Analysis], None] | None = None,
    look: Look | None = None,
) -> Outcome:
    """Analyse one case; whatever goes wrong with it is told in the outcome and costs no other case.

    `keep` takes the analysis, for those who show more than its report; what `look` takes of it goes along.
    """
    try:
        analysis = analyse(case, options, progress, live)
        taken = None if look is None else look(analysis)
    except (KeyringError, ConfigError, TsharkError) as error:
        return _failed(case, USAGE, str(error))
    except CaptureError as error:
        return _failed(case, UNREADABLE, str(error), {error.path: error.reason})
    except Exception as bug:  # noqa: BLE001  # our bug in one case must not cost the others
        return _failed(case, UNREADABLE, f"{case.name}: keyshark failed: {type(bug).__name__}; see it with --debug")
    if keep is not None:
        keep(analysis)
    report = analysis.report
    warnings = (*analysis.keyring.warnings, *analysis.expired)
    return Outcome(without_passes(report) if failures_only else report, warnings=warnings, taken=taken)


def judge_cases(
    cases: Sequence[CaseFiles],
    options: Options,
    jobs: int = 1,
    failures_only: bool = False,
    progress: Progress | None = None,
    look: Look | None = None,
) -> Iterator[Outcome]:
    """Yield the outcome of every case in the order given; `jobs` processes work, 0 is one a CPU.

    `progress` is called for the octets of a case where one process does the work; `look` as for `judge_case`.
    """
    workers = min(jobs or os.cpu_count() or 1, len(cases))
    if workers <= 1:
        for case in cases:
            yield judge_case(case, options, failures_only, progress, look=look)
        return
    with _pool(workers) as executor:
        with _deaf():  # workers begin now: one that is interrupted while it begins would print a traceback
            futures = [executor.submit(judge_case, case, options, failures_only, look=look) for case in cases]
        futures.reverse()
        for case in cases:
            yield _outcome(case, futures.pop())  # popped, so that a report is kept by the taker only


def without_passes(case: CaseReport) -> CaseReport:
    """Return the report of a case without the judgements that passed."""
    return replace(case, judgements=tuple(j for j in case.judgements if j.verdict is not Verdict.PASS))


def collect(version: str, outcomes: Sequence[Outcome]) -> Report:
    """Return the report of all cases."""
    return Report(version, tuple(outcome.report for outcome in outcomes))


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    """Run worker processes; when the taker is interrupted they end at once."""
    import multiprocessing  # noqa: PLC0415  # only where several work
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    # Spawned, not forked: a fork while a progress bar's thread holds a lock would hang.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, mp_context=context)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    executor.shutdown()


@contextmanager
def _deaf() -> Iterator[None]:
    """Let ctrl-c do nothing, to this process for a moment and to those that it begins for good."""
    if threading.current_thread() is not threading.main_thread():  # which alone may say what a signal does
        yield
        return
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _outcome(case: CaseFiles, future: Future[Outcome]) -> Outcome:
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    try:
        return future.result()
    except BrokenProcessPool:
        return _failed(
            case, UNREADABLE, f"{case.name}: a worker process died, out of memory perhaps: try with a smaller --jobs"
        )


def _failed(case: CaseFiles, code: int, text: str, by_path: Mapping[str, str] | None = None) -> Outcome:
    """Tell of a case that was not judged: in its captures the reason of each, or of all where it is theirs alike."""
    captures = tuple(
        CaptureReport(
            path=path, format="", packets=0, bytes=0, first=None, last=None, link_types=(), truncated=False,
            problems=(text,) if by_path is None else tuple(filter(None, (by_path.get(path),))),
        )
        for path in case.captures
    )  # fmt: skip
    report = CaseReport(case.name, Verdict.ERROR, captures, (), (), (), (), ())
    return Outcome(report, Fault(code, text, traceback.format_exc()))
