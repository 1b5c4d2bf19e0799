"""Reports as text: one line here for every format that `--format` and `--output` know."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.report import Report
from analyzer.views import json, jsonl, text

View = Callable[[Report], str]

VIEWS: Mapping[str, View] = {
    "text": text.show,
    "json": json.show,
    "jsonl": jsonl.show,
}
