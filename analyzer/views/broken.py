"""What views for machines share: the findings of a report, each with a fingerprint that stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.findings import BROKEN, fingerprints
from analyzer.report import CaseReport, Judgement, Report


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
        for judgement, finding in fingerprints(case.name, case.ues, case.judgements):
            if judgement.verdict in BROKEN:
                yield Finding(case, judgement, finding.fingerprint)
