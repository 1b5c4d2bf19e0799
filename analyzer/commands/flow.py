"""`keyshark flow`: the message sequence of a case."""

from __future__ import annotations

import click

from analyzer.accounts import handshake_steps
from analyzer.analysis import Analysis, Options
from analyzer.codes import USAGE
from analyzer.commands.cases import Failure, find, inputs, present
from analyzer.commands.drawing import width
from analyzer.commands.output import coloured, common
from analyzer.views import flow, flow_mermaid, svg

FORMATS = ("text", "mermaid", "svg")


@click.command("flow")
@inputs
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="Form of the ladder [text].")
@common
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], merge: bool, keys: tuple[str, ...], engine: str, format_: str
) -> None:
    """Draw the messages of all procedures, and handshakes of TLS, as a ladder over the nodes."""

    def draw(analysis: Analysis) -> str:
        ladder = flow.ladder(analysis.report, handshake_steps(analysis.story))
        match format_:
            case "mermaid":
                return flow_mermaid.show(ladder)
            case "svg":
                return svg.ladder(ladder)
            case _:
                return flow.text(ladder, coloured(), width())

    if format_ != "text" and len(find(paths, merge)) > 1:
        raise Failure(f"--format {format_} draws one case: name one, or join them with --merge", USAGE)
    ctx.exit(present(paths, merge, Options(engine=engine, keys=keys), draw))
