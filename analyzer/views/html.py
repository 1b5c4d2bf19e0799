"""The report as one HTML file that needs nothing else: it opens offline, and nothing in it can act or fetch.

What comes from the network is text everywhere: templates escape it, `clean` takes what steers, and the page's policy
lets only the style and the script run whose digests it names.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from itertools import chain, repeat
from typing import NamedTuple

from markupsafe import Markup

from analyzer.findings import BROKEN
from analyzer.procedures import CATALOGUE
from analyzer.report import CaseReport, Report, Totals, Verdict
from analyzer.views import exhibits, text
from analyzer.views.case_page import case_page
from analyzer.views.exhibits import Exhibits
from analyzer.views.templating import asset, template

MAX_SIZE = 12 * 2**20  # characters of details: a browser reads as much within seconds
MAX_CASES = 2000  # that have a row, the worst first

_Rank = tuple[int, int]  # the worse the verdict the less, then the number of the case


class Row(NamedTuple):
    """A case in the list of all; `words` are what a search looks at."""

    number: int
    name: str
    verdict: Verdict
    ues: int
    packets: int
    rules: tuple[str, ...]
    causes: tuple[str, ...]
    words: str
    has_keys: bool  # with their values


class _Pick:
    """The cases that the page has, as they come: the worst of them, and of the same the first.

    `details` are of as many as MAX_SIZE has room for, `rows` of MAX_CASES.
    """

    def __init__(self, cases: int) -> None:
        self._cases = cases
        self._size = 0
        self._full: _Rank = (0, cases)  # what ranks behind it has no room for details
        self.details: dict[_Rank, Markup] = {}
        self.rules: dict[_Rank, frozenset[str]] = {}
        self.rows: dict[_Rank, Row] = {}

    def take(self, number: int, case: CaseReport, look: Exhibits | None) -> None:
        """Take the next case."""
        rank = (-case.verdict, number)
        self.rows[rank] = _row(number, case)
        if len(self.rows) > 2 * MAX_CASES:  # so that no more than that are held
            self.rows = self.best
        if rank < self._full:
            page = case_page(number, case, look, self._cases)
            told = template("case.html.j2").render(page=page, is_open=self._cases == 1)
            self.details[rank] = Markup(told)  # noqa: S704  # a template has escaped what is in it
            self.rules[rank] = frozenset(found.judgement.rule for found in page.findings)
            self._size += len(told)
        while self._size > MAX_SIZE and len(self.details) > 1:
            self._full = max(self.details)
            self._size -= len(self.details.pop(self._full))
            del self.rules[self._full]

    @property
    def best(self) -> dict[_Rank, Row]:
        return {rank: self.rows[rank] for rank in sorted(self.rows)[:MAX_CASES]}


def show(report: Report, taken: Iterable[object] = ()) -> str:
    """Return the page; `taken` is what `exhibits.look` took of each case, where there is something."""
    pick = _Pick(len(report.cases))
    for number, (case, found) in enumerate(zip(report.cases, chain(taken, repeat(None)), strict=False)):
        pick.take(number, case, found if isinstance(found, Exhibits) else None)
    rows = sorted(pick.best.values(), key=lambda row: row.number)
    rules = frozenset().union(*pick.rules.values())
    has_keys = any(row.has_keys for row in rows)
    return _page(
        report.version, report.totals, rows, {rank[1]: told for rank, told in pick.details.items()}, rules, has_keys
    )


def _page(
    version: str, totals: Totals, rows: list[Row], detailed: dict[int, Markup], rules: frozenset[str], has_keys: bool
) -> str:
    style, script = asset("pictures.css") + asset("report.css"), asset("report.js")
    return template("report.html.j2").render(
        version=version,
        verdict=totals.verdict,
        summary=text.summary(totals),
        counts=totals.verdicts,
        rows=rows,
        rows_left=totals.cases - len(rows),
        cases=[detailed[number] for number in sorted(detailed)],
        detailed=frozenset(detailed),
        rules=[rule for rule in sorted(CATALOGUE, key=lambda rule: rule.code) if rule.code in rules],
        has_keys=has_keys,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'; "
        "form-action 'none'",
        max_size=MAX_SIZE // 2**20,
    )


def _row(number: int, case: CaseReport) -> Row:
    wrong = [j for j in case.judgements if j.verdict in BROKEN and j.counts]
    rules = tuple(sorted({judgement.rule for judgement in wrong}))
    causes = tuple(dict.fromkeys(found.cause for found in case.diagnoses))
    names = sorted({judgement.name for judgement in wrong})
    known = (name for ue in case.ues[: exhibits.MAX_UES] for name in (*ue.impi, *ue.impu, *ue.b_tid, *ue.addresses))
    paths = (capture.path for capture in case.captures)
    words = " ".join((case.name, str(case.verdict), *rules, *names, *causes, *paths, *known)).lower()
    has_keys = any(key.value is not None for ue in case.ues for key in ue.keys)
    return Row(
        number,
        case.name,
        case.verdict,
        len(case.ues),
        sum(capture.packets for capture in case.captures),
        rules,
        causes,
        words,
        has_keys,
    )


def _digest(content: str) -> str:
    """Return what a policy knows a style or a script by (CSP Level 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
