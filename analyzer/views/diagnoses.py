"""Diagnoses as people read them: for each UE what did not work, why, and what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from analyzer.diagnosis.harmless import Harmless, harmless, rules_of
from analyzer.diagnosis.reasons import LINKS
from analyzer.diagnosis.trouble import SYMPTOMS
from analyzer.report import (
    SCHEMA_VERSION,
    CaseReport,
    Diagnosis,
    Evidence,
    Judgement,
    ProcedureReport,
    Report,
    UeReport,
    Verdict,
)
from analyzer.views import measure
from analyzer.views.frames import frames
from analyzer.views.ink import MARKS, clean, plural
from analyzer.views.plain import Plain, plain
from analyzer.views.text import EMPTY, NOTE, diagnosed
from analyzer.views.wrapping import wrapped

MAX_UNFINISHED = 3  # procedures of a UE that are named
MAX_ALIKE = 5  # UEs that fail for one reason that are told of at length
MAX_LINES = 20  # UEs without a diagnosis that get a line each, and of those that fail alike that are named
NO_HARM = "broken, though it kept nobody from their keys in this capture:"
HEALTHY = "nothing failed that the capture shows"


def show(report: Report, width: int | None = None) -> str:
    """Return the diagnoses of all cases by UE, in the order of time, in lines of at most `width` columns."""
    return "\n".join(case(told, width) for told in report.cases)


def show_json(report: Report, timelines: Sequence[Plain] | None = None) -> str:
    """Return the diagnoses of all cases as one JSON document, with rules broken without harm and timelines.

    They are those of the report; `timelines` are what `timeline_json.values` makes of each case, in their order, where
    they are wanted: cases of several folders may have one name.
    """
    cases = [
        {
            "name": case.name,
            "captures": [capture.path for capture in case.captures],
            "verdict": str(case.verdict),
            "problems": [f"{capture.path}: {problem}" for capture in case.captures for problem in capture.problems],
            "diagnoses": _diagnoses(case),
            "harmless": plain(harmless(case)),
        }
        | ({} if timelines is None else {"timeline": timelines[number]})
        for number, case in enumerate(report.cases)
    ]
    tool = {"name": "keyshark", "version": report.version}
    return json.dumps({"schema_version": SCHEMA_VERSION, "tool": tool, "cases": cases}, indent=2) + "\n"


def _diagnoses(told: CaseReport) -> list[Plain]:
    """Return the diagnoses of a case, each with the broken rules that show it."""
    rules = rules_of(told)
    return [
        {name: plain(getattr(one, name)) for name in one.__dataclass_fields__}
        | {"rules": [judgement.rule for judgement in rules.get(number, ())]}
        for number, one in enumerate(told.diagnoses)
    ]


def case(told: CaseReport, width: int | None = None) -> str:
    """Return the diagnoses of one case: for each UE what works, and then what does not."""
    found = harmless(told)
    count = plural(len(told.diagnoses), "diagnosis" if len(told.diagnoses) == 1 else "diagnose")
    broken = f", {plural(len(found), 'rule')} broken without harm" if found else ""
    lines = [
        f"{clean(told.name)}: {count if told.diagnoses else EMPTY.get(told.verdict, HEALTHY)}{broken}",
        *_unread(told, width),
        *_measure(told, width),
        *_ues(told, found, width),
    ]
    return "\n".join(lines) + "\n"


def _unread(told: CaseReport, width: int | None) -> Iterator[str]:
    """Tell what could not be read: that nothing failed in the rest is no comfort then."""
    for capture in told.captures:
        for problem in capture.problems:
            yield from wrapped(f"{clean(capture.path)}: {clean(problem)}", f"  {MARKS[Verdict.ERROR]} ", width)


def _measure(told: CaseReport, width: int | None) -> Iterator[str]:
    for line in measure.told(told):
        yield from wrapped(line, f"  {NOTE} ", width)


def _ues(told: CaseReport, found: Sequence[Harmless], width: int | None) -> Iterator[str]:
    """Tell first of the UEs that have a diagnosis, then of rules broken without harm, and last of UEs that do well."""
    rules = rules_of(told)
    by_ue: dict[str | None, list[Shown]] = {}
    for number, diagnosis in enumerate(told.diagnoses):
        by_ue.setdefault(diagnosis.ue, []).append((diagnosis, rules.get(number, ())))
    broken, named = _broken(told, rules.values()), {ue for one in found for ue in one.ues}
    odd: list[str] = []
    well: list[str] = []
    alike: dict[str, list[str]] = {}  # UEs by what failed for them
    for ue in told.ues:
        mine = by_ue.get(ue.id, [])
        failed = {(kind, shown) for one, _ in mine for kind in _kinds(one.symptom) for shown in one.evidence}
        done = [procedure for procedure in ue.procedures if _is_done(procedure, broken, failed)]
        line = f"{_name(ue)}: {_works(ue, done)}{_unfinished(ue, mine, broken)}"
        if not mine:
            (odd if ue.id in named or len(done) < len(ue.procedures) else well).append(line)
            continue
        heads = [f"{one.symptom} because {one.cause} ({one.confidence})" for one, _ in mine]
        for head in heads:
            alike.setdefault(head, []).append(ue.id)
        if any(len(alike[head]) <= MAX_ALIKE for head in heads):
            yield from wrapped(line, "  ", width)
            yield from _several(told, mine, width)
    for head, ues in alike.items():
        if len(ues) > MAX_ALIKE:
            yield from wrapped(f"» {clean(head)}: {plural(len(ues), 'UE')} in all, {_listed(ues)}", "  ", width)
    if None in by_ue:
        yield "  sent to several UEs, or by one that is not known:"
        yield from _several(told, by_ue[None], width)
    yield from _lines(odd, "that broke a rule or have no end", width)
    yield from _harmless(told, found, width)
    yield from _lines(well, "of which all is fine", width)


def _lines(ues: Sequence[str], which: str, width: int | None) -> Iterator[str]:
    for line in ues[:MAX_LINES]:
        yield from wrapped(line, "  ", width)
    if len(ues) > MAX_LINES:
        yield f"  and {plural(len(ues) - MAX_LINES, 'UE')} more {which}"


def _listed(ues: Sequence[str]) -> str:
    more = f" and {len(ues) - MAX_LINES} more" if len(ues) > MAX_LINES else ""
    return f"{', '.join(ues[:MAX_LINES])}{more}"


def _harmless(told: CaseReport, found: Sequence[Harmless], width: int | None) -> Iterator[str]:
    """Tell of the rules that were broken without harm."""
    if found:
        yield from wrapped(NO_HARM, "  ", width)
    for one in found:
        place = f", {frames(one.evidence, len(told.captures) > 1)}" if one.evidence else ""
        times = f", {one.times} times" if one.times > 1 else ""
        whose = f"{plural(len(one.ues), 'UE')}: " if len(one.ues) > 1 else "".join(f"{ue}: " for ue in one.ues)
        may = "" if one.cause is None else f", may be {one.cause}"
        yield from wrapped(f"· {whose}{one.rule} {one.name} ({one.level}){may}{place}{times}", "    ", width)
        yield from wrapped(clean(one.told), "        ", width)
        if one.remedy:
            yield from wrapped(f"→ {clean(one.remedy)}", "        ", width)
        if one.waived is not None:
            yield from wrapped(f"waived: {clean(one.waived)}", "        ", width)


def _several(case: CaseReport, found: Iterable[Shown], width: int | None) -> Iterator[str]:
    for diagnosis, rules in found:
        for line in diagnosed(diagnosis, len(case.captures) > 1):
            yield from wrapped(line.lstrip(), line[: len(line) - len(line.lstrip())], width)
        for judgement in rules:
            told = f"breaks {judgement.rule} {judgement.name}: {judgement.clause} ({judgement.level})"
            yield from wrapped(clean(told), "      ", width)


def _name(ue: UeReport) -> str:
    names = (next(iter(found), "") for found in (ue.addresses, ue.impi or ue.impu))
    return clean(" ".join((ue.id, *filter(None, names))))


Done = tuple[str, float, float]
Shown = tuple[Diagnosis, tuple[Judgement, ...]]  # with the broken rules that show it


def _broken(told: CaseReport, shown: Iterable[tuple[Judgement, ...]]) -> set[Done]:
    """Return the procedures that broke a rule; what was sent to several UEs is a procedure of each of them.

    Of those that no specification demands (info) only what a diagnosis rests on counts.
    """
    failed = {j.procedure for j in told.judgements if j.verdict >= Verdict.FAIL and j.level != "info"}
    failed |= {judgement.procedure for rules in shown for judgement in rules}
    return {_done(p) for ue in told.ues for p in ue.procedures if p.id in failed}


def _done(procedure: ProcedureReport) -> Done:
    return procedure.kind, procedure.start, procedure.end


def _kinds(symptom: str) -> Iterator[str]:
    """Yield the kinds of procedures that a symptom is of."""
    yield from (kind for kind, named in SYMPTOMS.items() if named == symptom)
    if symptom == "msk-refresh-failed":
        yield "http-msk-request"


def _is_done(procedure: ProcedureReport, broken: set[Done], failed: set[tuple[str, Evidence]]) -> bool:
    shown = any((procedure.kind, Evidence(step.capture, step.frame)) in failed for step in procedure.steps)
    return procedure.outcome == "success" and _done(procedure) not in broken and not shown


def _unfinished(ue: UeReport, mine: Sequence[Shown], broken: set[Done]) -> str:
    """Name what is neither fine nor explained: a procedure that the capture does not see the end of."""
    left = [p for p in ue.procedures if p.outcome == "incomplete" and _done(p) not in broken and p.steps]
    if mine or not left:
        return ""
    names = ", ".join(f"{LINKS[p.kind]} (frame {p.steps[-1].frame})" for p in left[:MAX_UNFINISHED])
    more = f" and {len(left) - MAX_UNFINISHED} more" if len(left) > MAX_UNFINISHED else ""
    return f"; without an end that the capture shows: {names}{more}"


def _works(ue: UeReport, done: Sequence[ProcedureReport]) -> str:
    """Say how many procedures of a UE are fine, and which kinds of them."""
    count = len(ue.procedures)
    if not count:
        return "no procedure in the capture"
    if len(done) == count:
        return f"all of {plural(count, 'procedure')} fine" if count > 1 else "its only procedure is fine"
    kinds = Counter(LINKS[procedure.kind] for procedure in done)
    names = ", ".join(name if times == 1 else f"{times} × {name}" for name, times in kinds.items())
    return f"{len(done)} of {plural(count, 'procedure')} fine" + (f" ({names})" if names else "")
