"""`keyshark info`: what the captures of a case are and hold."""

from __future__ import annotations

import click

from analyzer.commands.cases import inputs, present_scans
from analyzer.commands.drawing import drawn
from analyzer.commands.output import common
from analyzer.scan import Scan
from analyzer.views import facts


@click.command("info")
@inputs
@common
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], merge: bool, keys: tuple[str, ...], engine: str) -> None:
    """Tell the facts of the captures: format, times, packets, messages by protocol, media streams."""
    ctx.exit(present_scans(paths, merge, keys, engine, _draw))


def _draw(found: Scan) -> str:
    protocols = (message.protocol for message in found.messages)
    media = [
        facts.Media(stream.destination, stream.port, stream.ssrc, stream.rtcp, stream.packets)
        for stream in found.streams
    ]
    said = [capture.facts for capture in found.captures]
    return facts.show(found.report, protocols, found.decoded.opened, found.decoded.counts, media, drawn, said)
