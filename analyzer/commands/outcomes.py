"""What became of many cases, told on stderr and as the exit code: for the commands that judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.batch import Note
from analyzer.codes import FAILED, NOTHING, UNREADABLE, USAGE
from analyzer.commands.cases import warn
from analyzer.commands.output import settings, tell, tell_trace
from analyzer.report import Verdict

LEVELS = {"shall": ("shall",), "should": ("shall", "should")}  # `--fail-on` → levels that count


def exit_code(notes: Sequence[Note], fail_on: str, strict: bool, fail_if_empty: bool) -> int:
    """Return the exit code of contract 4: where several apply 3, 2, 1, 4 win in that order."""
    found = {note.fault.code for note in notes if note.fault is not None}
    read = [note for note in notes if note.fault is None]
    if any(note.unread for note in read):
        found.add(UNREADABLE)
    counted = LEVELS[fail_on]
    if any(not note.failing.isdisjoint(counted) or (strict and not note.unclear.isdisjoint(counted)) for note in read):
        found.add(FAILED)
    if fail_if_empty and all(note.verdict is Verdict.NONE for note in read):
        found.add(NOTHING)
    return next((code for code in (UNREADABLE, USAGE, FAILED, NOTHING) if code in found), 0)


def tell_faults(notes: Iterable[Note]) -> None:
    """Tell of the cases that could not be judged, or of captures not to their end, and what keyrings made think."""
    told = list(notes)
    faults = {note.fault.text: note.fault for note in told if note.fault is not None}
    for fault in faults.values():  # a keyring that many cases share is told of once
        tell(f"error: {fault.text}")
        if settings().debug:
            tell_trace(fault.trace)
    warn([why for note in told if note.fault is None for why in note.unread])
    warn([warning for note in told for warning in note.warnings])
