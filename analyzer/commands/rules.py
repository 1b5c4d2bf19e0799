"""`keyshark rules`: the catalogue."""

from __future__ import annotations

import json

import click

from analyzer.codes import USAGE
from analyzer.commands.cases import Failure
from analyzer.commands.drawing import drawn
from analyzer.commands.output import common, show
from analyzer.procedures import CATALOGUE
from analyzer.profiles import PROFILES
from analyzer.views import catalogue
from analyzer.views.tables import Table

FORMATS = ("text", "json", "markdown")


@click.command("rules")
@click.argument("code", required=False, default="")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="Form [text].")
@click.option("--profile", type=click.Choice(tuple(PROFILES)), default=None, help="Those of a profile only.")
@common
def command(code: str, format_: str, profile: str | None) -> None:
    """List all rules, or those whose CODE begins so.

    \b
    keyshark rules --profile rel8
    keyshark rules MS --format json
    """
    begun = [rule for rule in CATALOGUE if rule.code.startswith(code.upper())]
    if code and not begun:
        raise Failure(f"no rule begins with {code}: `keyshark rules` lists them", USAGE)
    found = [rule for rule in begun if profile is None or PROFILES[profile].applies(rule.code)]
    match format_:
        case "json":
            show(json.dumps([catalogue.plain_rule(rule) for rule in found], indent=2) + "\n")
        case "markdown":
            show(catalogue.markdown(found))
        case _:
            rows = tuple((rule.code, rule.level, rule.clause, rule.title) for rule in found)
            show(drawn(Table(("code", "level", "clause", "rule"), rows, folded=frozenset({"clause", "rule"}))))
