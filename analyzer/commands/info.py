"""`keyshark info`: what the captures of a case are and hold."""

from __future__ import annotations

import click

from analyzer.analysis import Analysis, Options
from analyzer.commands.cases import inputs, present
from analyzer.commands.drawing import drawn
from analyzer.commands.output import common
from analyzer.views import facts


@click.command("info")
@inputs
@common
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], merge: bool, keys: tuple[str, ...], engine: str) -> None:
    """Tell the facts of the captures: format, times, packets, messages by protocol, media streams."""
    ctx.exit(present(paths, merge, Options(engine=engine, keys=keys), _draw))


def _draw(analysis: Analysis) -> str:
    protocols = (part.protocol for message in analysis.story.traffic.messages for part in message.walk())
    return facts.show(analysis.report, protocols, analysis.decoded.opened, analysis.decoded.counts, drawn)
