"""Stretches of a long capture, each of which can be read by itself: where its first record begins is looked for.

What is found so is a guess, though a good one, until reading from the front has come to the same place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.capture import modified
from analyzer.capture.frame import CaptureFacts, InterfaceFacts
from analyzer.capture.pcap import MAX_RECORD
from analyzer.capture.reader import Capture, Records, open_capture
from analyzer.capture.source import WINDOW

STRETCH = 8 * WINDOW  # octets of a file: a helper takes a twentieth of a second for it, and is asked for the next
LOOK = 4 * MAX_RECORD  # octets before and after the begin of a stretch in which records are looked for
SURE = 8  # records in a row that are no chance


@dataclass(frozen=True, slots=True)
class Stretch:
    """Octets of a capture from `begin` on, up to `end` or, where that is None, all that follow.

    It has the records that end in it: one that lies across its begin too.
    """

    path: str
    capture: int
    begin: int
    end: int | None


def stretches(capture: Capture) -> list[Stretch]:
    """Divide a capture into stretches; it is one where it is short, compressed, or no file."""
    begins = range(0, max(capture.size, 1), STRETCH) if not capture.compression else range(1)
    ends = [*begins[1:], None]
    return [Stretch(capture.path, capture.index, begin, end) for begin, end in zip(begins, ends, strict=True)]


def opened(stretch: Stretch) -> Capture | None:
    """Open a capture at the first record of a stretch; None where none is found. Raises CaptureError and OSError."""
    capture = open_capture(stretch.path, stretch.capture)
    if not stretch.begin:
        return capture
    for _ in capture.until(LOOK):
        break
    records = capture.records
    if records is None or isinstance(records, modified.Records):
        return None
    records.number = 0
    place = _first(records, stretch)
    if place is None:
        return None
    facts = CaptureFacts(stretch.path, first_interface=capture.facts.first_interface)
    facts.interfaces = [InterfaceFacts(interface.link_type) for interface in capture.facts.interfaces]
    capture.facts = facts
    capture.go_to(place, records)
    return capture


def _first(records: Records, stretch: Stretch) -> int | None:
    """Return the place of the first record that ends after the begin of a stretch."""
    assert not isinstance(records, modified.Records)
    start = max(stretch.begin - LOOK, 0)
    with open(stretch.path, "rb", buffering=0) as file:
        file.seek(start)
        octets = memoryview(file.read(2 * LOOK))
    wanted = stretch.begin - start
    places = records.begins(octets)
    fits = np.zeros(len(octets), dtype=bool)
    fits[places] = True
    first: int | None
    for place in places[places <= wanted].tolist():
        at, count, first = place, 0, None
        while at < len(octets) and fits[at]:
            end = records.ends(octets, at)
            if first is None and end > wanted:
                first = at
            at, count = end, count + 1
            if first is not None and (count >= SURE or at >= len(octets)):
                return start + first
    return None
