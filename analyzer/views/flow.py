"""The message sequence of a case as a ladder: a column a node, an arrow a step."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from analyzer.report import CaseReport, Judgement, StepReport, Verdict
from analyzer.views.ink import MARKS, clean, paint
from analyzer.views.legs import frames as frames_of
from analyzer.views.legs import seen
from analyzer.views.sessions import begin
from analyzer.views.tables import GAP

NODES = ("ue", "im-cn", "scf", "bm-sc", "bsf", "multicast")  # left to right; any other node comes after them
PITCH = 11  # characters from one column to the next, at least


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


def show(case: CaseReport, coloured: bool = False, width: int | None = None) -> str:
    """Return the ladder; what a message is stands to the right of its arrow, or below it where that is too wide.

    Times are in seconds since the first packet of the case.
    """
    found = arrows(case)
    if not found:
        return "no procedure of a UE was found: see `keyshark info` for what the captures hold\n"
    columns = {name: place for place, name in enumerate(nodes(found))}
    start, several = begin(case), len(case.captures) > 1
    frames = [f"[{a.step.capture}] {a.step.frame}" if several else str(a.step.frame) for a in found]
    times = [f"{a.step.time - start:.6f}" for a in found]
    sizes = max(len("frame"), *map(len, frames)), max(len("seconds"), *map(len, times))
    legs = seen(case)
    told = [_told(arrow, frames_of(arrow.step, legs, several)[1:]) for arrow in found]
    least = max(len(clean(name)) for name in columns)
    margin = sum(sizes) + 2 * len(GAP)
    pitch = max(PITCH, least + 3)
    below = width is not None and margin + pitch * len(columns) + 2 + max(map(cell_len, told)) > width
    if below:
        pitch = max(least + 1, min(pitch, ((width or 0) - margin - 2) // len(columns)))
    head = "".join(clean(name).center(pitch) for name in columns)
    lines = [f"{'frame':>{sizes[0]}}{GAP}{'seconds':>{sizes[1]}}{GAP}{head}".rstrip()]
    for arrow, frame, time, text in zip(found, frames, times, told, strict=True):
        mark = paint(MARKS[arrow.verdict], arrow.verdict, coloured) if arrow.verdict else " "
        ladder = _rungs(columns[arrow.step.from_], columns[arrow.step.to], len(columns), pitch)
        line = f"{frame:>{sizes[0]}}{GAP}{time:>{sizes[1]}}{GAP}{ladder}"
        lines += [f"{line}{mark}".rstrip(), f"{' ' * margin}{text}"] if below else [f"{line}{mark} {text}"]
    return "\n".join(lines) + "\n"


def _told(arrow: Arrow, again: tuple[str, ...]) -> str:
    protocol, summary = clean(arrow.step.protocol), clean(arrow.step.summary)
    named = summary.lower().startswith(protocol.lower())
    told = f"{summary if named else f'{protocol} {summary}'}  [{', '.join(arrow.told)}]"
    return f"{told}  seen again: {', '.join(again)}" if again else told


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
