"""`keyshark open`: the terminal UI."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import click

from analyzer import VERSION
from analyzer.analysis import Analysis, Options
from analyzer.capture.case import CaseFiles, left_over
from analyzer.capture.reader import STDIN
from analyzer.codes import UNREADABLE, USAGE
from analyzer.commands.cases import Failure, each, find, here, inputs, media_option, profile_option, today, wished
from analyzer.commands.config import wishes
from analyzer.commands.following import followed_case
from analyzer.commands.output import common, settings, show, tell_trace
from analyzer.config import SettingsError, config_path, state_path
from analyzer.tui.app import SIGNALLED, Keyshark
from analyzer.tui.state import Memory
from analyzer.views.linear import linear, said

MAX_SKIPPED = 10_000  # files that are no captures, and that are counted and named


@click.command("open")
@inputs
@media_option
@profile_option
@click.option("--no-state", is_flag=True, help="Neither recall how captures were looked at, nor remember it.")
@click.option("--follow", is_flag=True, help="Go on while the capture grows.")
@click.option("--plain", is_flag=True, help="Print all as plain lines, for screen readers, and end.")
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    media: str,
    profile: str | None,
    no_state: bool,
    follow: bool,
    plain: bool,
) -> None:
    """Browse cases in the terminal UI: UEs, procedures, ladder, keys, packets and findings.

    Of several cases, or a folder that holds several, a list is shown to choose from.

    With --plain UEs, findings, ladder and packets are printed instead, a sentence a line, without drawings or colours.
    """
    options = Options(engine=engine, keys=keys, media=media, today=today(), profile=profile)
    if plain:
        if follow:
            raise click.UsageError("--plain prints what is there and ends: `keyshark packets --follow` goes on")
        options = replace(options, tolerances=wished().tolerances)
        ctx.exit(each(find(paths, merge), options, _print))
    if not on_terminal():
        raise Failure("the UI needs a terminal; `keyshark validate` judges without one", USAGE)
    if is_dumb():
        term = os.environ.get("TERM") or "not set"
        raise Failure(
            f"the UI needs a terminal to draw on, and TERM is {term}; `keyshark open --plain` needs none", USAGE
        )
    if STDIN in paths:
        raise Failure("standard input is the keyboard here: name a file", USAGE)
    found = [followed_case(paths, engine)] if follow else find(paths, merge)
    if not found:
        ctx.exit(USAGE)
    others = tuple(islice(left_over(paths, found), MAX_SKIPPED))
    browse([here(case) for case in found], options, no_state, follow, others)


def _print(analysis: Analysis) -> None:
    for line in linear(analysis):
        show(f"{said(line)}\n")
    show("\n")


def browse(
    cases: Sequence[CaseFiles], options: Options, no_state: bool = False, follow: bool = False,
    skipped: Sequence[str] = (),
) -> None:  # fmt: skip
    """Run the UI; raises Failure where the one case cannot be read, or the config file is wrong.

    `skipped` are files beside the captures, which are none.
    """
    config = wishes()
    options = replace(options, tolerances=config.tolerances)
    memory = Memory(None if no_state else state_path())
    app = Keyshark(cases, options, VERSION, config, memory, follow, skipped)
    if config.theme is not None and config.theme not in app.available_themes:
        known = ", ".join(sorted(app.available_themes))
        raise Failure(str(SettingsError(config_path(), "", "theme", f"{config.theme!r} is none of {known}")), USAGE)
    fault = app.run(mouse=config.mouse)
    if app.return_code:
        # Ended by a signal, or by a mistake of ours that it has told of.
        raise SystemExit(app.return_code if app.return_code > SIGNALLED else UNREADABLE)
    if fault is not None:
        if settings().debug and fault.trace:
            tell_trace(fault.trace)
        raise Failure(fault.text, fault.code)


def is_dumb() -> bool:
    """Say whether the terminal can do no more than print lines."""
    return not os.environ.get("TEXTUAL_DRIVER") and os.environ.get("TERM", "") in ("", "dumb")


def on_terminal() -> bool:
    """Say whether there is a terminal to type on and to draw on; textual draws on stderr."""
    if os.environ.get("TEXTUAL_DRIVER"):  # textual-serve is on the other end
        return True
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
