"""`keyshark keys`: the key ladder of every UE."""

from __future__ import annotations

import click

from analyzer.analysis import Analysis, Options
from analyzer.commands.cases import inputs, media_option, present, show_keys_option
from analyzer.commands.drawing import drawn, width
from analyzer.commands.output import common
from analyzer.keys.suspects import suspects
from analyzer.report import CaseReport, UeReport
from analyzer.views import ladder, suspicions
from analyzer.views.ink import clean


@click.command("keys")
@inputs
@media_option
@show_keys_option
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    media: str,
    show_keys: bool,
) -> None:
    """Show the keys of every UE: kind, status, fingerprint, validity and where each came from."""
    ctx.exit(present(paths, merge, Options(show_keys=show_keys, engine=engine, keys=keys, media=media), _draw))


def _draw(analysis: Analysis) -> str:
    case = analysis.report
    blocks = [_block(case, ue) for ue in case.ues if ue.keys]
    told = suspicions.show(suspects(analysis.story.traffic, analysis.keyring, analysis.story.chain), width())
    if not blocks:
        return told or "no keys: give some with --keys FILE, see docs/keyring.md\n"
    return "\n".join((*blocks, told) if told else blocks)


def _block(case: CaseReport, ue: UeReport) -> str:
    return f"{clean('  '.join((ue.id, *ue.impi, *ue.impu)))}\n{drawn(ladder.keys(case, ue))}"
