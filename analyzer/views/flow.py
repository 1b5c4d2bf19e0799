"""The message sequence of a case as a ladder: a column a node, an arrow a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from analyzer.report import CaseReport, Judgement, StepReport, Verdict
from analyzer.views.ink import MARKS, clean, paint
from analyzer.views.legs import Seen, seen
from analyzer.views.legs import frames as frames_of
from analyzer.views.sessions import begin
from analyzer.views.tables import GAP

NODES = ("ue", "im-cn", "scf", "bm-sc", "bsf", "multicast")  # left to right; any other node comes after them
PITCH = 11  # characters from one column to the next, at least
NOTHING = "no procedure of a UE was found: see `keyshark info` for what the captures hold"

Place = tuple[int, int]  # capture, frame


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message of the ladder and the procedures that it is a step of."""

    step: StepReport
    told: tuple[str, ...]  # "ue1.p3 register"
    verdict: Verdict  # the worst of what names its frame as evidence: inconc and worse
    broken: tuple[str, ...] = ()  # codes of the rules that fail there


@dataclass(frozen=True, slots=True)
class Ladder:
    """Arrows in the order of time, and what it takes to say when and where each is."""

    arrows: tuple[Arrow, ...]
    begin: float  # of the case, seconds since 1970
    several: bool  # captures
    legs: Seen

    def frame(self, arrow: Arrow) -> str:
        """Return the frame of an arrow: `[1] 12` is frame 12 of the second capture."""
        step = arrow.step
        return f"[{step.capture}] {step.frame}" if self.several else str(step.frame)

    def time(self, arrow: Arrow) -> str:
        """Return when an arrow was seen: seconds since the first packet of the case."""
        return f"{arrow.step.time - self.begin:.6f}"

    def words(self, arrow: Arrow) -> str:
        """Return what a message is, the procedures that it is a step of, and where it came again."""
        again = frames_of(arrow.step, self.legs, self.several)[1:]
        procedures = f"  [{', '.join(arrow.told)}]" if arrow.told else ""
        return f"{message_words(arrow.step)}{procedures}" + (f"  seen again: {', '.join(again)}" if again else "")


def ladder(case: CaseReport, handshakes: Iterable[StepReport] = ()) -> Ladder:
    """Return the ladder of a case, with handshakes of TLS, which are of no procedure."""
    return Ladder(arrows(case, handshakes), begin(case), len(case.captures) > 1, seen(case))


def arrows(case: CaseReport, handshakes: Iterable[StepReport] = ()) -> tuple[Arrow, ...]:
    """Return every message once, in the order of time, whatever the number of UEs it is for."""
    worst, broken = worst_by_place(case.judgements)
    found: dict[tuple[int, int, str, str, str], tuple[StepReport, list[str]]] = {}
    for told, step in (*_steps(case), *(("", step) for step in handshakes)):
        key = (step.capture, step.frame, step.from_, step.to, step.summary)
        found.setdefault(key, (step, []))[1].extend([told] if told else [])
    ordered = sorted(found.values(), key=lambda item: (item[0].time, item[0].capture, item[0].frame))
    return tuple(
        Arrow(
            step,
            tuple(dict.fromkeys(told)),
            worst.get((step.capture, step.frame), Verdict.NONE),
            broken.get((step.capture, step.frame), ()),
        )
        for step, told in ordered
    )


def _steps(case: CaseReport) -> Iterator[tuple[str, StepReport]]:
    for ue in case.ues:
        for procedure in ue.procedures:
            for step in procedure.steps:
                yield f"{procedure.id} {step.name}", step


def worst_by_place(judgements: Iterable[Judgement]) -> tuple[dict[Place, Verdict], dict[Place, tuple[str, ...]]]:
    """Return by capture and frame the worst verdict, inconc and worse, and the rules that fail and count."""
    worst: dict[Place, Verdict] = {}
    broken: dict[Place, tuple[str, ...]] = {}
    for judgement in judgements:
        for evidence in judgement.evidence:
            place = (evidence.capture, evidence.frame)
            if judgement.verdict >= Verdict.INCONC:
                worst[place] = max(worst.get(place, Verdict.NONE), judgement.verdict)
            if judgement.verdict >= Verdict.FAIL and judgement.counts:
                broken[place] = tuple(dict.fromkeys((*broken.get(place, ()), judgement.rule)))
    return worst, broken


def nodes(found: Iterable[Arrow]) -> tuple[str, ...]:
    """Return the columns that the arrows need, from left to right."""
    seen = dict.fromkeys(end for arrow in found for end in (arrow.step.from_, arrow.step.to))
    return (*(name for name in NODES if name in seen), *(name for name in seen if name not in NODES))


def show(
    case: CaseReport, coloured: bool = False, width: int | None = None, handshakes: Iterable[StepReport] = ()
) -> str:  # fmt: skip
    """Return the ladder of a case as text."""
    return text(ladder(case, handshakes), coloured, width)


def text(drawn: Ladder, coloured: bool = False, width: int | None = None) -> str:
    """Return a ladder; what a message is stands to the right of its arrow, or below it where that is too wide.

    Times are in seconds since the first packet of the case.
    """
    found = drawn.arrows
    if not found:
        return f"{NOTHING}\n"
    columns = {name: place for place, name in enumerate(nodes(found))}
    frames, times = [drawn.frame(arrow) for arrow in found], [drawn.time(arrow) for arrow in found]
    sizes = max(len("frame"), *map(len, frames)), max(len("seconds"), *map(len, times))
    told = [drawn.words(arrow) for arrow in found]
    least = max(len(clean(name)) for name in columns)
    margin = sum(sizes) + 2 * len(GAP)
    pitch = max(PITCH, least + 3)
    below = width is not None and margin + pitch * len(columns) + 2 + max(map(cell_len, told)) > width
    if below:
        pitch = max(least + 1, min(pitch, ((width or 0) - margin - 2) // len(columns)))
    head = "".join(clean(name).center(pitch) for name in columns)
    lines = [f"{'frame':>{sizes[0]}}{GAP}{'seconds':>{sizes[1]}}{GAP}{head}".rstrip()]
    for arrow, frame, time, words in zip(found, frames, times, told, strict=True):
        mark = paint(MARKS[arrow.verdict], arrow.verdict, coloured) if arrow.verdict else " "
        rungs = _rungs(columns[arrow.step.from_], columns[arrow.step.to], len(columns), pitch)
        line = f"{frame:>{sizes[0]}}{GAP}{time:>{sizes[1]}}{GAP}{rungs}"
        broken = ", ".join(arrow.broken)
        if not below:
            lines.append(f"{line}{mark} {words}{'  ' if broken else ''}{broken}")
            continue
        lines += [f"{line}{mark}".rstrip(), f"{' ' * margin}{words}", *([f"{' ' * margin}{broken}"] if broken else ())]
    return "\n".join(lines) + "\n"


def message_words(step: StepReport) -> str:
    """Return what a message is, with its protocol where that is not said anyway."""
    protocol, summary = clean(step.protocol), clean(step.summary)
    return summary if summary.lower().startswith(protocol.lower()) else f"{protocol} {summary}"


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
