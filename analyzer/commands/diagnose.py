"""`keyshark diagnose`: why keys did not arrive, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import click

from analyzer import VERSION
from analyzer.analysis import Analysis, Options
from analyzer.batch import Outcome, collect, judge_case, note
from analyzer.commands.cases import find, inputs, media_option, profile_option, today, wished
from analyzer.commands.drawing import width
from analyzer.commands.outcomes import LEVELS, exit_code, tell_faults
from analyzer.commands.output import ReaderGoneError, common, show
from analyzer.commands.progress import bar
from analyzer.diagnosis.timeline import Timeline, timelines
from analyzer.keys.suspects import suspects
from analyzer.views import diagnoses, suspicions, timeline, timeline_json
from analyzer.views.plain import Plain

FORMATS = ("text", "json")


@click.command("diagnose")
@inputs
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="Form of stdout [text].")
@click.option("--timeline", "timed", is_flag=True, help="Show how the keys of each UE were refreshed too.")
@click.option(
    "--fail-on", type=click.Choice(tuple(LEVELS)), default="should", help="Lowest level of a broken rule that counts."
)
@media_option
@profile_option
@click.option("--strict", is_flag=True, help="Fail on inconc too.")
@click.option("--fail-if-empty", is_flag=True, help="Exit 4 when there was nothing to judge.")
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    format_: str,
    timed: bool,
    fail_on: str,
    media: str,
    profile: str | None,
    strict: bool,
    fail_if_empty: bool,
) -> None:
    """Say what did not work for each UE, why, with the frames that show it, and what to do next.

    \b
    keyshark diagnose capture.pcapng --keys keys.toml
    keyshark diagnose capture.pcapng --timeline

    It goes back from what failed over media, MTK, MSK, request, registration, authorization and Zn to the
    bootstrapping, and stops at the first link that is broken. Keys of the keyring that open nothing are
    named, with what would make them fit. Exit codes are those of `keyshark validate`.
    """
    tolerances = wished().tolerances
    options = Options(
        engine=engine, keys=keys, media=media, today=today(), profile=profile, tolerances=tolerances
    )  # fmt: skip
    cases = find(paths, merge)
    outcomes: list[Outcome] = []
    pages: list[str] = []
    lines: list[Plain] = []
    with bar(len(cases)) as progress:
        for case in cases:
            analyses: list[Analysis] = []
            outcome = judge_case(
                case,
                options,
                progress=progress.octets,
                keep=analyses.append,
            )
            outcomes.append(outcome)
            if format_ == "text":
                page = diagnoses.case(outcome.report, width())
                pages.append(page + "".join(_more(analyses, timed)))
            elif timed:
                lines.append([one for told in analyses for one in timeline_json.values(_lines(told))])
            progress.done(outcome.report.name)
    notes = [note(outcome) for outcome in outcomes]
    tell_faults(notes)
    with suppress(ReaderGoneError):  # how it went is told by the exit code
        told = collect(VERSION, outcomes)
        show(diagnoses.show_json(told, lines if timed else None) if format_ == "json" else "\n".join(pages))
    ctx.exit(exit_code(notes, fail_on, strict, fail_if_empty))


def _more(analyses: list[Analysis], timed: bool) -> Iterator[str]:
    """Yield what is told of a case beyond its report: its keyring, and its timelines where they are wanted."""
    for analysis in analyses:
        story = analysis.story
        yield suspicions.show(suspects(story.traffic, analysis.keyring, story.chain), width())
        if timed:
            yield timeline.show(_lines(analysis), width(), len(analysis.captures) > 1)


def _lines(analysis: Analysis) -> tuple[Timeline, ...]:
    return timelines(analysis.story, analysis.report.diagnoses)
