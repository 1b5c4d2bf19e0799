"""The report as JSON lines: a case a line, as the schema says, ASCII only."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from analyzer.report import Report
from analyzer.views import json as json_view
from analyzer.views import jsonl

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text())
CASES = jsonschema.Draft202012Validator({"$ref": "#/$defs/case", "$defs": SCHEMA["$defs"]})


def test_json_lines_are_the_cases(report, case):
    text = jsonl.show(Report("1", (case, replace(case, name="other"))))
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["name"] for line in lines] == ["story", "other"]
    assert lines[0] == json.loads(json_view.show(report))["cases"][0]
    for line in lines:
        CASES.validate(line)
    assert jsonl.show(Report("1", ())) == ""


@pytest.mark.parametrize("hostile", ["\x1b[31m", "é", "\udc80", "\u2028", "\n"])
def test_what_the_network_says_breaks_no_line(case, hostile):
    text = jsonl.show(Report("1", (replace(case, name=hostile), case)))
    assert text.isascii()
    assert text.count("\n") == 2
    assert [json.loads(line)["name"] for line in text.splitlines()] == [hostile, case.name]
