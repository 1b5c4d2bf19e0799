"""`keyshark diagnose`: why keys did not arrive, and what to do."""

from __future__ import annotations

from contextlib import suppress

import click

from analyzer import VERSION
from analyzer.analysis import Options
from analyzer.batch import collect, judge_cases
from analyzer.commands.cases import find, inputs
from analyzer.commands.outcomes import LEVELS, exit_code, tell_faults
from analyzer.commands.output import ReaderGoneError, common, show
from analyzer.commands.progress import bar
from analyzer.views import diagnoses

FORMATS = {"text": diagnoses.show, "json": diagnoses.show_json}


@click.command("diagnose")
@inputs
@click.option("--format", "format_", type=click.Choice(tuple(FORMATS)), default="text", help="Form of stdout [text].")
@click.option(
    "--fail-on", type=click.Choice(tuple(LEVELS)), default="should", help="Lowest level of a broken rule that counts."
)
@click.option("--strict", is_flag=True, help="Fail on inconc too.")
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    format_: str,
    fail_on: str,
    strict: bool,
) -> None:
    """Say what did not work for each UE, why, with the frames that show it, and what to do next.

    \b
    keyshark diagnose capture.pcapng --keys keys.toml

    It goes back from what failed over media, MTK, MSK, request, registration, authorization and Zn to the
    bootstrapping, and stops at the first link that is broken. Exit codes are those of `keyshark validate`.
    """
    cases = find(paths, merge)
    outcomes = []
    with bar(len(cases)) as progress:
        for outcome in judge_cases(cases, Options(engine=engine, keys=keys), 1, False, progress.octets):
            outcomes.append(outcome)
            progress.done(outcome.report.name)
    tell_faults(outcomes)
    with suppress(ReaderGoneError):  # how it went is told by the exit code
        show(FORMATS[format_](collect(VERSION, outcomes)))
    ctx.exit(exit_code(outcomes, fail_on, strict, False))
