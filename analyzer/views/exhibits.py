"""What a page shows of a case beyond its report: messages with their fields and octets, and the lives of keys.

It is taken from the analysis by the process that made it, in bounded size: the rest is a command away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from analyzer.analysis import Analysis
from analyzer.correlate import bodies
from analyzer.diagnosis.timeline import timeline
from analyzer.report import CaseReport, Diagnosis, Evidence, UeReport, Verdict
from analyzer.views.hiding import Hider, secrets
from analyzer.views.layers import Layer, hidden, layers, opened, worded
from analyzer.views.legs import Place
from analyzer.views.lifelines import Bar, bars, span
from analyzer.views.octets import dump
from analyzer.views.packets import with_plaintext
from dissectors import Field, Message, tree

MAX_UES = 20  # of one case, the worst first
MAX_EVIDENCE = 24  # messages of one case that show what is wrong or unclear
MAX_STEPS = 60  # messages of its procedures beside them
MAX_LAYERS = 8  # of one message
MAX_FIELDS = 400  # of one layer
MAX_OCTETS = 1024  # of one layer
MAX_BARS = 100  # of one UE


class Leaf(NamedTuple):
    """A field, or a group of them, with the octets that it is."""

    name: str
    text: str
    is_hidden: bool
    start: int
    end: int
    children: tuple[Leaf, ...]


class Sheet(NamedTuple):
    """One layer of a message; `lines` are its octets as hex."""

    title: str
    error: str
    notes: tuple[str, ...]
    leaves: tuple[Leaf, ...]
    lines: tuple[str, ...]
    octets: int
    is_cut: bool  # more fields or octets than are shown


class Exhibit(NamedTuple):
    """One message, its time in ns."""

    capture: int
    frame: int
    time: int
    source: str
    target: str
    protocol: str
    summary: str
    opened: tuple[str, ...]  # which keys opened or verified it
    sheets: tuple[Sheet, ...]
    is_evidence: bool  # of something wrong or unclear


class Lives(NamedTuple):
    """The keys of a UE over time, from `begin` to `end` in ns."""

    bars: tuple[Bar, ...]
    begin: int
    end: int
    left_out: int


class Exhibits(NamedTuple):
    """What is shown of one case; messages in the order of time, lives by the id of a UE."""

    messages: tuple[Exhibit, ...]
    lives: Mapping[str, Lives]
    left_out: int  # messages that are evidence, too


def look(analysis: Analysis, show_keys: bool = False) -> Exhibits:
    """Take from an analysis what a page shows beyond its report; no octet of a key without `show_keys`."""
    report, chain = analysis.report, analysis.story.chain
    evidence = list(dict.fromkeys(_evidence(report)))
    wanted = dict.fromkeys(evidence[:MAX_EVIDENCE], True)
    for place in _steps(report):
        if len(wanted) >= min(len(evidence), MAX_EVIDENCE) + MAX_STEPS:
            break
        wanted.setdefault(place, False)
    hider = Hider(() if show_keys else secrets(analysis.messages, chain))
    keys = opened(report)
    shown: dict[int, Exhibit] = {}
    for message in analysis.messages:
        places = [(message.payload.capture, frame) for frame in (message.frame, *message.payload.frames)]
        of = [place for place in places if place in wanted]
        if of:
            told = keys.get(places[0], ())
            shown[id(message)] = _exhibit(with_plaintext(message, chain), hider, told, any(map(wanted.get, of)))
    return Exhibits(tuple(shown.values()), dict(lives(analysis)), max(0, len(evidence) - MAX_EVIDENCE))


def worst_of(report: CaseReport) -> dict[str, Verdict]:
    """Return the worst verdict that counts by the id of each UE."""
    worst = dict.fromkeys((ue.id for ue in report.ues), Verdict.NONE)
    for judgement in report.judgements:
        if judgement.ue in worst and judgement.counts:
            worst[judgement.ue] = max(worst[judgement.ue], judgement.verdict)
    return worst


def chosen(report: CaseReport) -> tuple[UeReport, ...]:
    """Return the UEs that are shown: those with the worst verdicts, in the order of the report."""
    worst = worst_of(report)
    ranked = sorted(range(len(report.ues)), key=lambda place: (-worst[report.ues[place].id], place))
    return tuple(report.ues[place] for place in sorted(ranked[:MAX_UES]))


def _evidence(report: CaseReport) -> Iterator[Place]:
    """Yield the frames that show what is wrong, then those of what is unclear; the first of each finding first."""
    judgements = sorted(
        (j for j in report.judgements if j.verdict >= Verdict.INCONC), key=lambda j: (j.counts, j.verdict), reverse=True
    )
    shown: list[Sequence[Evidence]] = [found.evidence for found in report.diagnoses]
    shown += [found.evidence for found in judgements]
    yield from ((e.capture, e.frame) for evidence in shown for e in evidence[:1])
    yield from ((e.capture, e.frame) for evidence in shown for e in evidence[1:])
    yield from ((found.capture, found.frame) for found in report.malformed)


def _steps(report: CaseReport) -> Iterator[Place]:
    for ue in chosen(report):
        for procedure in ue.procedures:
            yield from ((step.capture, step.frame) for step in procedure.steps)


def lives(analysis: Analysis) -> Iterator[tuple[str, Lives]]:
    """Yield the chart of each UE that is shown and has keys, or should have."""
    story, several = analysis.story, len(analysis.captures) > 1
    wanted = {ue.id for ue in chosen(analysis.report)}
    told: dict[str | None, list[Diagnosis]] = {}
    for diagnosis in analysis.report.diagnoses:
        told.setdefault(diagnosis.ue, []).append(diagnosis)
    for session in story.traffic.sessions:
        if session.id in wanted:
            line = timeline(story, session, (*told.get(session.id, ()), *told.get(None, ())))
            found = bars(line, several, story.traffic.end)
            if found:
                shown = found[:MAX_BARS]
                yield session.id, Lives(shown, *span(shown, story.traffic.end), len(found) - len(shown))


def _exhibit(whole: Message, hider: Hider, keys: tuple[str, ...], is_evidence: bool) -> Exhibit:
    payload = whole.payload
    return Exhibit(
        payload.capture, whole.frame, whole.time, _end(payload.src, payload.sport), _end(payload.dst, payload.dport),
        whole.protocol, hider.told(bodies.summary(whole)), keys,
        tuple(_sheet(layer, hider) for layer in layers(whole)[:MAX_LAYERS]), is_evidence,
    )  # fmt: skip


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _sheet(layer: Layer, hider: Hider) -> Sheet:
    fields, error = tree(layer.message), layer.message.error
    room = [MAX_FIELDS]
    leaves = _leaves(fields, hider, room)
    return Sheet(
        layer.title,
        "" if error is None else f"{error.field} at octet {error.offset}: {hider.told(error.reason)}",
        tuple(map(hider.told, layer.message.notes)),
        leaves,
        dump(layer.data[:MAX_OCTETS], hidden(fields, hider)),
        len(layer.data),
        room[0] < 0 or len(layer.data) > MAX_OCTETS,
    )


def _leaves(fields: Iterable[Field], hider: Hider, room: list[int]) -> tuple[Leaf, ...]:
    """Return fields as leaves; `room` is for how many more there is room, below nothing where some are left out."""
    found = []
    for each in fields:
        if each.is_syntax:
            continue
        room[0] -= 1
        if room[0] < 0:
            break
        text, is_hidden = worded(each, hider)
        found.append(Leaf(each.name, text, is_hidden, each.start, each.end, _leaves(each.children, hider, room)))
    return tuple(found)
