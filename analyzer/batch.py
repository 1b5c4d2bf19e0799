"""One case of many: whatever goes wrong with it is its own outcome. `analyzer.executors` spreads them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer.analysis import Analysis, Live, Options, analyse
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.capture.remote import copied, in_urls
from analyzer.capture.tshark import TsharkError
from analyzer.codes import UNREADABLE, USAGE
from analyzer.findings import Finding, countable, without_known
from analyzer.helping import Helpers
from analyzer.keys.keyring import KeyringError
from analyzer.report import CaptureReport, CaseReport, Report, Verdict, with_paths

Progress = Callable[[int, int], None]  # octets read, octets in all
Look = Callable[[Analysis], object]  # what the report has not; both can be pickled

MAX_UNREAD = 5  # reasons of a case that are kept beside its report


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


@dataclass(frozen=True, slots=True)
class Note:
    """What of an outcome decides how it all went: it is kept of every case, where the report may be large.

    `failing` and `unclear` are the levels of rules that nobody waived with that verdict.
    """

    name: str
    verdict: Verdict
    fault: Fault | None = None
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # damage in captures, and rules that crashed: why it is not as it should
    failing: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


def note(outcome: Outcome, findings: bool = False) -> Note:
    """Return the note of an outcome, with its findings for a baseline where they are wanted."""
    case = outcome.report
    wrong = [judgement for judgement in case.judgements if judgement.verdict is not Verdict.PASS]
    counted = [judgement for judgement in wrong if judgement.waived is None]
    damaged = (
        f"{capture.path}: {problem}"
        for capture in case.captures
        for problem in capture.problems or ("is cut",) * capture.truncated
    )
    crashed = (f"{case.name}: {each.rule}: {each.message}" for each in wrong if each.verdict is Verdict.ERROR)
    unread = tuple(dict.fromkeys((*damaged, *crashed)))[:MAX_UNREAD]
    return Note(
        case.name, case.verdict, outcome.fault, outcome.warnings, unread,
        frozenset(judgement.level for judgement in counted if judgement.verdict is Verdict.FAIL),
        frozenset(judgement.level for judgement in counted if judgement.verdict is Verdict.INCONC),
        countable(case) if findings else (),
    )  # fmt: skip


def judge_case(
    case: CaseFiles,
    options: Options,
    failures_only: bool = False,
    progress: Progress | None = None,
    live: Live | None = None,
    keep: Callable[[Analysis], None] | None = None,
    look: Look | None = None,
    known: frozenset[str] = frozenset(),
    helpers: Helpers | None = None,
) -> Outcome:
    """Analyse one case; whatever goes wrong with it is told in the outcome and costs no other case.

    `keep` takes the analysis, for those who show more than its report; what `look` takes of it goes along.
    Findings whose fingerprints are `known` do not count.
    """
    urls: dict[str, str] = {}  # of copies
    try:
        with copied(case, urls) as local:
            analysis = analyse(local, options, progress, live, helpers)
            taken = None if look is None else look(analysis)
    except (KeyringError, ConfigError, TsharkError) as error:
        return failed(case, USAGE, in_urls(str(error), urls))
    except CaptureError as error:
        path = urls.get(error.path, error.path)
        whose = (path,) if path in case.captures else case.captures
        return failed(case, UNREADABLE, f"{path}: {error.reason}", dict.fromkeys(whose, error.reason))
    except Exception as bug:  # noqa: BLE001  # our bug in one case must not cost the others
        return failed(case, UNREADABLE, f"{case.name}: keyshark failed: {type(bug).__name__}; see it with --debug")
    if keep is not None:
        keep(analysis)
    report = without_known(analysis.report, known)
    report = with_paths(report, urls)
    warnings = tuple(in_urls(text, urls) for text in (*analysis.keyring.warnings, *analysis.expired))
    return Outcome(without_passes(report) if failures_only else report, warnings=warnings, taken=taken)


def without_passes(case: CaseReport) -> CaseReport:
    """Return the report of a case without the judgements that passed."""
    return replace(case, judgements=tuple(j for j in case.judgements if j.verdict is not Verdict.PASS))


def collect(version: str, outcomes: Sequence[Outcome]) -> Report:
    """Return the report of all cases."""
    return Report(version, tuple(outcome.report for outcome in outcomes))


def failed(case: CaseFiles, code: int, text: str, by_path: Mapping[str, str] | None = None, trace: str = "") -> Outcome:
    """Tell of a case that was not judged: in its captures the reason of each, or of all where it is theirs alike.

    `trace` is the traceback, that of the exception at hand where there is one.
    """
    captures = tuple(
        CaptureReport(
            path=path, format="", packets=0, bytes=0, first=None, last=None, link_types=(), truncated=False,
            problems=(text,) if by_path is None else tuple(filter(None, (by_path.get(path),))),
        )
        for path in case.captures
    )  # fmt: skip
    report = CaseReport(case.name, Verdict.ERROR, captures, (), (), (), (), ())
    return Outcome(report, Fault(code, text, trace or traceback.format_exc()))
