"""Broken rules that kept nobody from their keys: no diagnosis rests on them; the next node may not be so patient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from analyzer.diagnosis.effects import EFFECTS, OF_THE_REPEAT
from analyzer.diagnosis.findings import sentence
from analyzer.diagnosis.reasons import LINKS
from analyzer.diagnosis.risks import cause_of, risk_of
from analyzer.diagnosis.words import B_TID, NODES, TIME, alike, moment, short
from analyzer.report import CaseReport, Diagnosis, Evidence, Judgement, StepReport, Verdict

ENDS = NODES | {"multicast": "all UEs"}
LEVELS = ("shall", "should", "info")  # the worst first


@dataclass(frozen=True, slots=True)
class Harmless:
    """One rule that was broken `times` times without harm; UEs, words and frames of the first time."""

    rule: str
    name: str
    level: str
    cause: str | None  # that it is where it does harm
    times: int
    ues: tuple[str, ...]
    message: str  # of the rule
    remedy: str
    evidence: tuple[Evidence, ...]
    waived: str | None  # where all are
    clause: str
    told: str  # what happened and what it comes to where it does harm, in sentences


def harmless(case: CaseReport) -> tuple[Harmless, ...]:
    """Return the rules that failed in a case and that none of its diagnoses tells of, by level and first frames."""
    told = _by_ue(case)
    found: dict[str, list[Judgement]] = {}
    for judgement in case.judgements:
        if judgement.verdict is Verdict.FAIL and not any(_tells(one, judgement) for one in _near(told, judgement)):
            found.setdefault(judgement.rule, []).append(judgement)
    if not found:
        return ()
    steps = _steps(case, {place for earliest, *_ in found.values() for place in earliest.evidence})
    begin = min((capture.first for capture in case.captures if capture.first is not None), default=0.0)
    made = (_folded(judgements, steps, begin) for judgements in found.values())
    return tuple(sorted(made, key=lambda one: LEVELS.index(one.level)))


def rules_of(case: CaseReport) -> dict[int, tuple[Judgement, ...]]:
    """Return the broken rules that each diagnosis tells of, the first of each, by the place of the diagnosis."""
    told = _by_ue(case)
    place = {id(one): number for number, one in enumerate(case.diagnoses)}
    found: dict[int, dict[str, Judgement]] = {}
    for judgement in case.judgements:
        if judgement.verdict is Verdict.FAIL:
            for one in _near(told, judgement):
                if _tells(one, judgement):
                    found.setdefault(place[id(one)], {}).setdefault(judgement.rule, judgement)
    return {number: tuple(rules.values()) for number, rules in found.items()}


def _by_ue(case: CaseReport) -> dict[str | None, list[Diagnosis]]:
    told: dict[str | None, list[Diagnosis]] = {}
    for diagnosis in case.diagnoses:
        told.setdefault(diagnosis.ue, []).append(diagnosis)
    return told


def _near(told: Mapping[str | None, Iterable[Diagnosis]], judgement: Judgement) -> tuple[Diagnosis, ...]:
    """Return the diagnoses that may tell of a judgement: those of its UE, and of all UEs."""
    if judgement.rule not in EFFECTS:
        return ()
    if judgement.ue is None:
        return tuple(diagnosis for own in told.values() for diagnosis in own)
    return (*told.get(judgement.ue, ()), *told.get(None, ()))


def _tells(diagnosis: Diagnosis, judgement: Judgement) -> bool:
    """Say whether a diagnosis has the frames of a judgement, and its cause or its symptom."""
    effect = EFFECTS[judgement.rule]
    if diagnosis.cause != effect.cause and diagnosis.symptom != effect.symptom:
        return False
    shown = judgement.evidence[-1:] if judgement.rule in OF_THE_REPEAT else judgement.evidence
    return not set(diagnosis.evidence).isdisjoint(shown)


Steps = Mapping[Evidence, tuple[str, StepReport]]  # with the kind of the procedure


def _steps(case: CaseReport, wanted: set[Evidence]) -> Steps:
    found: dict[Evidence, tuple[str, StepReport]] = {}
    for ue in case.ues:
        for procedure in ue.procedures:
            for step in procedure.steps:
                place = Evidence(step.capture, step.frame)
                if place in wanted:
                    found.setdefault(place, (procedure.kind, step))
    return found


def _folded(judgements: list[Judgement], steps: Steps, begin: float) -> Harmless:
    first = judgements[0]
    waived = first.waived if all(one.waived is not None for one in judgements) else None
    ues = dict.fromkeys(one.ue for one in judgements if one.ue is not None)
    shown = _shown(first, steps)
    risk = risk_of(first.rule)
    told = (
        "" if shown is None else _happened(*shown, begin),
        _plain(first.message, begin),
        f"Where it does harm: {risk}" if risk else "",
    )
    return Harmless(
        first.rule, first.name, first.level, cause_of(first.rule), len(judgements), tuple(ues), first.message,
        first.remedy, first.evidence, waived, first.clause, " ".join(filter(None, told)),
    )  # fmt: skip


def _shown(judgement: Judgement, steps: Steps) -> tuple[str, StepReport] | None:
    """Return the step that shows what was wrong: the last, or where that repeats the first, that one."""
    if not judgement.evidence:
        return None
    first, last = steps.get(judgement.evidence[0]), steps.get(judgement.evidence[-1])
    return first if first is not None and last is not None and first[1].summary == last[1].summary else last


def _happened(kind: str, step: StepReport, begin: float) -> str:
    """Say what is in the frame that shows it."""
    sender, receiver = (ENDS.get(end, end) for end in (step.from_, step.to))
    what = f"“{step.summary}”" if step.protocol in ("http", "sip") else step.summary
    at = moment(step.time, begin)
    return f"At {at} {sender} sent {what} to {receiver} in frame {step.frame} ({LINKS.get(kind, kind)})."


def _plain(message: str, begin: float) -> str:
    """Return what a rule has found as people say it: times of day, B-TIDs short."""

    def time(found: re.Match[str]) -> str:
        try:
            return moment(datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00").timestamp(), begin)
        except ValueError:  # a time that no calendar has
            return found[0]

    said = TIME.sub(time, message)
    return sentence(said if alike(said) else B_TID.sub(lambda found: f"B-TID {short(found[1])}", said))
