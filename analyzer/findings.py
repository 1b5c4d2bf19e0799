"""Findings, and what each is known by from run to run: numbers of frames and UEs change, that stays.

A fingerprint is made of the name of the case, the code of the rule, the first identity of the UE (IMPI, IMPU, B-TID or
address, in that order), the kind of the procedure, and the how-manieth it is of those that have all this in common.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from analyzer.report import CaseReport, Judgement, UeReport, Verdict, verdict_of

BROKEN = (Verdict.ERROR, Verdict.FAIL)
FINGERPRINT = 32  # hex digits
KNOWN = "known from the baseline"  # why it does not count


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement that is no pass, as a line of a baseline has it; `ue` is what the UE is known by."""

    fingerprint: str
    case: str
    rule: str
    verdict: str
    ue: str
    procedure: str  # its kind
    message: str


def fingerprints(
    name: str, ues: Iterable[UeReport], judgements: Iterable[Judgement]
) -> Iterator[tuple[Judgement, Finding]]:  # fmt: skip
    """Yield the judgements of a case that are no pass, with the finding that each is."""
    names = {ue.id: name_of(ue) for ue in ues}
    kinds = {procedure.id: procedure.kind for ue in ues for procedure in ue.procedures}
    seen: Counter[tuple[str, ...]] = Counter()
    for judgement in judgements:
        if judgement.verdict not in (*BROKEN, Verdict.INCONC):
            continue
        ue, kind = names.get(judgement.ue or "", ""), kinds.get(judgement.procedure or "", "")
        unclear = (str(judgement.verdict),) if judgement.verdict is Verdict.INCONC else ()
        what = (name, judgement.rule, ue, kind, *unclear)
        seen[what] += 1
        fingerprint = fingerprint_of(*what, str(seen[what]))
        yield judgement, Finding(
            fingerprint, name, judgement.rule, str(judgement.verdict), ue, kind, judgement.message
        )  # fmt: skip


def without_known(case: CaseReport, known: frozenset[str]) -> CaseReport:
    """Return a case whose findings that are known do not count; a crash of ours is never known."""
    if not known:
        return case
    found = {
        id(judgement)
        for judgement, finding in fingerprints(case.name, case.ues, case.judgements)
        if finding.fingerprint in known and judgement.verdict is not Verdict.ERROR and judgement.waived is None
    }
    judgements = tuple(each._replace(waived=KNOWN) if id(each) in found else each for each in case.judgements)
    return replace(case, judgements=judgements, verdict=verdict_of(judgements))


def countable(case: CaseReport) -> tuple[Finding, ...]:
    """Return the findings of a case that count, or would but for a baseline: those that a baseline is made of."""
    return tuple(
        finding
        for judgement, finding in fingerprints(case.name, case.ues, case.judgements)
        if judgement.verdict is not Verdict.ERROR and judgement.level != "info" and judgement.waived in (None, KNOWN)
    )


def name_of(ue: UeReport) -> str:
    """Return what a UE is known by in the next capture too: numbers of UEs and frames change with every run."""
    return next((names[0] for names in (ue.impi, ue.impu, ue.b_tid, ue.addresses) if names), "")


def fingerprint_of(*parts: str) -> str:
    """Return hex digits that stand for texts in their order."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:FINGERPRINT]
