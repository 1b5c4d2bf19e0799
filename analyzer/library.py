"""What a program gets: cases that were judged, to be asked, asserted and shown in a notebook (docs/library.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import NamedTuple

from analyzer import VERSION
from analyzer.accounts import handshake_steps
from analyzer.analysis import Analysis, Options
from analyzer.batch import Outcome, judge_case
from analyzer.capture.alike import told_apart
from analyzer.capture.remote import find_anywhere
from analyzer.diagnosis.timeline import timelines
from analyzer.procedures import CATALOGUE
from analyzer.profiles import PROFILES
from analyzer.report import CaseReport, Judgement, Report, StepReport, Verdict
from analyzer.views import VIEWS, flow, svg, timeline, view
from analyzer.views.exhibits import Lives, lives
from analyzer.views.frames import frames
from analyzer.views.ink import clean
from analyzer.views.sessions import begin
from analyzer.views.text import summary

LEVELS = {"shall": ("shall",), "should": ("shall", "should")}
MEDIA = ("all", "sample", "none")
WIDTH = 120  # characters of a timeline
COLOURS = {
    Verdict.NONE: "#57606a", Verdict.PASS: "#1a7f37", Verdict.INCONC: "#9a6700", Verdict.FAIL: "#cf222e",
    Verdict.ERROR: "#8250df",
}  # fmt: skip


class Taken(NamedTuple):
    """What pictures need beyond the report."""

    handshakes: tuple[StepReport, ...]
    timeline: str
    lives: tuple[tuple[str, Lives], ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The messages of a case: text, and a picture in a notebook."""

    _case: CaseReport = field(repr=False)
    _handshakes: tuple[StepReport, ...] = field(repr=False)

    @property
    def svg(self) -> str:
        """The ladder as SVG, which needs nothing from outside."""
        return svg.ladder(flow.ladder(self._case, self._handshakes))

    def __str__(self) -> str:
        return flow.text(flow.ladder(self._case, self._handshakes), False, WIDTH)

    def _repr_html_(self) -> str:
        return _shown(self.svg)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How the keys of each UE were refreshed, and when it could not decrypt."""

    text: str
    charts: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # of UEs, as SVG that needs nothing else

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        shown = "".join(f"<p><b>{escape(clean(ue))}</b></p>{_shown(chart)}" for ue, chart in self.charts)
        return f"{shown}<details><summary>The same in words</summary><pre>{escape(self.text)}</pre></details>"


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """One case: its report, why it could not be judged ("" where it could), its pictures."""

    report: CaseReport
    fault: str
    ladder: Ladder
    timeline: Timeline

    @property
    def name(self) -> str:
        return self.report.name

    @property
    def verdict(self) -> Verdict:
        return self.report.verdict

    def __repr__(self) -> str:  # a report has megabytes, and a test that fails shows what it held
        return f"<Case {self.name!r}: {self.verdict}>"

    def _repr_html_(self) -> str:
        return _table((self,))


@dataclass(frozen=True, slots=True, repr=False)
class Analysed:
    """Cases that were judged, in the order in which they were named."""

    cases: tuple[Case, ...]
    warnings: tuple[str, ...] = ()

    @property
    def report(self) -> Report:
        """All that `keyshark validate --format json` shows."""
        return Report(VERSION, tuple(case.report for case in self.cases))

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all cases."""
        return self.report.totals.verdict

    def to(self, form: str) -> str:
        """Return the report in a form of docs/formats.md but html; raises ValueError for others."""
        if form not in VIEWS or form == "html":
            raise ValueError(f"{form} is none of {', '.join(name for name in VIEWS if name != 'html')}")
        return view(form)(self.report)

    def problems(self, ignore: Iterable[str] = (), fail_on: str = "should", strict: bool = False) -> list[str]:
        """Return a line for each rule that is broken at a level or above, and for each case that cannot be read.

        `ignore` are codes of rules or beginnings of them, `strict` counts inconc too; what is waived never counts.
        """
        beginnings = _codes(ignore)
        if fail_on not in LEVELS:
            raise ValueError(f"{fail_on} is none of {', '.join(LEVELS)}")
        return [line for case in self.cases for line in _problems(case, beginnings, LEVELS[fail_on], strict)]

    def assert_pass(self, ignore: Iterable[str] = (), fail_on: str = "should", strict: bool = False) -> None:
        """Raise AssertionError, with `problems`, where there are any, or nothing was there to be judged."""
        __tracebackhide__ = True  # pytest shows the line of the test
        found = self.problems(ignore, fail_on, strict)
        if not self.cases or (not found and self.verdict is Verdict.NONE):
            found = ["there was nothing to judge"]
        if found:
            raise AssertionError("\n".join(found))

    def __str__(self) -> str:
        return self.to("text")

    def __repr__(self) -> str:
        return f"<Analysed {summary(self.report.totals)}>"

    def _repr_html_(self) -> str:
        return _table(self.cases)


def analyse(
    paths: Sequence[str | os.PathLike[str]],
    *,
    keys: Iterable[str | os.PathLike[str]],
    merge: bool,
    select: Iterable[str],
    ignore: Iterable[str],
    waive: Iterable[str | os.PathLike[str]],
    media: str,
    profile: str | None,
    show_keys: bool,
) -> Analysed:
    """Judge cases; see `analyzer.analyse`."""
    named = [os.fspath(path) for path in paths]
    if "" in named:
        raise ValueError("one of the paths is empty")
    if media not in MEDIA:
        raise ValueError(f"media={media!r} is none of {', '.join(MEDIA)}")
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"profile={profile!r} is none of {', '.join(PROFILES)}")
    options = Options(
        show_keys=show_keys, select=_codes(select), ignore=_codes(ignore), keys=tuple(os.fspath(path) for path in keys),
        media=media, waive=tuple(os.fspath(path) for path in waive), profile=profile,
        today=datetime.now().astimezone().date(),
    )  # fmt: skip
    cases = told_apart(find_anywhere(named, merge=merge))
    outcomes = [judge_case(case, options, look=_look) for case in cases]
    warnings = dict.fromkeys(warning for outcome in outcomes for warning in outcome.warnings)
    return Analysed(tuple(map(_case, outcomes)), tuple(warnings))


def _look(analysis: Analysis) -> Taken:
    told = timelines(analysis.story, analysis.report.diagnoses)
    words = timeline.show(told, WIDTH, len(analysis.captures) > 1)
    return Taken(tuple(handshake_steps(analysis.story)), words, tuple(lives(analysis)))


def _case(outcome: Outcome) -> Case:
    taken = outcome.taken if isinstance(outcome.taken, Taken) else Taken((), "", ())
    fault = "" if outcome.fault is None else outcome.fault.text
    start = begin(outcome.report)
    charts = tuple((ue, svg.chart(ue, found, start)) for ue, found in taken.lives)
    return Case(outcome.report, fault, Ladder(outcome.report, taken.handshakes), Timeline(taken.timeline, charts))


def _shown(picture: str) -> str:
    return f'<div style="overflow:auto;background:#fff">{picture}</div>'


def _codes(given: Iterable[str]) -> tuple[str, ...]:
    """Return codes of rules in capitals; raises ValueError for one that no rule begins with."""
    codes = tuple(code.strip().upper() for code in ((given,) if isinstance(given, str) else given))
    for code in codes:
        if not code or not any(rule.code.startswith(code) for rule in CATALOGUE):
            raise ValueError(f"no rule begins with {code!r}")
    return codes


def _problems(case: Case, ignore: tuple[str, ...], levels: Sequence[str], strict: bool) -> Iterator[str]:
    if case.fault:
        yield clean(case.fault)
        return
    for capture in case.report.captures:
        for problem in capture.problems:
            yield f"{clean(capture.path)}: {clean(problem)}"
    for judgement in case.report.judgements:
        broken = judgement.verdict is Verdict.FAIL or (strict and judgement.verdict is Verdict.INCONC)
        counts = broken and judgement.level in levels and judgement.waived is None
        if judgement.verdict is Verdict.ERROR or (counts and not judgement.rule.startswith(ignore)):
            yield _line(case, judgement)


def _line(case: Case, judgement: Judgement) -> str:
    place = f", {frames(judgement.evidence, len(case.report.captures) > 1)}" if judgement.evidence else ""
    rule = f"{judgement.rule} {judgement.name} {judgement.verdict}"
    return f"{clean(case.name)}: {rule}{place}: {clean(judgement.message)}"


def _table(cases: Sequence[Case]) -> str:
    rows = "".join(_row(case) for case in cases)
    lines = [line for case in cases for line in _problems(case, (), LEVELS["should"], False)]
    found = "".join(f"<li>{escape(line)}</li>" for line in lines)
    head = "<tr><th>verdict</th><th>case</th><th>packets</th><th>UEs</th><th>broken</th></tr>"
    return f"<table>{head}{rows}</table>" + (f"<ul>{found}</ul>" if found else "")


def _row(case: Case) -> str:
    packets = sum(capture.packets for capture in case.report.captures)
    broken = sorted({j.rule for j in case.report.judgements if j.verdict is Verdict.FAIL and j.counts})
    verdict = f'<b style="color:{COLOURS[case.verdict]}">{case.verdict}</b>'
    cells = (escape(clean(case.name)), str(packets), str(len(case.report.ues)), escape(", ".join(broken)))
    return f"<tr><td>{verdict}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
