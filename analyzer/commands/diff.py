"""`keyshark diff`: what two reports differ in."""

from __future__ import annotations

import click

from analyzer.changes import ReportError, changes, load
from analyzer.codes import USAGE
from analyzer.commands.cases import Failure
from analyzer.commands.output import common, show
from analyzer.views.changes import show as as_text
from analyzer.views.changes import show_json

DIFFERENT = 1  # exit code, as diff has it
FORMATS = ("text", "json")


@click.command("diff")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="Form of stdout [text].")
@click.argument("old", type=click.Path(), metavar="OLD.json")
@click.argument("new", type=click.Path(), metavar="NEW.json")
@common
@click.pass_context
def command(ctx: click.Context, format_: str, old: str, new: str) -> None:
    """Compare two reports that `keyshark validate --format json` wrote: findings that are new or gone, and verdicts.

    \b
    keyshark diff monday.json tuesday.json

    Findings are compared by their fingerprints, which stay when frames and UEs are numbered anew; waived
    and known ones and notes are left out. Exit codes are those of diff: 0 the same, 1 different, 2 a
    report cannot be read.
    """
    try:
        found = changes(load(old), load(new))
    except ReportError as error:
        raise Failure(str(error), USAGE) from None
    show(as_text(found) if format_ == "text" else show_json(found))
    ctx.exit(DIFFERENT if found else 0)
