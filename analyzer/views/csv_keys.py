"""The keys of a report as comma-separated values; their octets only where the report shows them."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report import Report
from analyzer.views.rows import Row, lines

COLUMNS = (
    "case", "ue", "kind", "key_domain", "msk_id", "mtk_id", "b_tid", "naf", "status", "state", "fingerprint", "value",
    "origin", "capture", "frame",
)  # fmt: skip


def show(report: Report) -> str:
    """Return a line for each key, after one of names."""
    return lines(COLUMNS, rows(report))


def rows(report: Report) -> Iterator[Row]:
    """Yield the cells of each."""
    return (
        (
            case.name, ue.id, key.kind, *(key.id.get(name) for name in COLUMNS[3:8]), key.status, key.state,
            key.fingerprint, key.value, key.origin, key.capture, key.frame,
        )
        for case in report.cases
        for ue in case.ues
        for key in ue.keys
    )  # fmt: skip
