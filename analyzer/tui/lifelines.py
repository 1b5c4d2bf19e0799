"""The keys of a UE as bars over time: what lived from when to when, and what happened on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.correlate.sessions import Session
from analyzer.diagnosis.gaps import Gap
from analyzer.diagnosis.requests import Asked
from analyzer.diagnosis.timeline import GroupLine, MskCame, Timeline, timeline
from analyzer.report import Evidence
from analyzer.tui.cells import Mark
from analyzer.tui.model import Index, Place
from analyzer.views.timeline import said

ASKED = {"success": Mark.PASS, "failure": Mark.FAIL, "incomplete": Mark.UNSURE}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something at one time on a bar: the sign that is drawn there."""

    time: int
    sign: str
    mark: Mark


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
    mark: Mark = Mark.NONE
    moments: tuple[Moment, ...] = field(default=())
    is_headline: bool = False


def bars(found: Index, session: Session) -> tuple[Bar, ...]:
    """Return the chart of a UE from its bootstrappings down to what was on air, key group by key group."""
    story = found.analysis.story
    told = [d for d in found.analysis.report.diagnoses if d.ue in (session.id, None)]
    line = timeline(story, session, told)
    several = len(found.analysis.captures) > 1
    return (
        *_above(line, several),
        *(bar for group in line.groups for bar in _group(group, several, story.traffic.end)),
    )


def _above(line: Timeline, several: bool) -> Iterator[Bar]:
    for ks in line.bootstrapped:
        yield Bar("Ks", said(ks, several), 0, ks.time, ks.until, _place(ks.place))
    for muk in line.muks:
        yield Bar(f"MUK {muk.fingerprint}", said(muk, several), 0, muk.time, muk.until, _place(muk.place))


def _group(group: GroupLine, several: bool, end: int) -> Iterator[Bar]:
    domain = "" if group.key_domain is None else f"{group.key_domain.hex()}/"
    name = f"Key group {domain}{group.key_group.hex()}"
    yield Bar(name, name, mark=Mark.FAIL if group.gaps else Mark.NONE, is_headline=True)
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
    mark = ASKED[asked.outcome]
    moment = Moment(asked.time, mark.sign, mark)
    return Bar("asks", said(asked, several), 1, asked.time, asked.time, _place(asked.place), mark, (moment,))


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
    mark = Mark.UNSURE if shut else Mark.FAIL if any(msk.astray for msk in life) else Mark.NONE
    moments = tuple(Moment(msk.time, "✗" if msk.invalidates else "◆", mark) for msk in life)
    text = "; ".join(said(msk, several) for msk in life)
    until = end if taken is None else taken
    return Bar(f"MSK {first.msk_id.hex()}", text, 1, first.time, until, _place(first.place), mark, moments)


def _gap(gap: Gap, several: bool) -> Bar:
    place = _place(gap.evidence[0]) if gap.evidence else None
    return Bar(f"✗ {gap.mki.hex()}", said(gap, several), 1, gap.begin, gap.end, place, Mark.FAIL)


def _place(evidence: Evidence) -> Place:
    return evidence.capture, evidence.frame
