"""Why keys did not arrive: for everything that did not work its cause, how sure, and what to do (contract 7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from analyzer.correlate.exchanges import status
from analyzer.diagnosis.answers import Reason
from analyzer.diagnosis.effects import CERTAIN, CONFIDENCES, NOT_USABLE
from analyzer.diagnosis.findings import MEANINGS
from analyzer.diagnosis.opening import opening
from analyzer.diagnosis.reasons import reasons
from analyzer.diagnosis.trouble import Known, Trouble, place, troubles
from analyzer.diagnosis.words import clock, told, who
from analyzer.judging import Run, Story
from analyzer.report import Diagnosis, Judgement

MAX_EVIDENCE = 20  # frames that one diagnosis names
MAX_UES = 5  # that one diagnosis names
MAX_OPEN = 2  # reasons why rules could not tell, that one diagnosis repeats
MADE = re.compile(r"(B-TID \S+) \(bootstrapping of [^()]*\)")  # as words.of_when names it
SECOND = 10**9


def diagnose(story: Story, runs: Iterable[tuple[str, Run]], judgements: Iterable[Judgement]) -> tuple[Diagnosis, ...]:
    """Diagnose a case: what did not work in the order of time, each with its causes, the surest first.

    What goes wrong for the same cause again and again is told once, with how often.
    """
    known = Known.of(story, runs, judgements)
    found: dict[tuple[str | None, str, str, str], list[Diagnosis]] = {}
    for trouble in troubles(known):
        causes, sound = reasons(known, trouble)
        for reason in sorted(causes, key=lambda reason: CONFIDENCES.index(reason.confidence)):
            made = _diagnosis(known, trouble, reason, sound)
            again = found.setdefault((made.ue, made.symptom, made.cause, made.confidence), [])
            if made not in again:
                again.append(made)
    return tuple(_folded(again) for again in found.values())


def _folded(again: list[Diagnosis]) -> Diagnosis:
    """Tell the first of many, and where the others are."""
    first = again[0]
    if len(again) == 1:
        return first
    frames = sorted({e for one in again for e in one.evidence}, key=lambda e: (e.capture, e.frame))
    message = f"{first.message} It happened {len(again)} times, the last in frame {again[-1].evidence[-1].frame}."
    waived = first.waived if all(one.waived is not None for one in again) else None
    return replace(first, message=message, evidence=tuple(frames[:MAX_EVIDENCE]), waived=waived)


def _diagnosis(known: Known, trouble: Trouble, reason: Reason, sound: list[str]) -> Diagnosis:
    shown = [place(message) for message in (trouble.asked, trouble.answer) if message is not None]
    sentences = [
        opening(known, trouble, reason), told(known.story, reason.text), MEANINGS.get(reason.cause, ""),
        _whom(trouble), _taken(known, trouble), _recovered(known, trouble), _ruled_out(sound),
    ]  # fmt: skip
    if reason.confidence != CERTAIN:
        sentences.append(_open(known, trouble))
    evidence = sorted({*shown, *reason.evidence}, key=lambda e: (e.capture, e.frame))
    return Diagnosis(
        ue=None if trouble.ue is None else trouble.ue.id,
        symptom=trouble.symptom,
        cause=reason.cause,
        confidence=reason.confidence,
        message=_once(" ".join(filter(None, sentences))),
        remedy=reason.remedy,
        evidence=tuple(evidence[:MAX_EVIDENCE]),
        waived=reason.waived,
    )


def _once(text: str) -> str:
    """Say of a B-TID only once which bootstrapping gave it."""
    seen: set[str] = set()

    def first(found: re.Match[str]) -> str:
        told = found[0] not in seen
        seen.add(found[0])
        return found[0] if told else found[1]

    return MADE.sub(first, text)


def _taken(known: Known, trouble: Trouble) -> str:
    """Say that a UE has acknowledged what it should have dropped."""
    found = trouble.run.first("verification")
    if trouble.symptom != NOT_USABLE or found is None:
        return ""
    if any(judgement.rule == "MS-22" for judgement in known.broken.get(trouble.name, ())):
        return ""  # its MAC is wrong: nothing can be told by it
    return f"This UE has acknowledged it all the same (frame {found.frame}); a stricter one does not."


def _whom(trouble: Trouble) -> str:
    """Name the UEs that something sent to all is for."""
    ues = trouble.ues
    if len(ues) < 2:
        return ""
    more = f" and {len(ues) - MAX_UES} more" if len(ues) > MAX_UES else ""
    return f"It concerns {', '.join(map(who, ues[:MAX_UES]))}{more}."


def _recovered(known: Known, trouble: Trouble) -> str:
    """Say when the UE got through all the same."""
    if trouble.ue is None or trouble.asked is None:
        return ""
    for run in (trouble.run, *known.story.runs_of(trouble.ue, trouble.run.procedure.kind)):
        if run.outcome == "success" and run.end > trouble.time and trouble.code != _last_status(run):
            after = (run.end - trouble.time) / SECOND
            then = clock(known.story, run.end)
            return f"It got through at {then}, {after:.1f} s later (frame {run.messages[-1].frame})."
    return ""


def _last_status(run: Run) -> int | None:
    return status(run.messages[-1]) if run.messages else None


def _ruled_out(sound: list[str]) -> str:
    fine = list(dict.fromkeys(sound))
    return f"Ruled out, as in order before it: {', '.join(fine)}." if fine else ""


def _open(known: Known, trouble: Trouble) -> str:
    """Name what kept rules about the same run from a verdict: often a key that the keyring lacks."""
    left = dict.fromkeys(judgement.message for judgement in known.unclear.get(trouble.name, ()))
    return told(known.story, f"Left open: {'; '.join(list(left)[:MAX_OPEN])}.") if left else ""


__all__ = ["diagnose"]
