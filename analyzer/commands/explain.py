"""`keyshark explain`: one rule's page."""

from __future__ import annotations

import difflib

import click

from analyzer.codes import USAGE
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
    show("\n".join(page(rule) for rule in _rules(code)))


def _rules(given: str) -> list[Rule]:
    """Return the rule of a code, or those of a name: two that demand the same of two messages share one."""
    found = [rule for rule in CATALOGUE if given.upper() == rule.code or given.lower() == rule.name]
    if not found:
        codes, names = [rule.code for rule in CATALOGUE], [rule.name for rule in CATALOGUE]
        near = difflib.get_close_matches(given.upper(), codes) or difflib.get_close_matches(given.lower(), names)
        hint = f"is it {' or '.join(dict.fromkeys(near))}?" if near else "`keyshark rules` lists them"
        raise Failure(f"there is no rule {given}: {hint}", USAGE)
    return found
