"""`keyshark explain`: one rule's page."""

from __future__ import annotations

import difflib

import click

from analyzer.batch import USAGE
from analyzer.commands.cases import Failure
from analyzer.commands.output import common, show
from analyzer.judging import Rule
from analyzer.procedures import CATALOGUE


@click.command("explain")
@click.argument("code")
@common
def command(code: str) -> None:
    """Show the page of the rule CODE: what it demands, why, how a break looks, what to do about it."""
    show(page(_rule(code.upper())))


def _rule(code: str) -> Rule:
    by_code = {rule.code: rule for rule in CATALOGUE}
    if code not in by_code:
        near = difflib.get_close_matches(code, by_code, n=3)
        hint = f"is it {' or '.join(near)}?" if near else "`keyshark rules` lists them"
        raise Failure(f"there is no rule {code}: {hint}", USAGE)
    return by_code[code]


def page(rule: Rule) -> str:
    """Return the page of a rule."""
    return (
        f"{rule.code} {rule.name}\n\n"
        f"{rule.page}\n\n"
        f"Clause:      {rule.clause}\n"
        f"Level:       {rule.level}\n"
        f"Looks at:    {', '.join(rule.kinds)}\n"
        f"When broken: {rule.remedy}\n"
    )
