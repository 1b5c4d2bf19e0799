"""Rows of values as comma-separated lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from analyzer.report import Evidence
from analyzer.views.ink import clean

Cell = str | int | float | None
Row = tuple[Cell, ...]


def lines(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return the names of the columns and then the rows; what could steer a terminal is escaped."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([clean(cell) if isinstance(cell, str) else cell for cell in row])
    return written.getvalue()


def frames(evidence: Iterable[Evidence]) -> str:
    """Return frames as "capture:frame", parted by blanks."""
    return " ".join(f"{each.capture}:{each.frame}" for each in evidence)
