"""SARIF: rules with their pages, results that point at them and at frames.

What SARIF 2.1.0 says of the objects that we write is told here in our own words, as a JSON schema that allows no other
property. All samples were held against the schema of OASIS itself, once.
"""

import json
from dataclasses import replace

import jsonschema
import pytest

from analyzer.procedures import CATALOGUE
from analyzer.report import Report
from analyzer.views.sarif import show


def _object(required=(), **properties):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items, unique=False):
    return {"type": "array", "items": items, "uniqueItems": unique}


TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = _object(["text"], text=TEXT)  # 3.11: text or id
BAG = {"type": "object", "properties": {"tags": _list(TEXT, unique=True)}}  # 3.8: anything
LOCATION = _object(  # 3.28
    id={"type": "integer", "minimum": -1},
    physicalLocation=_object(  # 3.29
        ["artifactLocation"],
        artifactLocation=_object(uri={"type": "string", "format": "uri-reference"}),
        region=_object(startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=_list(_object(name=TEXT, kind=TEXT), unique=True),
)
RULE = _object(  # 3.49
    ["id"], id=TEXT, name=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE,
    defaultConfiguration=_object(level=LEVEL), properties=BAG,
)  # fmt: skip
RESULT = _object(  # 3.27
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    level=LEVEL,
    message=MESSAGE,
    locations=_list(LOCATION),
    relatedLocations=_list(LOCATION, unique=True),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=_list(
        _object(["kind"], kind={"enum": ["inSource", "external"]}, justification=TEXT), unique=True
    ),  # 3.35
    properties=BAG,
)
NOTE = _object(["message"], message=MESSAGE, level=LEVEL, locations=_list(LOCATION, unique=True))  # 3.58
RUN = _object(  # 3.14
    ["tool"],
    tool=_object(["driver"], driver=_object(["name"], name=NAME, semanticVersion=TEXT, rules=_list(RULE, unique=True))),
    invocations=_list(
        _object(
            ["executionSuccessful"], executionSuccessful={"type": "boolean"}, toolExecutionNotifications=_list(NOTE)
        )
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=_list(RESULT),
)
SARIF = _object(  # 3.13
    ["version", "runs"], version={"const": "2.1.0"}, runs=_list(RUN), **{"$schema": {"type": "string", "format": "uri"}}
)


def complaints(text):
    return [error.message for error in jsonschema.Draft202012Validator(SARIF).iter_errors(json.loads(text))]


@pytest.mark.parametrize("name", ["http_good", "msk_under_another_muk", "missed_update", "no_tmpi", "two_probes"])
def test_samples_are_as_the_schema_says(sample, name):
    assert complaints(show(Report("0.1.0", (sample(name).report,)))) == []


def test_all_that_can_occur_is_as_the_schema_says(case):
    waived = replace(case, judgements=tuple(j._replace(waived="known") for j in case.judgements))
    broken = replace(case, captures=(replace(case.captures[0], path="/a b.pcap", problems=("cut",)),))
    text = show(Report("0.1.0", (case, waived, broken)))
    assert complaints(text) == []
    assert '"suppressions": [\n' in text
    assert '"toolExecutionNotifications": [\n' in text


@pytest.mark.parametrize(
    ("old", "new"), [('"fail"', '"failed"'), ('"startLine": 3', '"startLine": 0'), ('"ruleId"', '"rule"')]
)
def test_what_the_schema_forbids_is_seen(report, old, new):
    text = show(report)
    assert old in text
    assert complaints(text.replace(old, new, 1))


def _run(report):
    (run,) = json.loads(show(report))["runs"]
    return run


def test_results_point_at_their_rules_and_frames(report):
    run = _run(report)
    rules = run["tool"]["driver"]["rules"]
    pages = {rule.code: rule for rule in CATALOGUE}
    for rule in rules:
        assert pages[rule["id"]].page in rule["help"]["text"]
    for result in run["results"]:
        assert result["ruleIndex"] == -1 or rules[result["ruleIndex"]]["id"] == result["ruleId"]
    first = run["results"][0]
    assert (first["ruleId"], first["level"], first["message"]["text"]) == (
        "MS-21", "error", "counter 5, expected 7\nBM-SC: repeat the counter.",
    )  # fmt: skip
    assert [place["physicalLocation"]["region"]["startLine"] for place in first["locations"]] == [3]
    assert [place["physicalLocation"]["region"]["startLine"] for place in first["relatedLocations"]] == [5]
    assert run["results"][-1]["level"] == "note"
    assert len({result["partialFingerprints"]["finding/v1"] for result in run["results"]}) == 3


def test_a_rule_that_nobody_knows_has_no_index(case):
    strange = replace(case, judgements=(case.judgements[1]._replace(rule="XX-99"),))
    (result,) = _run(Report("1", (strange,)))["results"]
    assert result["ruleIndex"] == -1


def test_paths_are_uris(case):
    for path, uri in (("a b/ü.pcap", "a%20b/%C3%BC.pcap"), ("/x/y.pcap", "file:///x/y.pcap")):
        moved = replace(case, captures=(replace(case.captures[0], path=path, problems=("cut",)),))
        run = _run(Report("1", (moved,)))
        place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        (note,) = run["invocations"][0]["toolExecutionNotifications"]
        assert place["uri"] == uri == note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert note["message"]["text"] == "cut"
