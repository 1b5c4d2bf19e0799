"""`keyshark rules`: the catalogue."""

from __future__ import annotations

import json

import click

from analyzer.batch import USAGE
from analyzer.commands.cases import Failure
from analyzer.commands.drawing import drawn
from analyzer.commands.output import common, show
from analyzer.procedures import CATALOGUE
from analyzer.views import catalogue
from analyzer.views.tables import Table

FORMATS = ("text", "json", "markdown")


@click.command("rules")
@click.argument("code", required=False, default="")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="Form [text].")
@common
def command(code: str, format_: str) -> None:
    """List all rules, or those whose CODE begins so."""
    found = [rule for rule in CATALOGUE if rule.code.startswith(code.upper())]
    if code and not found:
        raise Failure(f"no rule begins with {code}: `keyshark rules` lists them", USAGE)
    match format_:
        case "json":
            show(json.dumps([catalogue.plain_rule(rule) for rule in found], indent=2) + "\n")
        case "markdown":
            show(catalogue.markdown(found))
        case _:
            rows = tuple((rule.code, rule.level, rule.clause, rule.title) for rule in found)
            show(drawn(Table(("code", "level", "clause", "rule"), rows, folded=frozenset({"clause", "rule"}))))
