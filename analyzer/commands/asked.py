"""What is asked of all cases alike: the options of commands that judge, and what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

import click

from analyzer.analysis import Options
from analyzer.codes import USAGE
from analyzer.commands.cases import (
    Failure,
    Function,
    media_option,
    profile_option,
    show_keys_option,
    today,
    waive_option,
    wished,
)  # fmt: skip
from analyzer.commands.many import Octets, Seconds
from analyzer.executors import Limits
from analyzer.procedures import CATALOGUE


def judging_options(function: Function) -> Function:
    """Add the options that say by what cases are judged; with --keys and --engine the command has them as `options`."""

    @wraps(function)
    def command(
        *, keys: tuple[str, ...], engine: str, select: Sequence[str], ignore: Sequence[str], media: str,
        profile: str | None, waive: tuple[str, ...], show_keys: bool, **others: Any,
    ) -> Any:  # fmt: skip
        options = Options(
            show_keys=show_keys, engine=engine, select=codes(select), ignore=codes(ignore), keys=keys, media=media,
            waive=waive, today=today(), profile=profile, tolerances=wished().tolerances,
        )  # fmt: skip
        return function(options=options, **others)

    return _with(
        cast("Function", command),
        show_keys_option,
        waive_option,
        profile_option,
        media_option,
        click.option(
            "--ignore", multiple=True, metavar="RULE", help="Leave rules out: codes, beginnings of them, or names."
        ),
        click.option(
            "--select",
            multiple=True,
            metavar="RULE",
            help="Judge by these: codes of rules, beginnings of them, or names.",
        ),
    )


def limit_options(function: Function) -> Function:
    """Add the options that say what a case may take; the command has them as `limits`."""

    @wraps(function)
    def command(*, seconds: float | None, memory: int | None, **others: Any) -> Any:
        return function(limits=Limits(seconds, memory), **others)

    return _with(
        cast("Function", command),
        click.option("--max-memory", "memory", type=Octets(), metavar="OCTETS", help="Most a case may need: 500M, 2G."),
        click.option("--timeout", "seconds", type=Seconds(), metavar="SECONDS", help="Seconds a case may take."),
    )


def _with(command: Function, *options: Callable[[Function], Function]) -> Function:
    for decorate in options:
        command = decorate(command)
    return command


def codes(given: Sequence[str]) -> tuple[str, ...]:
    """Return rule codes, or beginnings of them, in capitals; commas part them too. Raises Failure for unknown ones.

    A rule may be called by its name as well.
    """
    named = {rule.name.upper(): rule.code for rule in CATALOGUE}
    asked = (code.strip().upper() for text in given for code in text.split(",") if code.strip())
    found = tuple(named.get(code, code) for code in asked)
    for code in found:
        if not any(rule.code.startswith(code) for rule in CATALOGUE):
            raise Failure(f"no rule begins with {code}: `keyshark rules` lists them", USAGE)
    return found
