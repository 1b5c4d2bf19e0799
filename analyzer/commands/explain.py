"""`keyshark explain`: one rule's page."""

from __future__ import annotations

import difflib

import click

from analyzer.batch import USAGE
from analyzer.commands.cases import Failure
from analyzer.commands.output import common, show
from analyzer.judging import Rule
from analyzer.procedures import CATALOGUE
from analyzer.views.catalogue import page


@click.command("explain")
@click.argument("code")
@common
def command(code: str) -> None:
    """Show the page of a rule, named by its CODE or its name: what it demands, why, and what to do about it."""
    show(page(_rule(code)))


def _rule(given: str) -> Rule:
    by_code = {rule.code: rule for rule in CATALOGUE}
    by_name = {rule.name: rule for rule in CATALOGUE}
    found = by_code.get(given.upper()) or by_name.get(given.lower())
    if found is None:
        near = difflib.get_close_matches(given.upper(), by_code, n=3) or difflib.get_close_matches(
            given.lower(), by_name
        )
        hint = f"is it {' or '.join(near)}?" if near else "`keyshark rules` lists them"
        raise Failure(f"there is no rule {given}: {hint}", USAGE)
    return found
