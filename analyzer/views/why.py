"""Why what belongs to a UE does: its links, as people and programs read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from analyzer.membership import Membership, NameShown
from analyzer.report import SCHEMA_VERSION, CaseReport, UeReport
from analyzer.views.ink import clean
from analyzer.views.plain import Plain, plain
from analyzer.views.sessions import begin
from analyzer.views.tables import Drawing, Table

KINDS = {
    "impi": "IMPI",
    "tmpi": "TMPI",
    "impu": "IMPU",
    "b_tid": "B-TID",
    "call_id": "Call-ID",
    "nonce": "nonce",
    "key_group": "key group",
}
Links = Mapping[str, Sequence[Membership]]


def show(case: CaseReport, links: Links, drawn: Drawing) -> str:
    """Return a table a UE; times are in seconds since the first packet of the case."""
    several, start = len(case.captures) > 1, begin(case)
    columns = ("seconds", "frame", "message", "brings", "tied by")
    blocks = []
    for ue in case.ues:
        rows = tuple(_row(link, start, several) for link in links.get(ue.id, ()))
        table = Table(columns, rows, frozenset({"seconds", "frame"}), frozenset(columns[2:]), indent="  ")
        blocks.append(f"{clean('  '.join((ue.id, *ue.impi, *ue.impu)))}\n{drawn(table)}")
    return "\n".join(blocks)


def show_json(version: str, told: Iterable[tuple[CaseReport, Links | None]]) -> str:
    """Return the UEs of all cases as one JSON document, with their links where there are some (docs/sessions.md)."""
    cases = [{"name": case.name, "ues": [_ue(ue, links) for ue in case.ues]} for case, links in told]
    tool = {"name": "keyshark", "version": version}
    return json.dumps({"schema_version": SCHEMA_VERSION, "tool": tool, "cases": cases}, indent=2) + "\n"


def _ue(ue: UeReport, links: Links | None) -> dict[str, Plain]:
    """Return a UE as the report has it but for its keys, which `keyshark keys` shows."""
    told = plain(replace(ue, keys=()))
    assert isinstance(told, dict)
    del told["keys"]
    return told if links is None else told | {"links": plain(tuple(links.get(ue.id, ())))}


def _row(link: Membership, start: float, several: bool) -> tuple[str, ...]:
    brings = ", ".join(f"{_kind(name)} {name.value}" for name in link.brings)
    ties = [f"{_kind(name)}{_own(name)} ({_frame(name, several)})" for name in link.tied_by]
    ties += [
        f"✗ not by {_kind(name)} {name.value}, which is of {name.ue} ({_frame(name, several)})"
        for name in link.contradicted_by
    ]
    return f"{link.time - start:.6f}", _at(link, several), link.summary, brings, ", ".join(ties)


def _kind(name: NameShown) -> str:
    return KINDS.get(name.kind, name.kind)


def _own(name: NameShown) -> str:
    """Name what stands in no column: the rest does where it came from."""
    return f" {name.value}" if name.kind in ("address", "destination", "key_group") else ""


def _frame(name: NameShown, several: bool) -> str:
    return f"[{name.at.capture}] {name.at.frame}" if several else str(name.at.frame)


def _at(link: Membership, several: bool) -> str:
    return f"[{link.at.capture}] {link.at.frame}" if several else str(link.at.frame)
