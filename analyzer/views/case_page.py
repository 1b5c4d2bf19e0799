"""One case as a page shows it: all that is to be said of it, cut to what a reader can use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from analyzer.findings import BROKEN
from analyzer.report import (
    CaseReport,
    Diagnosis,
    DownloadReport,
    Evidence,
    Judgement,
    MediaReport,
    UeReport,
    Verdict,
)
from analyzer.views import chart_picture, clocks, exhibits, ladder, ladder_picture, measure, sessions, text
from analyzer.views.chart_picture import Chart
from analyzer.views.exhibits import Exhibit, Exhibits
from analyzer.views.ink import plural
from analyzer.views.ladder_picture import Ladder
from analyzer.views.legs import Place
from analyzer.views.ruletests import unread
from analyzer.views.tables import Table

MAX_FINDINGS = 100  # of one case
FEW = 3  # cases: of so many, messages are shown that are evidence of nothing, too
SOME = 25  # cases: with more, what passed is only counted


class Shown(NamedTuple):
    """One judgement that is broken: `kind` is its verdict, note or waived."""

    judgement: Judgement
    kind: str


class Unclear(NamedTuple):
    """One reason why rules could not judge."""

    reason: str
    rules: tuple[str, ...]
    evidence: tuple[Evidence, ...]


class UePage(NamedTuple):
    """One UE, with its pictures where there is something to draw."""

    number: int
    ue: UeReport
    verdict: Verdict
    procedures: Table
    keys: Table
    ladder: Ladder | None
    chart: Chart | None


class CasePage(NamedTuple):
    """All that is shown of one case; `places` are the frames that have a message of their own on the page."""

    number: int
    case: CaseReport
    facts: str
    remarks: tuple[str, ...]
    unread: str
    diagnoses: tuple[Diagnosis, ...]
    findings: tuple[Shown, ...]
    findings_left: int
    unclear: tuple[Unclear, ...]
    passed: tuple[tuple[str, str, int], ...]
    ues: tuple[UePage, ...]
    media: Table
    downloads: Table
    malformed: Table
    messages: tuple[tuple[str, Exhibit], ...]  # with the id of each on the page
    messages_left: int
    has_exhibits: bool
    places: frozenset[Place]
    start: float


def case_page(number: int, case: CaseReport, look: Exhibits | None, cases: int) -> CasePage:
    """Return what is shown of a case, one of so many `cases`; without a `look` no message and no chart."""
    shown = exhibits.chosen(case)
    # Of many UEs a few are shown: all that is asked about them is asked of what is about them
    ids = {None, *(ue.id for ue in shown)}
    near = replace(case, ues=shown, judgements=tuple(j for j in case.judgements if j.ue in ids))
    findings = [Shown(j, _kind(j)) for j in case.judgements if j.verdict in BROKEN]
    findings.sort(key=lambda found: (found.judgement.counts, found.judgement.verdict), reverse=True)
    messages = () if look is None else tuple(m for m in look.messages if m.is_evidence or cases <= FEW)
    start = sessions.begin(case)
    worst = exhibits.worst_of(near)
    several = len(case.captures) > 1
    return CasePage(
        number=number,
        case=case,
        facts=f"{plural(sum(c.packets for c in case.captures), 'packet')}, {plural(len(case.ues), 'UE')}, "
        f"{text.judged(case)}",
        remarks=(*clocks.told(case), *measure.told(case), *text.sampled(case)),
        unread=unread(case),
        diagnoses=case.diagnoses[:MAX_FINDINGS],
        findings=tuple(findings[:MAX_FINDINGS]),
        findings_left=max(0, len(findings) - MAX_FINDINGS),
        unclear=tuple(_unclear(case.judgements))[:MAX_FINDINGS],
        passed=_passed(case.judgements) if cases <= SOME else (),
        ues=tuple(_ue(place, near, ue, worst[ue.id], look, start) for place, ue in enumerate(shown)),
        media=_media(case),
        downloads=_downloads(case),
        malformed=_malformed(case, several),
        messages=tuple(_anchored(number, messages)),
        messages_left=0 if look is None else look.left_out,
        has_exhibits=look is not None,
        places=frozenset((message.capture, message.frame) for message in messages),
        start=start,
    )


def _anchored(number: int, messages: Iterable[Exhibit]) -> Iterator[tuple[str, Exhibit]]:
    """Yield each message with its id: links lead to the first of a frame."""
    seen: Counter[Place] = Counter()
    for message in messages:
        place = (message.capture, message.frame)
        seen[place] += 1
        again = "" if seen[place] == 1 else f"-{seen[place]}"
        yield f"c{number}-{message.capture}-{message.frame}{again}", message


def _kind(judgement: Judgement) -> str:
    if judgement.waived is not None:
        return "waived"
    return "note" if text.is_note(judgement) else str(judgement.verdict)


def _unclear(judgements: tuple[Judgement, ...]) -> Iterator[Unclear]:
    for reason, found in text.reasons(judgements).items():
        evidence = sorted({(e.capture, e.frame) for judgement in found for e in judgement.evidence})
        yield Unclear(reason, tuple(sorted({j.rule for j in found})), tuple(Evidence(*each) for each in evidence))


def _passed(judgements: tuple[Judgement, ...]) -> tuple[tuple[str, str, int], ...]:
    found = Counter((j.rule, j.name) for j in judgements if j.verdict is Verdict.PASS)
    return tuple((rule, name, count) for (rule, name), count in sorted(found.items()))


def _ue(number: int, case: CaseReport, ue: UeReport, verdict: Verdict, look: Exhibits | None, start: float) -> UePage:
    lives = None if look is None else look.lives.get(ue.id)
    return UePage(
        number,
        ue,
        verdict,
        sessions.procedures(case, ue),
        ladder.keys(case, ue),
        ladder_picture.of_ue(case, ue),
        None if lives is None else chart_picture.draw(ue.id, lives, start),
    )


def _media(case: CaseReport) -> Table:
    columns = ("destination", "ssrc", "protocol", "MKI", "packets", "authentic", "failed", "no key", "not checked")
    rows = tuple(
        (
            each.destination, each.ssrc, each.protocol, _mki(each),
            *map(str, (each.packets, each.authenticated, each.failed, each.no_key, each.not_checked)),
        )
        for each in case.media
    )  # fmt: skip
    return Table(columns, rows, frozenset(columns[4:]))


def _mki(each: MediaReport | DownloadReport) -> str:
    return "/".join(filter(None, (each.key_domain, each.msk_id, each.mtk_id))) or "-"


def _downloads(case: CaseReport) -> Table:
    columns = ("frame", "destination", "key", "content", "octets", "signature", "contents")
    rows = tuple(
        (
            str(each.frame), each.destination, _mki(each), ", ".join(each.content_types), str(each.octets),
            each.signature, each.content,
        )
        for each in case.downloads
    )  # fmt: skip
    return Table(columns, rows, frozenset({"frame", "octets"}), frozenset({"content"}))


def _malformed(case: CaseReport, several: bool) -> Table:
    rows = tuple(
        (
            f"[{each.capture}] {each.frame}" if several else str(each.frame), each.protocol, each.field,
            str(each.offset), each.reason,
        )
        for each in case.malformed
    )  # fmt: skip
    return Table(
        ("frame", "protocol", "field", "octet", "reason"), rows, frozenset({"frame", "octet"}), frozenset({"reason"})
    )
