"""What rules say of each frame, in a word, as filters ask for it."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.judging import Run
from analyzer.report import Judgement, Verdict

ORDER = ("pass", "inconc", "advice", "fail")  # a worse one covers a better
Place = tuple[int, int]  # capture, frame


def standing(judgements: Iterable[Judgement], runs: Iterable[tuple[str, Run]]) -> dict[Place, str]:
    """Return the worst verdict about each frame that is evidence, and pass for those of runs that passed."""
    found: dict[Place, str] = {}
    passed: set[str | None] = set()
    for judgement in judgements:
        word = _word(judgement)
        if word is None:
            continue
        if word == "pass":
            passed.add(judgement.procedure)
        for shown in judgement.evidence:
            place = (shown.capture, shown.frame)
            found[place] = max(found.get(place, word), word, key=ORDER.index)
    for name, run in runs:
        if name in passed:
            for message in run.messages:
                found.setdefault((message.payload.capture, message.frame), "pass")
    return found


def _word(judgement: Judgement) -> str | None:
    """Return the verdict; a fail that no verdict of a case counts, of level info or waived, is advice."""
    match judgement.verdict:
        case Verdict.ERROR:
            return "fail"
        case Verdict.FAIL:
            return "fail" if judgement.counts else "advice"
        case Verdict.INCONC:
            return "inconc"
        case Verdict.PASS:
            return "pass"
        case _:
            return None
