"""`keyshark validate`: judges cases, and its exit code says how it went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import click

from analyzer import VERSION
from analyzer.analysis import Live, Options
from analyzer.baseline import Baseline, text
from analyzer.batch import Look
from analyzer.capture.case import CaseFiles
from analyzer.codes import UNREADABLE
from analyzer.commands.asked import judging_options, limit_options
from analyzer.commands.following import follow_option, followed_case, following
from analyzer.commands.many import (
    baseline_of,
    baseline_options,
    executor,
    found,
    judged,
    listed,
    many_options,
    saved,
    state_of,
    written,
)
from analyzer.commands.outcomes import LEVELS, exit_code, tell_faults
from analyzer.commands.output import ReaderGoneError, StdoutError, coloured, common, show, tell
from analyzer.commands.outputs import outputs_of
from analyzer.executors import Job, Limits, Task
from analyzer.executors.results import Results
from analyzer.executors.work import work
from analyzer.views import COLOURED, PIECEWISE, VIEWS, parquet, view

HTML = "html"  # the form that shows more than the report has


@click.command("validate")
@click.option("--format", "format_", type=click.Choice(tuple(VIEWS)), default="text", help="Form of stdout [text].")
@click.option("--output", "outputs", multiple=True, metavar="FORMAT=FILE", help="Write a file as well; repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(tuple(LEVELS)),
    default="should",
    help="Lowest level of a broken rule that counts [should].",
)
@click.option("--strict", is_flag=True, help="Fail on inconc too.")
@click.option("--fail-if-empty", is_flag=True, help="Exit 4 when there was nothing to judge.")
@click.option("--failures-only", is_flag=True, help="Leave judgements that passed out of the report.")
@many_options
@limit_options
@baseline_options
@judging_options
@follow_option
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    options: Options,
    format_: str,
    outputs: tuple[str, ...],
    fail_on: str,
    strict: bool,
    fail_if_empty: bool,
    failures_only: bool,
    files_from: str | None,
    baseline: str | None,
    new_baseline: str | None,
    cluster: str | None,
    jobs: int | None,
    limits: Limits,
    state: str | None,
    follow: bool,
) -> None:
    """Judge cases against the rules; `keyshark rules` lists them.

    \b
    keyshark validate captures/
    keyshark validate captures/ --output json=report.json --fail-on shall
    keyshark validate capture.pcapng --keys keys.toml --select MS,MT
    find . -name '*.pcap' | keyshark validate --files-from - --resume nightly.state

    \b
    Exit codes: 0 nothing failed, 1 a rule failed, 2 usage, keyring or config,
    3 a capture could not be read or keyshark failed, 4 nothing to judge
    (with --fail-if-empty), 130 interrupted.
    """
    files = outputs_of(outputs, {"--write-baseline": new_baseline, "--resume": state})
    known = baseline_of(baseline)
    form = COLOURED if format_ == "text" and coloured() else format_
    forms = {form, *(name for name, _ in files)}
    job = Job(
        options,
        failures_only,
        shown=tuple(sorted(name for name in forms if name in PIECEWISE)),
        whole=not forms <= PIECEWISE.keys(),
        look=_look(forms, options.show_keys),
        findings=new_baseline is not None,
        baseline=known.digest,
    )
    if follow:
        results, code = _followed(followed_case(listed(paths, files_from), options.engine), job, known), 0
    else:
        going_on = state_of(state, job)
        results, code = judged(
            found(paths, merge, files_from),
            job if going_on is None else going_on.job,
            going_on,
            lambda left: executor(left, jobs, limits, cluster),
            known,
        )
    tell_faults(results.notes)
    for name, path in files:
        if not _saved(results, name, path):
            code = code or UNREADABLE
    if not _shown(_text(results, form)):
        code = code or UNREADABLE
    notes = results.notes
    if new_baseline is not None and not results.missing:  # else what is missing would be new the next time
        if not written(Path(new_baseline), text(chain.from_iterable(note.findings for note in notes), VERSION)):
            code = code or UNREADABLE
        notes = [replace(note, failing=frozenset(), unclear=frozenset()) for note in notes]  # all of it is known now
    ctx.exit(code or exit_code(notes, fail_on, strict, fail_if_empty))


def _saved(results: Results, form: str, path: Path) -> bool:
    if form in parquet.TABLES:
        return saved(path, partial(parquet.write, form, results.report, path))
    return written(path, _text(results, form))


def _text(results: Results, form: str) -> Iterable[str]:
    if form == HTML:
        from analyzer.views import html  # noqa: PLC0415  # Jinja is slow to load

        return (html.show(results.report, (result.outcome and result.outcome.taken for result in results)),)
    return results.pieces(form) if form in PIECEWISE else (view(form)(results.report),)


def _look(forms: Iterable[str], show_keys: bool) -> Look | None:
    """Return what takes from an analysis what the report has not, where a form shows it."""
    if HTML not in forms:
        return None
    from analyzer.views import exhibits  # noqa: PLC0415  # only a page has octets

    return partial(exhibits.look, show_keys=show_keys)


def _shown(pieces: Iterable[str]) -> bool:
    try:
        for piece in pieces:
            show(piece)
    except ReaderGoneError:
        return True  # how it went is told by the exit code
    except StdoutError as error:
        tell(f"error: {error.format_message()}")
        return False
    except OSError as error:
        tell(f"error: results that were put aside cannot be read: {error.strerror or error}")
        return False
    return True


def _followed(case: CaseFiles, job: Job, known: Baseline) -> Results:
    """Judge a capture that grows when it is over, or nobody wants more."""
    results = Results([case])
    with following(case) as follow:
        results.add(0, work(job, Task(0, case, known.of(case.name)), live=Live(follow)))
    return results
