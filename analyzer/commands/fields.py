"""`keyshark fields`: every field that a filter can ask for."""

from __future__ import annotations

import json

import click

from analyzer.codes import USAGE
from analyzer.commands.cases import Failure
from analyzer.commands.drawing import drawn
from analyzer.commands.output import common, show
from analyzer.views import fields as view
from analyzer.views.tables import Table
from dissectors.catalogue import fields

FORMATS = ("text", "json", "markdown")


@click.command("fields")
@click.argument("protocol", required=False, default="")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="Form [text].")
@common
def command(protocol: str, format_: str) -> None:
    """List the fields that a filter can ask for: all, those of PROTOCOL, or those whose names begin so.

    \b
    keyshark fields mikey
    keyshark fields mikey.ext --format json
    """
    known = fields().values()
    own = [field for field in known if field.protocol == protocol]
    found = own or [field for field in known if field.name.startswith(protocol)]
    if not found:
        raise Failure(f"no field begins with {protocol}: `keyshark fields` lists them", USAGE)
    match format_:
        case "json":
            show(json.dumps([view.plain_field(field) for field in found], indent=2) + "\n")
        case "markdown":
            for name in dict.fromkeys(field.protocol for field in found):
                show(view.markdown(name, [field for field in found if field.protocol == name]))
        case _:
            show(drawn(Table(view.COLUMNS, tuple(map(view.row, found)), folded=frozenset({"meaning"}))))
