"""`keyshark open`: the terminal UI."""

from __future__ import annotations

import sys

import click

from analyzer import VERSION
from analyzer.analysis import Options
from analyzer.batch import USAGE
from analyzer.capture.reader import STDIN
from analyzer.commands.cases import Failure, find, inputs, media_option
from analyzer.commands.output import common, settings, tell_trace
from analyzer.tui.app import Keyshark


@click.command("open")
@inputs
@media_option
@common
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], merge: bool, keys: tuple[str, ...], engine: str, media: str
) -> None:
    """Browse cases in the terminal UI: UEs, procedures, ladder, keys, packets and findings.

    Of several cases, or a folder that holds several, a list is shown to choose from.
    """
    if not on_terminal():
        raise Failure("the UI needs a terminal; `keyshark validate` judges without one", USAGE)
    if STDIN in paths:
        raise Failure("standard input is the keyboard here: name a file", USAGE)
    cases = find(paths, merge)
    if not cases:
        ctx.exit(USAGE)
    fault = Keyshark(cases, Options(engine=engine, keys=keys, media=media), VERSION).run()
    if fault is not None:
        if settings().debug and fault.trace:
            tell_trace(fault.trace)
        raise Failure(fault.text, fault.code)


def on_terminal() -> bool:
    """Say whether there is a terminal to type on and to draw on; textual draws on stderr."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
