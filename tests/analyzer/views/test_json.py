"""The report as JSON: as the schema says, the same every time, ASCII only."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from analyzer.report import CaptureReport, CaseReport, Report, Verdict
from analyzer.views import json as json_view

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_document_is_as_the_schema_says(report):
    VALIDATOR.validate(json.loads(json_view.show(report)))


def test_a_report_of_nothing_is_one_too():
    assert json.loads(json_view.show(Report("1", ())))["verdict"] == "none"
    VALIDATOR.validate(json.loads(json_view.show(Report("1", ()))))


def test_a_case_that_could_not_be_read_is_one_too():
    capture = CaptureReport("x", "", 0, 0, None, None, (), False, ("there is no such file",))
    VALIDATOR.validate(
        json.loads(json_view.show(Report("1", (CaseReport("x", Verdict.ERROR, (capture,), (), (), (), (), ()),))))
    )


def _paths(document, here=()):
    """Every object of a document, by its path."""
    if isinstance(document, dict):
        yield here
        for name, value in document.items():
            yield from _paths(value, (*here, name))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield from _paths(value, (*here, place))


def test_the_schema_takes_nothing_away_and_lets_nothing_in(report):
    text = json_view.show(report)
    for path in _paths(json.loads(text)):
        document = json.loads(text)
        found = document
        for name in path:
            found = found[name]
        found["something else"] = 1
        assert not VALIDATOR.is_valid(document), path
        del found["something else"]
        for name in list(found):
            if path[-1:] == ("valid",):
                continue
            value = found.pop(name)
            assert not VALIDATOR.is_valid(document), (path, name)
            found[name] = value


def test_the_verdict_is_the_worst(report, case):
    both = Report("1", (replace(case, verdict=Verdict.PASS), case))
    assert json.loads(json_view.show(both))["verdict"] == "fail"


def test_names_are_those_of_the_contract(report):
    document = json.loads(json_view.show(report))
    assert list(document) == ["schema_version", "tool", "verdict", "cases"]
    assert document["schema_version"] == "1.0"
    assert document["tool"] == {"name": "keyshark", "version": "0.1.0"}
    (case,) = document["cases"]
    assert list(case) == [
        "name", "verdict", "captures", "ues", "judgements", "diagnoses", "media", "malformed", "sightings", "clocks",
        "downloads", "profile", "tolerances",
    ]  # fmt: skip
    step = case["ues"][0]["procedures"][0]["steps"][0]
    assert list(step) == ["name", "from", "to", "capture", "frame", "time", "protocol", "summary"]
    assert case["judgements"][1]["evidence"] == [{"capture": 0, "frame": 3}, {"capture": 0, "frame": 5}]


@pytest.mark.parametrize("hostile", ["\x1b[31m", "é", "\udc80", "\u2028"])
def test_what_the_network_says_is_escaped(report, case, hostile):
    text = json_view.show(Report("1", (replace(case, name=hostile),)))
    assert text.isascii()
    assert json.loads(text)["cases"][0]["name"] == hostile
