"""SARIF: rules with their pages, results that point at them and at frames."""

import json
from dataclasses import replace

from analyzer.procedures import CATALOGUE
from analyzer.report import Report
from analyzer.views.sarif import show


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
