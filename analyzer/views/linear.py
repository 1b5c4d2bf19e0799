"""A case as plain sentences, a line each, for screen readers: no tables, no drawings, no colours, words for signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.analysis import Analysis, comment
from analyzer.correlate.bodies import summary
from analyzer.report import CaseReport, Evidence, Judgement, KeyReport, UeReport, Verdict
from analyzer.views.flow import Arrow, Ladder, ladder, message_words
from analyzer.views.ink import clean, plural
from analyzer.views.standing import standing

SECOND = 10**9
SAID = {"->": " to ", "→": " to ", "×": " times ", "·": ",", "…": "..."}  # signs that are read out badly


def linear(analysis: Analysis) -> Iterator[str]:
    """Yield the lines of a case: what it comes to, its UEs with their keys, findings, ladder and packets."""
    case = analysis.report
    packets = sum(capture.packets for capture in case.captures)
    yield f"Case {case.name}: verdict {_word(case.verdict)}."
    yield f"{plural(packets, 'packet')} in {plural(len(case.captures), 'capture')}."
    for capture in case.captures:
        for problem in capture.problems:
            yield f"{capture.path}: {problem}."
    yield from _section("Sessions", [line for ue in case.ues for line in _ue(ue)], "no UE was found")
    wrong = [j for j in case.judgements if j.verdict not in (Verdict.PASS, Verdict.NONE)]
    passed = sum(j.verdict is Verdict.PASS for j in case.judgements)
    found = [line for j in sorted(wrong, key=_worst_first) for line in _finding(case, j)]
    yield from _section("Findings", found, "nothing is wrong")
    yield f"{plural(passed, 'judgement')} passed."
    steps = ladder(case)
    yield from _section("Ladder", [_arrow(steps, arrow) for arrow in steps.arrows], "no procedure of a UE was found")
    yield from _section("Packets", list(_packets(analysis)), "no message was found")


def said(line: str) -> str:
    """Return a line as it can be read out: without what steers a terminal, and without arrows and the like."""
    for sign, words in SAID.items():
        line = line.replace(sign, words)
    return " ".join(clean(line).split())


def _word(verdict: object) -> str:
    return {"inconc": "inconclusive"}.get(str(verdict), str(verdict))


def _section(title: str, lines: Sequence[str], nothing: str) -> Iterator[str]:
    yield ""
    yield f"{title}." if lines else f"{title}: {nothing}."
    yield from lines


def _ue(ue: UeReport) -> Iterator[str]:
    facts = (
        ("identities", (*ue.impi, *ue.impu)), ("B-TID", ue.b_tid), ("addresses", ue.addresses),
        ("services", ue.services),
    )  # fmt: skip
    told = [f"{name} {', '.join(values)}" for name, values in facts if values]
    yield f"UE {ue.id}: {'; '.join(told) or 'nothing else is known of it'}."
    for procedure in ue.procedures:
        yield f"UE {ue.id}, procedure {procedure.id}: {procedure.kind}, {procedure.outcome}."
    for key in ue.keys:
        yield f"UE {ue.id}, key {_key(key)}."


def _key(key: KeyReport) -> str:
    names = [f"{name.replace('_', ' ')} {value}" for name, value in key.id.items() if value is not None]
    fingerprint = f"fingerprint {key.fingerprint}" if key.fingerprint else ""
    return ", ".join(filter(None, (key.kind, *names, key.status, fingerprint, key.origin, key.state)))


def _worst_first(judgement: Judgement) -> tuple[int, int]:
    return -int(judgement.counts), -int(judgement.verdict)


def _finding(case: CaseReport, judgement: Judgement) -> Iterator[str]:
    advice = "" if judgement.counts else ", advice only"
    about = [
        f"UE {judgement.ue}" if judgement.ue else "",
        f"procedure {judgement.procedure}" if judgement.procedure else "",
    ]
    frames = ", ".join(_frame(case, each) for each in judgement.evidence)
    where = [*filter(None, about), *([f"frames {frames}"] if frames else [])]
    rule = f"rule {judgement.rule}, {judgement.name}, {judgement.level}, {judgement.clause}"
    head = f"{_word(judgement.verdict)}{advice}: {rule}"
    yield f"{'; '.join((head, *where))}."
    yield f"What was seen: {judgement.message.rstrip('.')}."
    if judgement.remedy:
        yield f"What to do: {judgement.remedy.rstrip('.')}."


def _frame(case: CaseReport, shown: Evidence) -> str:
    return str(shown.frame) if len(case.captures) == 1 else f"{shown.frame} of capture {shown.capture}"


def _arrow(steps: Ladder, arrow: Arrow) -> str:
    step = arrow.step
    procedures = f"; {', '.join(arrow.told)}" if arrow.told else ""
    verdict = f"; {_word(arrow.verdict)} {' '.join(arrow.broken)}".rstrip() if arrow.verdict is not Verdict.NONE else ""
    ends = f"{step.from_.upper()} to {step.to.upper()}"
    return (
        f"Frame {steps.frame(arrow)}, second {steps.time(arrow)}, {ends}: {message_words(step)}{procedures}{verdict}."
    )


def _packets(analysis: Analysis) -> Iterator[str]:
    again, begin = analysis.story.traffic.folded.again, analysis.story.traffic.begin
    verdicts, several = standing(analysis.report.judgements, analysis.runs), len(analysis.captures) > 1
    for message in analysis.messages:
        payload = message.payload
        frame = f"{message.frame} of capture {payload.capture}" if several else str(message.frame)
        first = again.get(id(message))
        verdict = verdicts.get((payload.capture, message.frame), "")
        told = (
            summary(message),
            "" if first is None else f"again, first in frame {first.frame}",
            "" if message.error is None else f"malformed: {message.error}",
            _word(verdict),
            comment(analysis.captures, message),
        )
        ends = f"{payload.src} port {payload.sport} to {payload.dst} port {payload.dport}"
        yield (
            f"Frame {frame}, second {(message.time - begin) / SECOND:.6f}, {ends}, {message.protocol.upper()}: "
            f"{'; '.join(filter(None, told))}."
        )
