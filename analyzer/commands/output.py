"""Where a command writes: results on stdout, talk on stderr, colours when they are wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO, TypeVar

import click

from analyzer.codes import UNREADABLE

COLOURS = ("auto", "always", "never")
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(slots=True)
class Settings:
    """What holds for every command."""

    debug: bool = False
    color: str = "auto"


def settings() -> Settings:
    """Return the settings of the command that runs."""
    context = click.get_current_context(silent=True)
    found = None if context is None else context.find_root().ensure_object(Settings)
    return found if found is not None else Settings()


def _set(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None and param.name is not None:
        setattr(ctx.find_root().ensure_object(Settings), param.name, value)


def common(function: Function) -> Function:
    """Add the options that stand before or after the name of a command alike."""
    function = click.option(
        "--color", type=click.Choice(COLOURS), expose_value=False, callback=_set, help="When to colour [auto]."
    )(function)
    return click.option(
        "--debug", is_flag=True, default=None, expose_value=False, callback=_set, help="Show tracebacks of failures."
    )(function)


def coloured(stream: TextIO | None = None) -> bool:
    """Say whether what goes to a stream, stdout by default, is to have colours (https://no-color.org)."""
    stream = sys.stdout if stream is None else stream
    match settings().color:
        case "always":
            return True
        case "never":
            return False
        case _:
            return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class StdoutError(click.ClickException):
    """Stdout takes no more, as its disk is full: why."""

    exit_code = UNREADABLE


class ReaderGoneError(Exception):
    """Who read stdout has gone away (`| head`): nobody wants the rest, and that is no failure."""


def show(text: str) -> None:
    """Write a result to stdout; raises ReaderGoneError when nobody reads it, StdoutError when it takes no more."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
        raise ReaderGoneError from None
    except OSError as error:
        with suppress(OSError, ValueError):  # not where it is no file
            drop_stdout()
        raise StdoutError(f"stdout: cannot be written: {error.strerror or error}") from None


def drop_stdout() -> None:
    """Let what is left in the buffers of a broken pipe go nowhere, quietly."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def tell(text: str) -> None:
    """Write a line of talk to stderr, with nothing in it that steers a terminal."""
    from analyzer.views.ink import clean  # noqa: PLC0415  # most commands that end well say nothing

    with suppress(OSError):  # nobody hears it: the exit code tells
        click.echo(clean(text), err=True)


def tell_trace(trace: str) -> None:
    """Write a traceback to stderr, for those who asked for it."""
    for line in trace.rstrip().splitlines():
        tell(line)
