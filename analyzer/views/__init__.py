"""Reports as text: one line here for every format that `--format` and `--output` know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from analyzer.report import Report

View = Callable[[Report], str]

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
    "csv": "analyzer.views.csv",
    "csv-keys": "analyzer.views.csv_keys",
    "csv-messages": "analyzer.views.csv_messages",
}


def view(name: str) -> View:
    """Return what makes the text of a format; `name` is one of VIEWS."""
    show: View = import_module(VIEWS[name]).show
    return show
