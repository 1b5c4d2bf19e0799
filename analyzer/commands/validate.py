"""`keyshark validate`: judges cases, and its exit code says how it went."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from analyzer import VERSION
from analyzer.analysis import Live, Options
from analyzer.batch import USAGE, Outcome, collect, judge_case, judge_cases
from analyzer.capture.case import CaseFiles
from analyzer.commands.cases import (
    Failure,
    find,
    inputs,
    media_option,
    profile_option,
    show_keys_option,
    today,
    waive_option,
    wished,
)
from analyzer.commands.following import follow_option, followed_case, following
from analyzer.commands.outcomes import LEVELS, exit_code, tell_faults
from analyzer.commands.output import ReaderGoneError, coloured, common, show
from analyzer.commands.progress import bar
from analyzer.procedures import CATALOGUE
from analyzer.views import VIEWS, view
from analyzer.views.text import show_coloured


@click.command("validate")
@inputs
@click.option("--format", "format_", type=click.Choice(tuple(VIEWS)), default="text", help="Form of stdout [text].")
@click.option("--output", "outputs", multiple=True, metavar="FORMAT=FILE", help="Write a file as well; repeatable.")
@click.option("--select", multiple=True, metavar="RULE", help="Judge by these rules only: codes or beginnings of them.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave rules out: codes or beginnings of them.")
@click.option(
    "--fail-on",
    type=click.Choice(tuple(LEVELS)),
    default="should",
    help="Lowest level of a broken rule that counts [should].",
)
@click.option("--strict", is_flag=True, help="Fail on inconc too.")
@click.option("--fail-if-empty", is_flag=True, help="Exit 4 when there was nothing to judge.")
@click.option("--failures-only", is_flag=True, help="Leave judgements that passed out of the report.")
@click.option("--jobs", type=click.IntRange(min=0), default=1, help="Processes that work [1]; 0 is one a CPU.")
@media_option
@profile_option
@waive_option
@follow_option
@show_keys_option
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    format_: str,
    outputs: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    strict: bool,
    fail_if_empty: bool,
    failures_only: bool,
    jobs: int,
    media: str,
    profile: str | None,
    waive: tuple[str, ...],
    follow: bool,
    show_keys: bool,
) -> None:
    """Judge cases against the rules; `keyshark rules` lists them.

    \b
    keyshark validate captures/
    keyshark validate captures/ --output json=report.json --fail-on shall
    keyshark validate capture.pcapng --keys keys.toml --select MS,MT

    \b
    Exit codes: 0 nothing failed, 1 a rule failed, 2 usage, keyring or config,
    3 a capture could not be read or keyshark failed, 4 nothing to judge
    (with --fail-if-empty), 130 interrupted.
    """
    files = [_output(text) for text in outputs]
    options = Options(
        show_keys=show_keys,
        engine=engine,
        select=codes(select),
        ignore=codes(ignore),
        keys=keys,
        media=media,
        waive=waive,
        today=today(),
        profile=profile,
        tolerances=wished().tolerances,
    )
    if follow:
        outcomes = [_followed(followed_case(paths, engine), options, failures_only)]
    else:
        outcomes = _judged(find(paths, merge), options, jobs, failures_only)
    report = collect(VERSION, outcomes)
    tell_faults(outcomes)
    for form, path in files:
        _write(path, view(form)(report))
    with suppress(ReaderGoneError):  # how it went is told by the exit code
        show(show_coloured(report) if format_ == "text" and coloured() else view(format_)(report))
    ctx.exit(exit_code(outcomes, fail_on, strict, fail_if_empty))


def _judged(cases: Sequence[CaseFiles], options: Options, jobs: int, failures_only: bool) -> list[Outcome]:
    outcomes = []
    with bar(len(cases)) as progress:
        for outcome in judge_cases(cases, options, jobs, failures_only, progress.octets):
            outcomes.append(outcome)
            progress.done(outcome.report.name)
    return outcomes


def _followed(case: CaseFiles, options: Options, failures_only: bool) -> Outcome:
    """Judge a capture that grows when it is over, or nobody wants more."""
    with following(case) as follow:
        return judge_case(case, options, failures_only, live=Live(follow))


def codes(given: Sequence[str]) -> tuple[str, ...]:
    """Return rule codes, or beginnings of them, in capitals; commas part them too. Raises Failure for unknown ones."""
    found = tuple(code.strip().upper() for text in given for code in text.split(",") if code.strip())
    for code in found:
        if not any(rule.code.startswith(code) for rule in CATALOGUE):
            raise Failure(f"no rule begins with {code}: `keyshark rules` lists them", USAGE)
    return found


def _output(text: str) -> tuple[str, Path]:
    form, equals, name = text.partition("=")
    if not equals or not name or form not in VIEWS:
        raise click.UsageError(f"--output {text}: give FORMAT=FILE, FORMAT one of {', '.join(VIEWS)}")
    path = Path(name)
    if path.is_dir() or not path.parent.is_dir():
        raise click.UsageError(f"--output {text}: {path} cannot be written, its folder must exist and it be a file")
    return form, path


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Failure(f"{path}: cannot be written: {error.strerror}", USAGE) from error
