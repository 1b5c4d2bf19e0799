"""The UEs of a case: who each is, which keys are held of it, and what it went through."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analyzer.report import CaseReport, KeyReport, ProcedureReport, UeReport, Verdict
from analyzer.views.ink import MARKS, clean, paint
from analyzer.views.legs import Seen, frames, seen
from analyzer.views.tables import Drawing, Table, moment, record

OUTCOMES = {"success": "✓", "failure": "✗", "incomplete": "?"}

NO_PROCEDURE = "  no procedure of MBMS key management was found\n"


def show(case: CaseReport, drawn: Drawing, coloured: bool = False) -> str:
    """Return a block a UE; times are in seconds since the first packet of the case."""
    return "\n".join(_ue(case, ue, drawn, coloured) for ue in case.ues)


def _ue(case: CaseReport, ue: UeReport, drawn: Drawing, coloured: bool) -> str:
    verdict = _worst(case, lambda name: name == ue.id or name.startswith(f"{ue.id}."))
    head = f"{clean(ue.id)}  {paint(f'{MARKS[verdict]} {verdict}', verdict, coloured)}\n"
    facts = record(
        (
            ("identities", (*ue.impi, *ue.impu)),
            ("b-tid", ue.b_tid),
            ("addresses", ue.addresses),
            ("services", ue.services),
            ("keys", (_held(ue.keys),)),
        )
    )
    return f"{head}{facts}\n{drawn(procedures(case, ue)) if ue.procedures else NO_PROCEDURE}"


def _worst(case: CaseReport, mine: Callable[[str], bool]) -> Verdict:
    found = (j.verdict for j in case.judgements if j.level != "info" and (mine(j.ue or "") or mine(j.procedure or "")))
    return max(found, default=Verdict.NONE)


def _held(keys: Iterable[KeyReport]) -> str:
    """Tell how many keys of each kind are known, and when the last one expires."""
    counts: dict[str, int] = {}
    unknown = 0
    for key in keys:
        if key.fingerprint is None:
            unknown += 1
        else:
            counts[key.kind] = counts.get(key.kind, 0) + 1
    told = [" ".join(f"{kind}×{count}" if count > 1 else kind for kind, count in counts.items()) or "none"]
    told += [f"{unknown} not opened"] if unknown else []
    times = [expires for key in keys if isinstance(expires := key.valid.get("expires"), int | float)]
    told += [f"the last expires {moment(max(times))}"] if times else []
    return ", ".join(told)


def procedures(case: CaseReport, ue: UeReport) -> Table:
    """One row a procedure of a UE; `12=14` is a message that was seen twice."""
    start = begin(case)
    columns = ("procedure", "kind", "outcome", "rules", "seconds", "lasts", "frames")
    legs = seen(case)
    rows = tuple(_procedure(case, procedure, start, legs) for procedure in ue.procedures)
    return Table(columns, rows, frozenset({"seconds", "lasts"}), frozenset({"frames"}), indent="  ")


def begin(case: CaseReport) -> float:
    """Return the time of the first packet, by the clock that all captures were brought to."""
    added = {index: clock.added for clock in case.clocks for index in clock.captures}
    firsts = ((number, capture.first) for number, capture in enumerate(case.captures))
    return min((first + added.get(number, 0.0) for number, first in firsts if first is not None), default=0.0)


def _procedure(case: CaseReport, procedure: ProcedureReport, start: float, legs: Seen) -> tuple[str, ...]:
    verdict = _worst(case, lambda name: name == procedure.id)
    several = len(case.captures) > 1
    shown = ("=".join(frames(step, legs, several)) for step in procedure.steps)
    return (
        procedure.id,
        procedure.kind,
        f"{OUTCOMES[procedure.outcome]} {procedure.outcome}",
        f"{MARKS[verdict]} {verdict}",
        f"{procedure.start - start:.6f}",
        f"{procedure.end - procedure.start:.6f}",
        " ".join(dict.fromkeys(shown)) or "-",
    )
