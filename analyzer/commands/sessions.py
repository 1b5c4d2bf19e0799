"""`keyshark sessions`: the UEs of a case and what they did."""

from __future__ import annotations

import click

from analyzer.analysis import Analysis, Options
from analyzer.commands.cases import inputs, present
from analyzer.commands.drawing import drawn
from analyzer.commands.following import follow_option, followed_case, retold
from analyzer.commands.output import coloured, common
from analyzer.views import sessions


@click.command("sessions")
@inputs
@follow_option
@common
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], merge: bool, keys: tuple[str, ...], engine: str, follow: bool
) -> None:  # fmt: skip
    """List the UEs of a case, and the procedures they went through."""
    if follow:
        ctx.exit(retold(followed_case(paths, engine), Options(keys=keys), _draw))
    ctx.exit(present(paths, merge, Options(engine=engine, keys=keys), _draw))


def _draw(analysis: Analysis) -> str:
    case = analysis.report
    if not case.ues:
        found = len(analysis.story.traffic.messages)
        return f"no UE: {found} messages were found, see `keyshark info` and `keyshark packets`\n"
    return sessions.show(case, drawn, coloured())
