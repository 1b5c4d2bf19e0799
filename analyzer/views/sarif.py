"""The report as SARIF 2.1.0, for code scanning: the catalogue as rules, what is broken as results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from urllib.parse import quote

from analyzer.judging import Rule
from analyzer.procedures import CATALOGUE
from analyzer.report import CaseReport, Evidence, Report, Verdict
from analyzer.views.broken import Finding, broken
from analyzer.views.ink import clean
from analyzer.views.plain import Plain

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"shall": "error", "should": "warning", "info": "note"}


def show(report: Report) -> str:
    """Return one run; a frame is the line of its capture, and a place of its own by name.

    What cannot be told is no result: code scanning would raise an alarm for it.
    """
    found = list(broken(report))
    known = {finding.judgement.rule for finding in found}
    rules = [rule for rule in sorted(CATALOGUE, key=lambda rule: rule.code) if rule.code in known]
    places = {rule.code: number for number, rule in enumerate(rules)}
    run: dict[str, Plain] = {
        "tool": {"driver": {"name": "keyshark", "semanticVersion": report.version, "rules": [_rule(r) for r in rules]}},
        "invocations": [
            {
                "executionSuccessful": report.verdict is not Verdict.ERROR,
                "toolExecutionNotifications": [note for case in report.cases for note in _notes(case)],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places) for finding in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Plain]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.page},
        "help": {"text": f"{rule.page}\n\n{rule.clause}\n\nWhen broken: {rule.remedy}"},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"tags": [*rule.kinds, rule.level], "clause": rule.clause},
    }


def _result(finding: Finding, places: Mapping[str, int]) -> dict[str, Plain]:
    found, case = finding.judgement, finding.case
    text = "\n".join(clean(line) for line in (found.message, found.remedy) if line)
    locations = [_location(case, evidence) for evidence in found.evidence if evidence.capture < len(case.captures)]
    related: list[Plain] = [{"id": number, **location} for number, location in enumerate(locations[1:], 1)]
    return {
        "ruleId": found.rule,
        "ruleIndex": places.get(found.rule, -1),  # SARIF 3.27.6: -1 where it is not among them
        "kind": "fail",
        "level": _LEVELS[found.level],
        "message": {"text": text},
        "locations": [*locations[:1]],
        "relatedLocations": related,
        "partialFingerprints": {"finding/v1": finding.fingerprint},
        "suppressions": [] if found.waived is None else [{"kind": "external", "justification": clean(found.waived)}],
        "properties": {"case": case.name, "ue": found.ue, "procedure": found.procedure, "clause": found.clause},
    }


def _location(case: CaseReport, evidence: Evidence) -> dict[str, Plain]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(case.captures[evidence.capture].path)},
            "region": {"startLine": evidence.frame},
        },
        "logicalLocations": [{"name": f"frame {evidence.frame}", "kind": "element"}],
    }


def _uri(path: str) -> str:
    # SARIF 3.4.3: a relative reference, or an absolute URI
    octets = path.encode("utf-8", "surrogateescape")
    return f"file://{quote(octets)}" if PurePath(path).is_absolute() else quote(octets)


def _notes(case: CaseReport) -> Iterable[dict[str, Plain]]:
    for capture in case.captures:
        for problem in capture.problems:
            yield {
                "level": "error" if case.verdict is Verdict.ERROR else "warning",
                "message": {"text": clean(problem)},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(capture.path)}}}],
            }
