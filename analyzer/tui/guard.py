"""A mistake of ours in one pane is shown in that pane, with how to report it; the others live on."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

from textual.dom import DOMNode
from textual.message import Message as Event
from textual.widget import Widget
from textual.widgets import Static

CONTAINS = True  # tests let what fails fail


class Failed(Event):
    """Something of ours failed in a widget."""

    def __init__(self, where: DOMNode, error: Exception) -> None:
        super().__init__()
        self.where = where
        self.error = error


class Guarded(Widget):
    """A widget whose failures while it handles events are its own."""

    async def _dispatch_message(self, message: Event) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:  # noqa: BLE001  # the other panes are not to blame
            contain(self, error)


class Broken(Static):
    """Says in a pane that it failed."""

    DEFAULT_CSS = """
    Broken { height: auto; color: $text-error; background: $surface; padding: 0 1; }
    """


def contain(where: DOMNode, error: Exception) -> None:
    """Tell the app of a failure, but where it is being left and panes go one by one; called where it is caught."""
    if where.app._exit:
        return
    if not CONTAINS:
        raise error
    where.app.post_message(Failed(where, error))


def words(error: Exception, report: Path | None) -> str:
    """Return what a pane says of its failure: no value of the case is in it."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    told = f"✗ keyshark failed here: {type(error).__name__}{at}. The other panes live on; R reads the case again."
    return (
        told
        if report is None
        else f"{told} To report it, send {report}: it holds lines of code, and nothing of the case."
    )


def trace(error: BaseException, version: str) -> str:
    """Return the traceback of a failure without any value: where it was, and what type it is of."""
    lines = [f"keyshark {version}, Python {sys.version.split()[0]}, {sys.platform}\n"]
    shown: BaseException | None = error
    while shown is not None:
        lines += [*traceback.format_tb(shown.__traceback__), f"{type(shown).__name__}\n"]
        shown = shown.__cause__ or shown.__context__
    return "".join(lines)


def keep(text: str, folder: Path | None) -> Path | None:
    """Write a report that only its user can read; None where that cannot be."""
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(".txt", "keyshark-failure-", folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except OSError:
        return None
    return Path(name)
