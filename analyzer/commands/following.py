"""`--follow`: a command that goes on while its capture grows, until the capture is over or Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from analyzer.analysis import Analysis, Live, Options
from analyzer.capture.case import CaseFiles, find_cases
from analyzer.capture.follow import Follow
from analyzer.commands.cases import analysed, told_damage
from analyzer.commands.output import show, tell

RETELL = 0.5  # seconds between two tellings of all that came so far
SHARE = 4  # of the time at most one part of so many and one goes into telling
CLEAR = "\x1b[H\x1b[2J"  # the terminal, before what replaces what it shows

follow_option = click.option(
    "--follow", is_flag=True, help="Go on while the capture grows, or a pipe gives more; Ctrl-C ends it."
)


def followed_case(paths: Sequence[str], engine: str) -> CaseFiles:
    """Return the case of the one capture that is to be followed."""
    if len(paths) != 1 or Path(paths[0]).is_dir():
        raise click.UsageError("--follow takes one capture, a file or - for standard input")
    if engine != "native":
        raise click.UsageError("--follow reads with the native engine only")
    return find_cases(paths)[0]


@contextmanager
def following(case: CaseFiles) -> Iterator[Follow]:
    """Follow a capture until it is over or Ctrl-C, which may be pressed again to end at once."""
    follow = Follow()
    if sys.stderr.isatty():
        tell(f"following {case.captures[0]}: Ctrl-C ends it")
    with _stopping(follow):
        yield follow
    if follow.over:
        tell(f"{case.captures[0]}: {follow.over}, and is followed no more")


@contextmanager
def _stopping(follow: Follow) -> Iterator[None]:
    """Let the first Ctrl-C, or the first TERM, stop following and no more than that."""
    heard: dict[signal.Signals, signal._HANDLER] = {}

    def again() -> None:
        while heard:
            number, handler = heard.popitem()
            signal.signal(number, handler)

    def stop(number: int, frame: FrameType | None) -> None:
        follow.stop()
        again()

    if threading.current_thread() is threading.main_thread():  # which alone may say what a signal does
        heard.update({number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)})
    try:
        yield
    finally:
        again()


def retold(case: CaseFiles, options: Options, draw: Callable[[Analysis], str]) -> int:
    """Show what `draw` makes of a case each time that this changes, and at last; return the exit code.

    On a terminal each takes the place of the one before.
    """
    with following(case) as follow:
        live = Live(follow)
        due, messages, told = time.monotonic(), -1, ""

        def tell_again(analysis: Analysis) -> None:
            nonlocal messages, told
            text = draw(analysis)
            if text != told:
                show((CLEAR if sys.stdout.isatty() else "\n" if told else "") + text)
            messages, told = len(analysis.messages), text

        def rest() -> None:
            nonlocal due
            begun = time.monotonic()
            if begun < due or live.account is None or live.messages == messages:
                return
            tell_again(live.account())
            due = time.monotonic() + max(RETELL, SHARE * (time.monotonic() - begun))

        follow.rest = rest
        analysis = analysed(case, options, live)
        tell_again(analysis)
    return told_damage(analysis)
