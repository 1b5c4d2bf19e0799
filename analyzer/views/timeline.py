"""The key refresh timeline as text: for each UE what happened to its keys, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from analyzer.diagnosis.gaps import Gap
from analyzer.diagnosis.requests import Asked
from analyzer.diagnosis.timeline import Bootstrapped, GroupLine, MskCame, MtkSent, MukUsed, OnAir, Timeline
from analyzer.diagnosis.words import short
from analyzer.report import Evidence
from analyzer.views.frames import frames
from analyzer.views.ink import clean, plural
from analyzer.views.wrapping import wrapped

SECOND = 10**9
MAX_UES = 50  # that are shown; of 400 UEs nobody reads on
Event = Bootstrapped | MukUsed | Asked | MskCame | MtkSent | OnAir | Gap
CARRIED = {"success": "granted", "failure": "refused", "incomplete": "not answered"}


def show(lines: Iterable[Timeline], width: int | None = None, several: bool = False) -> str:
    """Return the timelines as text; `several` says whether frames need the capture they are of."""
    told = list(lines)
    shown = [text for line in told[:MAX_UES] for text in _ue(line, width, several)]
    if len(told) > MAX_UES:
        shown.append(f"  and {plural(len(told) - MAX_UES, 'UE')} more")
    return "".join(f"{text}\n" for text in shown)


def _ue(line: Timeline, width: int | None, several: bool) -> Iterator[str]:
    yield f"  keys of {line.ue}, {clean(line.name)} (times in UTC)"
    above: list[Event] = [*line.bootstrapped, *line.muks]
    for event in sorted(above, key=_begin):
        yield from _event(event, "    ", width, several)
    for group in line.groups:
        domain = "" if group.key_domain is None else f"{group.key_domain.hex()}/"
        yield f"    key group {domain}{group.key_group.hex()}{_sum(group)}"
        events: list[Event] = [*group.asked, *group.msks, *group.mtks, *group.on_air, *group.gaps]
        for event in sorted(events, key=_begin):
            yield from _event(event, "      ", width, several)


def _sum(group: GroupLine) -> str:
    if not group.gaps:
        return ""
    seconds, packets = sum(gap.seconds for gap in group.gaps), sum(gap.packets for gap in group.gaps)
    about = "" if all(gap.exact for gap in group.gaps) else "about "
    return f": could not decrypt for {seconds:.1f} s, {about}{plural(packets, 'packet')}"


def _begin(event: Event) -> int:
    return event.begin if isinstance(event, Gap) else event.time


def _event(event: Event, indent: str, width: int | None, several: bool) -> Iterator[str]:
    yield from wrapped(f"{_clock(_begin(event))}  {clean(said(event, several))}", indent, width)


def said(event: Event, several: bool = False) -> str:
    """Return what happened, in one sentence without its time."""
    match event:
        case Bootstrapped():
            until = "" if event.until is None else f", Ks lives until {_clock(event.until)}"
            return f"bootstrapping, {_at(several, event.place)}: B-TID {short(event.b_tid)}{until}"
        case MukUsed():
            until = "" if event.until is None else f" until {_clock(event.until)}"
            of = "" if event.b_tid is None else f" of B-TID {short(event.b_tid)}"
            return f"MUK {event.fingerprint}{of} in use{until}, first {_at(several, event.place)}"
        case Asked():
            because = "" if event.because is None else f" ({_at(several, event.because)})"
            return f"asks, {_at(several, event.place)}: {event.why}{because}, {CARRIED[event.outcome]}"
        case MskCame():
            return f"MSK {event.msk_id.hex()}{_msk(event)}, {_at(several, event.place)}"
        case MtkSent():
            key = "" if event.fingerprint is None else f" {event.fingerprint}"
            again = "" if event.times == 1 else f", {event.times} × until {_clock(event.last)}"
            return f"MTK {event.mtk_id.hex()}{key} under MSK {event.msk_id.hex()}, {_at(several, event.place)}{again}"
        case OnAir():
            what = f"MKI {event.mki.hex()} to {event.destination}:{event.port}"
            return f"on air until {_clock(event.last)}: {what}, {plural(event.packets, 'packet')}"
        case Gap():
            return _gap(event, several)


def _msk(event: MskCame) -> str:
    if event.fingerprint is None:
        return " that no key opens" if event.muk is None else " with nothing inside"
    window = "" if event.window is None else f", MTK {event.window[0]:04x} to {event.window[1]:04x}"
    taken = " is taken back" if event.invalidates else f" {event.fingerprint}{window}"
    astray = "" if event.astray is None else f", to {event.astray}, which is not the UE"
    return f"{taken}, under MUK {event.muk}{astray}"


def _gap(event: Gap, several: bool) -> str:
    about = "" if event.exact else "about "
    place = f", {_at(several, *event.evidence)}" if event.evidence else ""
    fault = f"; at fault: {event.fault}" if event.fault else "; the capture does not tell whose fault"
    return (
        f"✗ cannot decrypt for {event.seconds:.1f} s, {about}{plural(event.packets, 'packet')} of MKI "
        f"{event.mki.hex()}: {event.why}{place}{fault}"
    )


def _at(several: bool, *places: Evidence) -> str:
    return frames(places, several)


def _clock(time: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time // SECOND, UTC):%H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return str(time // SECOND)
