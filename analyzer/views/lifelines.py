"""The keys of a UE as bars over time: what lived from when to when, and what happened on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from analyzer.diagnosis.gaps import Gap
from analyzer.diagnosis.requests import Asked
from analyzer.diagnosis.timeline import GroupLine, MskCame, Timeline
from analyzer.report import Evidence, Verdict
from analyzer.views.ink import MARKS
from analyzer.views.legs import Place
from analyzer.views.timeline import SECOND, said

# Steps of an axis in ns: 1, 2 and 5 of each power, then minutes and hours.
STEPS = (
    *(base * 10**power for power in range(6, 11) for base in (1, 2, 5)),
    *(SECOND * s for s in (60, 300, 900, 3600)),
)
SHORTEST = 10**6  # ns that all of it comes to at least
ASKED = {"success": Verdict.PASS, "failure": Verdict.FAIL, "incomplete": Verdict.INCONC}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something at one time on a bar: the sign that is drawn there."""

    time: int
    sign: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the chart; a headline has no bar, and what has no end goes on beyond the capture.

    Times are in ns. `text` says it in words, `place` is the frame that shows it.
    """

    label: str
    text: str
    depth: int = 0
    begin: int = 0
    end: int | None = None
    place: Place | None = None
    verdict: Verdict = Verdict.NONE
    moments: tuple[Moment, ...] = field(default=())
    is_headline: bool = False


def bars(line: Timeline, several: bool, end: int) -> tuple[Bar, ...]:
    """Return the chart of a UE from its bootstrappings down to what was on air, key group by key group.

    `end` is the time of the last packet in ns; `several` says whether frames need the capture they are of.
    """
    return (*_above(line, several), *(bar for group in line.groups for bar in _group(group, several, end)))


def span(found: Iterable[Bar], last: int) -> tuple[int, int]:
    """Return first and last time to be drawn in ns: a Ks may live for days, the capture is what is looked at."""
    times = [time for bar in found if not bar.is_headline for time in (bar.begin, bar.end) if time is not None]
    begin = min(times, default=0)
    end = min(max(times, default=1), max(last, begin))
    return begin, max(end, begin + SHORTEST)


def _above(line: Timeline, several: bool) -> Iterator[Bar]:
    for ks in line.bootstrapped:
        yield Bar("Ks", said(ks, several), 0, ks.time, ks.until, _place(ks.place))
    for muk in line.muks:
        yield Bar(f"MUK {muk.fingerprint}", said(muk, several), 0, muk.time, muk.until, _place(muk.place))


def _group(group: GroupLine, several: bool, end: int) -> Iterator[Bar]:
    domain = "" if group.key_domain is None else f"{group.key_domain.hex()}/"
    name = f"Key group {domain}{group.key_group.hex()}"
    yield Bar(name, name, verdict=Verdict.FAIL if group.gaps else Verdict.NONE, is_headline=True)
    for asked in group.asked:
        yield _asked(asked, several)
    for msk in _lives(group):
        yield _msk(msk, several, end)
    for mtk in group.mtks:
        yield Bar(
            f"MTK {mtk.msk_id.hex()}/{mtk.mtk_id.hex()}", said(mtk, several), 1, mtk.time, mtk.last, _place(mtk.place)
        )
    for air in group.on_air:
        yield Bar(f"MKI {air.mki.hex()}", said(air, several), 1, air.time, air.last, _place(air.place))
    for gap in group.gaps:
        yield _gap(gap, several)


def _asked(asked: Asked, several: bool) -> Bar:
    verdict = ASKED[asked.outcome]
    moment = Moment(asked.time, MARKS[verdict])
    return Bar("asks", said(asked, several), 1, asked.time, asked.time, _place(asked.place), verdict, (moment,))


def _lives(group: GroupLine) -> Iterator[tuple[MskCame, ...]]:
    """Yield the messages of each MSK: those that brought it, and the one that took it back."""
    lives: dict[bytes, list[MskCame]] = {}
    for msk in group.msks:
        lives.setdefault(msk.msk_id, []).append(msk)
    yield from map(tuple, lives.values())


def _msk(life: tuple[MskCame, ...], several: bool, end: int) -> Bar:
    first = life[0]
    taken = next((msk.time for msk in life if msk.invalidates), None)
    shut = all(msk.fingerprint is None and not msk.invalidates for msk in life)
    verdict = Verdict.INCONC if shut else Verdict.FAIL if any(msk.astray for msk in life) else Verdict.NONE
    moments = tuple(Moment(msk.time, "✗" if msk.invalidates else "◆") for msk in life)
    text = "; ".join(said(msk, several) for msk in life)
    until = end if taken is None else taken
    return Bar(f"MSK {first.msk_id.hex()}", text, 1, first.time, until, _place(first.place), verdict, moments)


def _gap(gap: Gap, several: bool) -> Bar:
    place = _place(gap.evidence[0]) if gap.evidence else None
    return Bar(f"✗ {gap.mki.hex()}", said(gap, several), 1, gap.begin, gap.end, place, Verdict.FAIL)


def _place(evidence: Evidence) -> Place:
    return evidence.capture, evidence.frame
