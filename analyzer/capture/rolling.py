"""Rolling files: captures that one probe wrote one after the other, told by their names and their times.

dumpcap and Wireshark (-b) write NAME_00001_20261124101500.pcapng, or NAME_20261124101500_00001.pcapng; tcpdump (-C, -W)
writes NAME.pcap, NAME.pcap1, NAME.pcap2. Files are one capture when their numbers go up by one without a gap, so that
nothing is missing between them, and none begins before the one before it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from analyzer.capture.reader import CaptureError, open_capture

COMPRESSED = (".gz", ".xz", ".zst", ".lz4")

_DUMPCAP = (
    re.compile(r"(?P<stem>.+)_(?P<number>\d{5,})_(?P<stamp>\d{14})(?P<suffix>\.[A-Za-z]\w*)?", re.ASCII),
    re.compile(r"(?P<stem>.+)_(?P<stamp>\d{14})_(?P<number>\d{5,})(?P<suffix>\.[A-Za-z]\w*)?", re.ASCII),
)
_TCPDUMP = re.compile(r"(?P<stem>.+)(?P<suffix>\.[A-Za-z]+)(?P<number>\d*)", re.ASCII)

LAST = 1 << 64  # later than any time: of a file without a packet

Series = tuple[str, ...]  # folder, kind of name, stem, suffix: what the files of one probe have in common


class File(NamedTuple):
    """A file of a series: its number, and the time in its name."""

    path: Path
    number: int | None
    stamp: str


def rolled(paths: Iterable[Path]) -> list[list[Path]]:
    """Part captures into those that were written one after the other, in their order; any other stands alone.

    The groups come in the order of the first paths in them.
    """
    groups: dict[object, list[File]] = {}
    order = {path: place for place, path in enumerate(paths)}
    for path in order:
        series, number, stamp = _named(path)
        groups.setdefault(series if series is not None and os.path.isfile(path) else path, []).append(
            File(path, number, stamp)
        )
    found = [run for files in groups.values() for run in _runs(files)]
    return sorted(found, key=lambda run: min(order[path] for path in run))


def stem(path: Path) -> str:
    """Return what the names of rolling files begin with."""
    series, _, _ = _named(path)
    return path.name if series is None else series[2]


def _named(path: Path) -> tuple[Series | None, int | None, str]:
    """Return the series that a file is of, its number in it, None for tcpdump's first, and the time in its name."""
    name = path.stem if path.suffix.lower() in COMPRESSED else path.name
    for kind, pattern in enumerate(_DUMPCAP):
        if match := pattern.fullmatch(name):
            series = (str(path.parent), f"dumpcap {kind}", match["stem"], match["suffix"] or "")
            return series, int(match["number"]), match["stamp"]
    if match := _TCPDUMP.fullmatch(name):
        number = int(match["number"]) if match["number"] else None
        return (str(path.parent), "tcpdump", match["stem"], match["suffix"]), number, ""
    return None, None, ""


def _runs(files: Sequence[File]) -> Iterator[list[Path]]:
    """Part the files of one series where it does not go on."""
    begun = {file.path: _begin(file.path) if len(files) > 1 else None for file in files}

    def place(file: File) -> tuple[str, int, int]:
        """By the time in the name; of tcpdump by that of the packets, as a ring (-W) goes on with 0."""
        begin = begun[file.path]
        return file.stamp, 0 if file.stamp else LAST if begin is None else begin, file.number or 0

    run: list[Path] = []
    last, latest = -1, 0  # number of the last file, and when the last one that holds packets began
    for file in sorted(files, key=place):
        begin, number = begun[file.path], file.number or 0
        goes_on = number == last + 1 or (not file.stamp and file.number == 0 and last == len(files) - 1)
        if run and not (goes_on and (begin is None or begin >= latest)):
            yield run
            run, latest = [], 0
        run.append(file.path)
        last, latest = number, latest if begin is None else begin
    yield run


def _begin(path: Path) -> int | None:
    """Return the time of the first packet; None where there is none."""
    try:
        frame = next(iter(open_capture(str(path))), None)
    except CaptureError:
        return None
    return None if frame is None else frame.time
