"""`keyshark flow`: the message sequence of a case."""

from __future__ import annotations

import click

from analyzer.analysis import Options
from analyzer.commands.cases import inputs, present
from analyzer.commands.drawing import width
from analyzer.commands.output import coloured, common
from analyzer.views import flow


@click.command("flow")
@inputs
@click.option("--format", "format_", type=click.Choice(("text",)), default="text", help="Form of the ladder [text].")
@common
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], merge: bool, keys: tuple[str, ...], engine: str, format_: str
) -> None:
    """Draw the messages of all procedures as a ladder over the nodes."""
    options = Options(engine=engine, keys=keys)
    ctx.exit(present(paths, merge, options, lambda analysis: flow.show(analysis.report, coloured(), width())))
