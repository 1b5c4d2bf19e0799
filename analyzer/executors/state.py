"""A file of results that grows as cases are done, so that a run that was cut short goes on where it was.

It begins with a line that says what was asked, then come records: the digest of a case and its result. A record that
was cut, by a power failure or `kill -9`, ends what is taken of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import date
from io import FileIO

from analyzer import VERSION
from analyzer.capture.case import CaseFiles
from analyzer.executors import Job

NAME = "keyshark state 1"
RECORD = struct.Struct(">4s16sQI")  # mark, digest of the case, octets, CRC-32
MARK = b"case"
MAX_LINE = 4096

Place = tuple[int, int]  # offset, octets


class StateError(Exception):
    """A state that cannot be gone on with: why, for people."""


class Spool:
    """A file that results are put at the end of, and read from again."""

    def __init__(self, file: FileIO, end: int = 0) -> None:
        self._file, self._end = file, end

    def append(self, key: bytes, data: bytes) -> Place:
        """Put octets at the end; raises OSError, and a record that was cut is written over by the next."""
        head = RECORD.pack(MARK, key, len(data), zlib.crc32(data))
        self._file.seek(self._end)
        left = memoryview(head + data)
        while left:
            left = left[self._file.write(left) or 0 :]
        place = (self._end + len(head), len(data))
        self._end = sum(place)
        return place

    def read(self, place: Place) -> bytes:
        """Return octets that were put there."""
        self._file.seek(place[0])
        found = bytearray()
        while len(found) < place[1]:
            more = self._file.read(place[1] - len(found))
            if not more:
                raise OSError("cut while it was in use")
            found += more
        return bytes(found)

    def close(self) -> None:
        self._file.close()


def temporary() -> Spool:
    """Return a spool that nobody sees, and that is gone with this process."""
    number, name = tempfile.mkstemp(prefix="keyshark-")
    os.unlink(name)
    return Spool(FileIO(number, "r+b"))


class State:
    """A spool with a name: what is in it already, by the digest of the case; `today` is the day it was begun."""

    def __init__(self, path: str, spool: Spool, job: Job, places: Mapping[bytes, Place]) -> None:
        self.path, self.spool, self.job, self.places = path, spool, job, places


def open_state(path: str, job: Job) -> State:
    """Open a state, or begin one; its job is that given, with the day on which it was begun.

    Raises StateError for what is none, was begun with other options or by another keyshark, or is in use.
    """
    try:
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600), "r+b")
        _lock(path, file)
        return _opened(path, file, job)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror or error}") from None


def _opened(path: str, file: FileIO, job: Job) -> State:
    line = _first_line(file)
    if not line:
        told = {"what": NAME, "keyshark": VERSION, "asked": _asked(job), "today": _day(job.options.today)}
        line = json.dumps(told).encode() + b"\n"
        file.seek(0)
        file.truncate()
        file.write(line)
        return State(path, Spool(file, len(line)), job, {})
    try:
        told = json.loads(line)
        is_ours = told["what"] == NAME
        version, asked, today = str(told["keyshark"]), told["asked"], told["today"]
        began = replace(job, options=replace(job.options, today=None if today is None else date.fromisoformat(today)))
    except (ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise StateError(f"{path}: is no state of keyshark, and is left as it is")
    if version != VERSION:
        raise StateError(f"{path}: was begun by keyshark {version}, this is {VERSION}: remove it to begin anew")
    if asked != _asked(job):
        raise StateError(f"{path}: was begun with other options: give the same, or remove it to begin anew")
    places, end = _records(file, len(line))
    return State(path, Spool(file, end), began, places)


def _first_line(file: FileIO) -> bytes:
    head = file.read(MAX_LINE)
    line, newline, _ = head.partition(b"\n")
    return line + newline if newline or len(head) == MAX_LINE else b""  # a line that was cut: nothing is in it yet


def _records(file: FileIO, start: int) -> tuple[dict[bytes, Place], int]:
    """Return where the records are that are whole, and where the last of them ends."""
    places: dict[bytes, Place] = {}
    end, size = start, os.fstat(file.fileno()).st_size
    file.seek(start)
    while True:
        head = file.read(RECORD.size)
        if len(head) < RECORD.size:
            return places, end
        mark, key, length, crc = RECORD.unpack(head)
        if mark != MARK or end + RECORD.size + length > size:
            return places, end
        if zlib.crc32(file.read(length)) != crc:
            return places, end
        places[key] = (end + RECORD.size, length)
        end += RECORD.size + length


def digest(case: CaseFiles) -> bytes:
    """Return what a case is known by: its files, their sizes and times of change."""
    files = (*case.captures, *case.keyrings, *filter(None, (case.config,)))
    return _digest([astuple(case), [_stamp(path) for path in files]])


def _asked(job: Job) -> str:
    """Return what a job is known by: all that is asked but for the day, and files that it names."""
    options = replace(job.options, today=None)
    look = pickle.dumps(job.look).hex()
    stamps = [_stamp(path) for path in (*options.keys, *options.waive)]
    wanted = [job.failures_only, job.shown, job.whole, look, job.findings, job.baseline]
    return _digest([astuple(options), wanted, stamps]).hex()


def _stamp(path: str) -> list[int]:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return []
    return [found.st_size, found.st_mtime_ns]


def _digest(value: object) -> bytes:
    return hashlib.sha256(json.dumps(value).encode()).digest()[:16]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _lock(path: str, file: FileIO) -> None:
    try:
        import fcntl  # noqa: PLC0415  # not everywhere
    except ImportError:
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StateError(f"{path}: another keyshark is at it") from None
