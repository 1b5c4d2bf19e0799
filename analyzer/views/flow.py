"""The message sequence of a case as a ladder: a column a node, an arrow a step."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.report import CaseReport, Judgement, StepReport, Verdict
from analyzer.views.ink import MARKS, clean, paint

NODES = ("ue", "im-cn", "scf", "bm-sc", "bsf", "multicast")  # left to right; any other node comes after them
PITCH = 11  # characters from one column to the next, at least
HEAD = f"{'frame':>9} {'seconds':>12}  "


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message of the ladder and the procedures that it is a step of."""

    step: StepReport
    told: tuple[str, ...]  # "ue1.p3 register"
    verdict: Verdict  # the worst of what names its frame as evidence: inconc and worse


def arrows(case: CaseReport) -> tuple[Arrow, ...]:
    """Return every message once, in the order of time, whatever the number of UEs it is for."""
    worst = _worst(case.judgements)
    found: dict[tuple[int, int, str, str, str], tuple[StepReport, list[str]]] = {}
    for ue in case.ues:
        for procedure in ue.procedures:
            for step in procedure.steps:
                key = (step.capture, step.frame, step.from_, step.to, step.summary)
                found.setdefault(key, (step, []))[1].append(f"{procedure.id} {step.name}")
    ordered = sorted(found.values(), key=lambda item: (item[0].time, item[0].capture, item[0].frame))
    return tuple(
        Arrow(step, tuple(dict.fromkeys(told)), worst.get((step.capture, step.frame), Verdict.NONE))
        for step, told in ordered
    )


def _worst(judgements: tuple[Judgement, ...]) -> dict[tuple[int, int], Verdict]:
    worst: dict[tuple[int, int], Verdict] = {}
    for judgement in judgements:
        for evidence in judgement.evidence:
            place = (evidence.capture, evidence.frame)
            if judgement.verdict >= Verdict.INCONC:
                worst[place] = max(worst.get(place, Verdict.NONE), judgement.verdict)
    return worst


def nodes(found: tuple[Arrow, ...]) -> tuple[str, ...]:
    """Return the columns that the arrows need, from left to right."""
    seen = dict.fromkeys(end for arrow in found for end in (arrow.step.from_, arrow.step.to))
    return (*(name for name in NODES if name in seen), *(name for name in seen if name not in NODES))


def show(case: CaseReport, coloured: bool = False) -> str:
    """Return the ladder; what a message is stands to the right of its arrow and is never cut."""
    found = arrows(case)
    if not found:
        return "no procedure of a UE was found: see `keyshark info` for what the captures hold\n"
    columns = {name: place for place, name in enumerate(nodes(found))}
    pitch = max(PITCH, max(len(clean(name)) for name in columns) + 3)
    start = found[0].step.time
    several = len(case.captures) > 1
    head = HEAD + "".join(clean(name).center(pitch) for name in columns)
    lines = [head.rstrip()]
    for arrow in found:
        step = arrow.step
        frame = f"[{step.capture}] {step.frame}" if several else str(step.frame)
        mark = paint(MARKS[arrow.verdict], arrow.verdict, coloured) if arrow.verdict else " "
        ladder = _rungs(columns[step.from_], columns[step.to], len(columns), pitch)
        what = f"{clean(step.protocol)} {clean(step.summary)}"
        lines.append(f"{frame:>9} {step.time - start:>12.6f}  {ladder} {mark} {what}  [{', '.join(arrow.told)}]")
    return "\n".join(lines) + "\n"


def _rungs(sender: int, receiver: int, columns: int, pitch: int) -> str:
    """Draw the node lines, and an arrow between two of them."""
    half = pitch // 2
    line = [" "] * (pitch * columns)
    for column in range(columns):
        line[column * pitch + half] = "│"
    begin, end = (place * pitch + half for place in sorted((sender, receiver)))
    if sender == receiver:
        line[begin + 1 : begin + 3] = "─↩"
    else:
        line[begin + 1 : end] = "─" * (end - begin - 1)
        if sender < receiver:
            line[end - 1] = "▶"
        else:
            line[begin + 1] = "◀"
    return "".join(line)
