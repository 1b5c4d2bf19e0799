"""The report as people read it: a line a case, what failed below it, a summary last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.findings import BROKEN
from analyzer.report import CaseReport, Diagnosis, Evidence, Judgement, Report, Totals, Verdict
from analyzer.views import clocks, joined, measure, piecewise
from analyzer.views.frames import frames
from analyzer.views.ink import MARKS, clean, paint, plural

BETWEEN = ""
NOTE, CLOCK, WAIVED = "i", "≈", "w"
EMPTY = {Verdict.NONE: "nothing to judge", Verdict.ERROR: "not judged"}  # what a case without judgements is
HUGE = 20_000  # packets of a stream, of which a sample is verified
MAX_MALFORMED = 10  # of one case


def show(report: Report) -> str:
    """Return the report in plain characters."""
    return joined(piecewise("text"), report)


def begin(_: Totals) -> str:
    """Return nothing: text begins with the first case."""
    return ""


def piece(case: CaseReport, coloured: bool = False) -> str:
    """Return the lines of one case."""
    return "".join(f"{line}\n" for line in _case(case, coloured))


def end(totals: Totals, coloured: bool = False) -> str:
    """Return the last line."""
    return f"{summary(totals, coloured)}\n"


def _case(case: CaseReport, coloured: bool) -> Iterator[str]:
    packets = sum(capture.packets for capture in case.captures)
    facts = f"{plural(packets, 'packet')}, {plural(len(case.ues), 'UE')}, {judged(case)}"
    yield f"{_word(case.verdict, coloured)} {clean(case.name)}  ({facts})"
    for number, capture in enumerate(case.captures):
        place = clean(capture.path) if len(case.captures) == 1 else f"[{number}] {clean(capture.path)}"
        for problem in capture.problems:
            yield f"  {paint('!', Verdict.ERROR, coloured)} {place}: {clean(problem)}"
    for line in clocks.told(case):
        yield f"  {CLOCK} {clean(line)}"
    for line in (*measure.told(case), *sampled(case)):
        yield f"  {NOTE} {line}"
    several = len(case.captures) > 1
    for judgement in (j for j in case.judgements if j.verdict is not Verdict.PASS):
        if judgement.waived is not None:
            yield from _waived(judgement, several)
        elif judgement.verdict in BROKEN:
            yield from _judgement(judgement, several, coloured)
    yield from _unclear(case.judgements, several, coloured)
    for diagnosis in case.diagnoses:
        yield from diagnosed(diagnosis, several)
    for malformed in case.malformed[:MAX_MALFORMED]:
        place = frames((Evidence(malformed.capture, malformed.frame),), several)
        yield (
            f"  ~ malformed {clean(malformed.protocol)}, {place}: {clean(malformed.field)} "
            f"at octet {malformed.offset}: {clean(malformed.reason)}"
        )
    if len(case.malformed) > MAX_MALFORMED:
        yield f"  ~ and {len(case.malformed) - MAX_MALFORMED} malformed messages more"


def _waived(judgement: Judgement, several: bool) -> Iterator[str]:
    """Tell of what somebody accepts: it does not count, and is never silent."""
    place = f", {frames(judgement.evidence, several)}" if judgement.evidence else ""
    who = judgement.procedure or judgement.ue or ""
    yield f"  {WAIVED} {judgement.rule} {judgement.name}{place}{f', {who}' if who else ''}: {clean(judgement.message)}"
    yield f"      waived: {clean(judgement.waived or '')}"


def sampled(case: CaseReport) -> Iterator[str]:
    """Tell that of huge streams only a sample was verified."""
    huge = [m for m in case.media if m.packets > HUGE and m.not_checked and m.authenticated + m.failed]
    if huge:
        checked, packets = sum(m.authenticated + m.failed for m in huge), sum(m.packets for m in huge)
        yield f"of {plural(packets, 'packet')} in huge media streams {checked} were verified: --media all verifies all"


def _word(verdict: Verdict, coloured: bool) -> str:
    return paint(f"{MARKS[verdict]} {verdict!s:<6}", verdict, coloured)


def judged(case: CaseReport) -> str:
    """Return how many judgements of a case ended how."""
    counts, notes, waived = [0] * len(Verdict), 0, 0
    for judgement in case.judgements:  # a million may be there
        if judgement.waived is not None:
            waived += 1
        elif is_note(judgement):
            notes += 1
        else:
            counts[judgement.verdict] += 1
    told = [f"{counts[v]} {v}" for v in (Verdict.PASS, Verdict.FAIL, Verdict.INCONC, Verdict.ERROR) if counts[v]]
    told += [plural(notes, "note")] if notes else []
    told += [f"{waived} waived"] if waived else []
    return ", ".join(told) or EMPTY.get(case.verdict, "nothing failed")


def is_note(judgement: Judgement) -> bool:
    """Say whether something does not hold that no specification demands: it never changes the verdict of a case."""
    is_broken = judgement.verdict is Verdict.FAIL or judgement.verdict is Verdict.INCONC
    return is_broken and judgement.level == "info" and judgement.waived is None


def _is_off(judgement: Judgement) -> bool:
    return judgement.waived is not None or is_note(judgement)


def _judgement(judgement: Judgement, several: bool, coloured: bool) -> Iterator[str]:
    if is_note(judgement):
        mark = f"{NOTE} {judgement.rule}"
    else:
        mark = paint(f"{MARKS[judgement.verdict]} {judgement.rule}", judgement.verdict, coloured)
    head = [f"  {mark} {judgement.name}"]
    if judgement.evidence:
        head.append(frames(judgement.evidence, several))
    if judgement.procedure or judgement.ue:
        head.append(judgement.procedure or judgement.ue or "")
    head.append(f"{judgement.clause} ({judgement.level})")
    yield ", ".join(head)
    yield f"      {clean(judgement.message)}"
    if judgement.remedy:
        yield f"      → {clean(judgement.remedy)}"


def _unclear(judgements: Iterable[Judgement], several: bool, coloured: bool) -> Iterator[str]:
    """Tell what could not be judged: one reason, and all rules that it kept from a verdict."""
    for reason, found in reasons(judgements).items():
        mark = paint(f"{MARKS[Verdict.INCONC]} cannot tell", Verdict.INCONC, coloured)
        evidence = sorted({(e.capture, e.frame) for judgement in found for e in judgement.evidence})
        place = f" ({frames((Evidence(*e) for e in evidence), several)})" if evidence else ""
        yield f"  {mark}: {clean(reason)}{place}: {', '.join(sorted({judgement.rule for judgement in found}))}"


def reasons(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    """Return what could not be judged, by the reason."""
    found: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if judgement.verdict is Verdict.INCONC and not _is_off(judgement):
            found.setdefault(judgement.message, []).append(judgement)
    return found


def diagnosed(diagnosis: Diagnosis, several: bool) -> Iterator[str]:
    """Yield the lines of one diagnosis; `several` says whether frames need the capture they are of."""
    place = f", {frames(diagnosis.evidence, several)}" if diagnosis.evidence else ""
    who = f"{diagnosis.ue}: " if diagnosis.ue else ""
    yield f"  » {who}{diagnosis.symptom} because {diagnosis.cause} ({diagnosis.confidence}){place}"
    yield f"      {clean(diagnosis.message)}"
    if diagnosis.remedy:
        yield f"      → {clean(diagnosis.remedy)}"
    if diagnosis.waived is not None:
        yield f"      waived: {clean(diagnosis.waived)}"


def summary(totals: Totals, coloured: bool = False) -> str:
    """Return the last line: how many cases ended how."""
    counts = totals.verdicts
    told = [paint(f"{counts[v]} {v}", v, coloured) for v in sorted(Verdict, reverse=True) if counts.get(v)]
    return f"{plural(totals.cases, 'case')}: {', '.join(told) or 'nothing to judge'}"
