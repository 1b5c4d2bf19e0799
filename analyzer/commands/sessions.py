"""`keyshark sessions`: the UEs of a case and what they did."""

from __future__ import annotations

from collections.abc import Sequence

import click

from analyzer import VERSION
from analyzer.analysis import Analysis, Options
from analyzer.commands.cases import each, find, inputs, present
from analyzer.commands.drawing import drawn
from analyzer.commands.following import follow_option, followed_case, retold
from analyzer.commands.output import coloured, common, show
from analyzer.membership import memberships
from analyzer.report import CaseReport
from analyzer.views import sessions, why

FORMATS = ("text", "json")


@click.command("sessions")
@inputs
@follow_option
@click.option("--why", "links", is_flag=True, help="Show what ties each message to its UE, with the frames.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="Form of stdout [text].")
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    follow: bool,
    links: bool,
    format_: str,
) -> None:
    """List the UEs of a case, and the procedures they went through.

    With --why it lists the links instead: for every message of a UE the identities, B-TIDs, dialogs, addresses and
    key groups that it shares with others, where each was seen first, and which names it has of another UE.
    """
    options = Options(engine=engine, keys=keys)
    draw = _draw_links if links else _draw
    if format_ == "json":
        if follow:
            raise click.UsageError("--follow shows text only")
        ctx.exit(_json(paths, merge, options, links))
    if follow:
        ctx.exit(retold(followed_case(paths, engine), options, draw))
    ctx.exit(present(paths, merge, options, draw))


def _json(paths: Sequence[str], merge: bool, options: Options, links: bool) -> int:
    """Show all cases as one document; return the exit code."""
    told: list[tuple[CaseReport, why.Links | None]] = []

    def take(analysis: Analysis) -> None:
        told.append((analysis.report, memberships(analysis.story) if links else None))

    code = each(find(paths, merge), options, take)
    show(why.show_json(VERSION, told))
    return code


def _draw(analysis: Analysis) -> str:
    return sessions.show(analysis.report, drawn, coloured()) if analysis.report.ues else _no_ue(analysis)


def _draw_links(analysis: Analysis) -> str:
    case = analysis.report
    return why.show(case, memberships(analysis.story), drawn) if case.ues else _no_ue(analysis)


def _no_ue(analysis: Analysis) -> str:
    found = len(analysis.story.traffic.messages)
    return f"no UE: {found} messages were found, see `keyshark info` and `keyshark packets`\n"
