"""What became of all cases: notes in memory, the rest in a file, so that a million cases need little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import overload

from analyzer import VERSION
from analyzer.batch import Note
from analyzer.capture.case import CaseFiles
from analyzer.executors import Packed, Result, Task
from analyzer.executors.packing import PackedError, note_of, packed, unpacked
from analyzer.executors.state import Place, Spool, State, StateError, digest, temporary
from analyzer.report import CaseReport, Report, Totals
from analyzer.views import piecewise

KEEP = 64  # results of this process stay as they are while they are no more


class Results:
    """The results of cases, each in its place; some are missing where somebody interrupted.

    With a state they go there, and those that it has already are there from the start but for the ones that could not
    be judged. `full` says why the file could not take more: what came since is in memory.
    """

    def __init__(self, cases: Sequence[CaseFiles], state: State | None = None) -> None:
        self.full = ""
        self._cases = cases
        self._notes: list[Note | None] = [None] * len(cases)
        self._kept: dict[int, Packed | Place] = {}
        self._state = state
        self._spool: Spool | None = None if state is None else state.spool
        if state is not None:
            self._take(state)

    def _take(self, state: State) -> None:
        for number, case in enumerate(self._cases):
            place = state.places.get(digest(case))
            if place is None:
                continue
            try:
                note = note_of(state.spool.read(place))
            except PackedError as error:
                raise StateError(f"{state.path}: {error}") from None
            if note.fault is None:
                self._notes[number], self._kept[number] = note, place

    @property
    def tasks(self) -> Iterator[Task]:
        """The tasks that are to be done."""
        return (Task(number, case) for number, case in enumerate(self._cases) if number not in self._kept)

    def add(self, number: int, result: Packed) -> None:
        """Take the result of a task."""
        if isinstance(result, Result) and self._state is None and number < KEEP:
            self._kept[number] = result
        else:
            self._kept[number] = self._stored(number, packed(result) if isinstance(result, Result) else result)
        self._notes[number] = note_of(result)

    def _stored(self, number: int, data: bytes) -> Packed | Place:
        if self.full:
            return data
        try:
            if self._spool is None:
                self._spool = temporary()
            key = bytes(16) if self._state is None else digest(self._cases[number])
            return self._spool.append(key, data)
        except OSError as error:
            self.full = error.strerror or str(error)
            return data

    @property
    def notes(self) -> list[Note]:
        """The notes of the results that there are."""
        return [note for note in self._notes if note is not None]

    @property
    def missing(self) -> int:
        return self._notes.count(None)

    @property
    def totals(self) -> Totals:
        return Totals(VERSION, Counter(note.verdict for note in self.notes))

    def pieces(self, name: str) -> Iterator[str]:
        """Yield the text of a view that was made case by case."""
        how, totals = piecewise(name), self.totals
        yield how.begin(totals)
        between = ""
        for number in sorted(self._kept):
            yield between + dict(self._result(number).shown)[name]
            between = how.BETWEEN
        yield how.end(totals)

    @property
    def report(self) -> Report:
        """The report of all cases, which come out of the file as they are asked for."""
        return Report(VERSION, _Cases(self))

    def __iter__(self) -> Iterator[Result]:
        return (self._result(number) for number in sorted(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def _result(self, number: int) -> Result:
        kept = self._kept[number]
        if isinstance(kept, tuple):
            assert self._spool is not None
            kept = self._spool.read(kept)
        return unpacked(kept)


class _Cases(Sequence[CaseReport]):
    def __init__(self, results: Results) -> None:
        self._results = results

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[CaseReport]:
        return (_report(result) for result in self._results)

    @overload
    def __getitem__(self, index: int) -> CaseReport: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[CaseReport]: ...
    def __getitem__(self, index: int | slice) -> CaseReport | Sequence[CaseReport]:
        return tuple(self)[index]


def _report(result: Result) -> CaseReport:
    assert result.outcome is not None, "it was not asked for"
    return result.outcome.report
