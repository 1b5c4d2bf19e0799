"""What views for machines share: the findings of a report, each with a fingerprint that stays."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.report import CaseReport, Judgement, Report, UeReport, Verdict

BROKEN = (Verdict.ERROR, Verdict.FAIL)
FINGERPRINT = 32  # hex digits


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement that something is wrong, the case it is of, and what it is known by from run to run."""

    case: CaseReport
    judgement: Judgement
    fingerprint: str

    @property
    def path(self) -> str:
        """The capture of the first evidence."""
        return path_of(self.case, self.judgement)


def path_of(case: CaseReport, judgement: Judgement) -> str:
    """Return the path of the capture that a judgement points into first, the name of the case where it has none."""
    at = judgement.evidence[0].capture if judgement.evidence else 0
    return case.captures[at].path if at < len(case.captures) else case.name


def line_of(judgement: Judgement) -> int:
    """Return the frame that a judgement points at first; 1 where it has none. Formats for source call it a line."""
    return judgement.evidence[0].frame if judgement.evidence else 1


def broken(report: Report) -> Iterator[Finding]:
    """Yield what is wrong, case by case in the order of the report."""
    for case in report.cases:
        names = {ue.id: _name(ue) for ue in case.ues}
        kinds = {procedure.id: procedure.kind for ue in case.ues for procedure in ue.procedures}
        seen: Counter[tuple[str, ...]] = Counter()
        for judgement in case.judgements:
            if judgement.verdict in BROKEN:
                ue, kind = names.get(judgement.ue or "", ""), kinds.get(judgement.procedure or "", "")
                what = (case.name, judgement.rule, ue, kind)
                seen[what] += 1
                yield Finding(case, judgement, _digest(*what, str(seen[what])))


def _name(ue: UeReport) -> str:
    """What a UE is known by in the next capture too: numbers of UEs and frames change with every run."""
    return next((names[0] for names in (ue.impi, ue.impu, ue.b_tid, ue.addresses) if names), "")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:FINGERPRINT]
