"""Broken rules that kept nobody from their keys: no diagnosis rests on them; the next node may not be so patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.diagnosis.effects import EFFECTS
from analyzer.report import CaseReport, Diagnosis, Evidence, Judgement, Verdict


@dataclass(frozen=True, slots=True)
class Harmless:
    """One rule that was broken `times` times without harm; UEs, words and frames of the first time."""

    rule: str
    name: str
    level: str
    cause: str | None  # that it is where it does harm
    times: int
    ues: tuple[str, ...]
    message: str
    remedy: str
    evidence: tuple[Evidence, ...]
    waived: str | None  # where all are


def harmless(case: CaseReport) -> tuple[Harmless, ...]:
    """Return the rules that failed in a case and that none of its diagnoses tells of, by their first frames."""
    told: dict[str | None, list[Diagnosis]] = {}
    for diagnosis in case.diagnoses:
        told.setdefault(diagnosis.ue, []).append(diagnosis)
    found: dict[str, list[Judgement]] = {}
    for judgement in case.judgements:
        if judgement.verdict is Verdict.FAIL and not _is_told(judgement, told):
            found.setdefault(judgement.rule, []).append(judgement)
    return tuple(_folded(judgements) for judgements in found.values())


def _is_told(judgement: Judgement, told: Mapping[str | None, Iterable[Diagnosis]]) -> bool:
    """Say whether a diagnosis of the same UE has the frames of a judgement, and its cause or its symptom."""
    effect = EFFECTS.get(judgement.rule)
    if effect is None:
        return False
    near = (*told.get(judgement.ue, ()), *(told.get(None, ()) if judgement.ue is not None else ()))
    if judgement.ue is None:
        near = tuple(diagnosis for own in told.values() for diagnosis in own)
    shown = set(judgement.evidence)
    alike = (one for one in near if one.cause == effect.cause or one.symptom == effect.symptom)
    return any(shown & set(one.evidence) for one in alike)


def _folded(judgements: list[Judgement]) -> Harmless:
    first, effect = judgements[0], EFFECTS.get(judgements[0].rule)
    waived = first.waived if all(one.waived is not None for one in judgements) else None
    ues = dict.fromkeys(one.ue for one in judgements if one.ue is not None)
    return Harmless(
        first.rule, first.name, first.level, None if effect is None else effect.cause, len(judgements), tuple(ues),
        first.message, first.remedy, first.evidence, waived,
    )  # fmt: skip
