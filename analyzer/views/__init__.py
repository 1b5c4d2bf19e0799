"""Reports as text: one line here for every format that `--format` and `--output` know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol, cast

from analyzer.report import CaseReport, Report, Totals

View = Callable[[Report], str]


class Piecewise(Protocol):
    """A view that makes its text case by case, so that of many cases no more than one is held."""

    BETWEEN: str

    def begin(self, totals: Totals, /) -> str: ...
    def piece(self, case: CaseReport, /) -> str: ...
    def end(self, totals: Totals, /) -> str: ...


# name → module, imported when somebody wants it; its `show` makes the text
VIEWS: Mapping[str, str] = {
    "text": "analyzer.views.text",
    "json": "analyzer.views.json",
    "jsonl": "analyzer.views.jsonl",
    "junit": "analyzer.views.junit",
    "sarif": "analyzer.views.sarif",
    "github": "analyzer.views.github",
    "gitlab": "analyzer.views.gitlab",
    "tap": "analyzer.views.tap",
    "markdown": "analyzer.views.markdown",
    "html": "analyzer.views.html",
    "csv": "analyzer.views.csv",
    "csv-keys": "analyzer.views.csv_keys",
    "csv-messages": "analyzer.views.csv_messages",
}

COLOURED = "text-coloured"  # text for a terminal that shows colours: no format that anybody asks for by name
PIECEWISE: Mapping[str, str] = {
    **{name: VIEWS[name] for name in ("text", "json", "jsonl")},
    COLOURED: "analyzer.views.text_coloured",
}


def view(name: str) -> View:
    """Return what makes the text of a format; `name` is one of VIEWS."""
    show: View = import_module(VIEWS[name]).show
    return show


def piecewise(name: str) -> Piecewise:
    """Return a view that makes its text case by case; `name` is one of PIECEWISE."""
    return cast(Piecewise, import_module(PIECEWISE[name]))


def joined(how: Piecewise, report: Report) -> str:
    """Return the text of all cases of a report."""
    totals = report.totals
    return how.begin(totals) + how.BETWEEN.join(how.piece(case) for case in report.cases) + how.end(totals)
