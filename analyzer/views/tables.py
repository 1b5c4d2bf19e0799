"""Rows and columns: every table of the command line, and what each report table holds."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from analyzer.report import CaptureReport, CaseReport, KeyReport, ProcedureReport, UeReport, Verdict
from analyzer.views.ink import MARKS, clean, plural

OUTCOMES = {"success": "✓", "failure": "✗", "incomplete": "?"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table: names of its columns, and rows of as many cells; a row's cells may hold anything the network sent."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()  # columns that are set to the right


def draw(table: Table, width: int | None = None, coloured: bool = False) -> str:
    """Draw a table for a terminal of `width` characters, or as wide as it is, without lines, when None."""
    drawn = RichTable(
        box=None if width is None else box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
    for name in table.columns:
        drawn.add_column(
            name, justify="right" if name in table.numbers else "left", no_wrap=width is None, overflow="fold"
        )
    for row in table.rows:
        drawn.add_row(*(Text(clean(cell)) for cell in row))
    out = io.StringIO()
    Console(
        file=out,
        width=width or _widest(table),
        force_terminal=coloured,
        no_color=not coloured,
        color_system="standard" if coloured else None,
        legacy_windows=False,
        _environ={},  # what is drawn depends on the table alone
    ).print(drawn)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _widest(table: Table) -> int:
    """Return columns that are surely enough: no cell may be cut where nobody sees a terminal's edge."""
    longest = [max(len(clean(cell)) for cell in column) for column in zip(table.columns, *table.rows, strict=True)]
    return 2 * sum(longest) + 4 * len(longest)  # a character takes two columns at most


def moment(seconds: float) -> str:
    """Return a time as UTC in ISO 8601, or as the number that it is when no calendar holds it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        return str(seconds)


def sessions(case: CaseReport) -> Table:
    """One row a UE: who it is, what it did, which keys are held, how it was judged."""
    return Table(
        ("ue", "verdict", "identities", "addresses", "services", "procedures", "keys", "key expiry"),
        tuple(_session(case, ue) for ue in case.ues),
    )


def _session(case: CaseReport, ue: UeReport) -> tuple[str, ...]:
    verdict = max((j.verdict for j in case.judgements if j.ue == ue.id and j.level != "info"), default=Verdict.NONE)
    return (
        ue.id,
        f"{MARKS[verdict]} {verdict}",
        " ".join((*ue.impi, *ue.impu, *ue.b_tid)) or "-",
        " ".join(ue.addresses) or "-",
        " ".join(ue.services) or "-",
        " ".join(f"{procedure.kind}{OUTCOMES.get(procedure.outcome, '?')}" for procedure in ue.procedures) or "-",
        _held(ue.keys),
        _expiry(ue.keys),
    )


def _held(keys: Iterable[KeyReport]) -> str:
    counts: dict[str, int] = {}
    for key in keys:
        counts[key.kind] = counts.get(key.kind, 0) + 1
    return " ".join(f"{kind}×{count}" if count > 1 else kind for kind, count in counts.items()) or "-"


def _expiry(keys: Iterable[KeyReport]) -> str:
    times = [expires for key in keys if isinstance(expires := key.valid.get("expires"), int | float)]
    return moment(max(times)) if times else "-"


def procedures(case: CaseReport) -> Table:
    """One row a procedure of a UE."""
    return Table(
        ("procedure", "kind", "outcome", "start", "seconds", "frames", "clause"),
        tuple(_procedure(procedure) for ue in case.ues for procedure in ue.procedures),
        frozenset({"seconds"}),
    )


def _procedure(procedure: ProcedureReport) -> tuple[str, ...]:
    return (
        procedure.id,
        procedure.kind,
        f"{OUTCOMES.get(procedure.outcome, '?')} {procedure.outcome}",
        moment(procedure.start),
        f"{procedure.end - procedure.start:.6f}",
        " ".join(dict.fromkeys(str(step.frame) for step in procedure.steps)) or "-",
        procedure.clause,
    )


def keys(case: CaseReport) -> Table:
    """One row a key of a UE's ladder, from the long-term key down; values only where the report has them."""
    shown = any(key.value is not None for ue in case.ues for key in ue.keys)
    return Table(
        ("ue", "key", "id", "status", "fingerprint", *(("value",) if shown else ()), "valid", "from keys", "origin"),
        tuple(_key(ue, key, shown) for ue in case.ues for key in ue.keys),
    )


def _key(ue: UeReport, key: KeyReport, shown: bool) -> tuple[str, ...]:
    return (
        ue.id,
        key.kind,
        " ".join(f"{name}={value}" for name, value in key.id.items() if value is not None) or "-",
        key.status,
        key.fingerprint or "-",
        *((key.value or "-",) if shown else ()),
        " ".join(_validity(name, value) for name, value in key.valid.items() if value is not None) or "-",
        " ".join(key.parents) or "-",
        key.origin,
    )


def _validity(name: str, value: float | str) -> str:
    return f"{name}={moment(value) if name == 'expires' and not isinstance(value, str) else value}"


def captures(case: CaseReport) -> Table:
    """One row a capture of the case."""
    return Table(
        ("capture", "format", "link types", "packets", "octets", "first", "seconds", "state"),
        tuple(_capture(capture) for capture in case.captures),
        frozenset({"packets", "octets", "seconds"}),
    )


def _capture(capture: CaptureReport) -> tuple[str, ...]:
    known = capture.first is not None and capture.last is not None
    state = "truncated" if capture.truncated else plural(len(capture.problems), "problem") if capture.problems else "ok"
    return (
        capture.path,
        capture.format or "-",
        " ".join(capture.link_types) or "-",
        str(capture.packets),
        str(capture.bytes),
        moment(capture.first or 0) if known else "-",
        f"{(capture.last or 0) - (capture.first or 0):.6f}" if known else "-",
        state,
    )


def media(case: CaseReport) -> Table:
    """One row a media stream under one MKI."""
    numbers = ("packets", "authenticated", "failed", "no key", "not checked")
    return Table(
        ("media", "ssrc", "protocol", "key domain", "msk id", "mtk id", *numbers),
        tuple(
            (
                m.destination, m.ssrc, m.protocol, m.key_domain or "-", m.msk_id or "-", m.mtk_id or "-",
                *map(str, (m.packets, m.authenticated, m.failed, m.no_key, m.not_checked)),
            )
            for m in case.media
        ),
        frozenset(numbers),
    )  # fmt: skip


def counts(title: str, found: Sequence[tuple[str, int]]) -> Table:
    """One row a name with how often it was seen."""
    return Table((title, "count"), tuple((name, str(count)) for name, count in found), frozenset({"count"}))
