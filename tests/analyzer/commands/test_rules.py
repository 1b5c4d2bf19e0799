"""`keyshark rules`."""

import json

from analyzer import cli
from analyzer.procedures import CATALOGUE


def test_all_rules_a_line_each(capsys):
    assert cli.run(["rules"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["code", "level", "clause", "rule"]
    assert [line.split()[0] for line in lines] == [rule.code for rule in CATALOGUE]
    assert all(rule.title in line for rule, line in zip(CATALOGUE, lines, strict=True))


def test_those_that_begin_so(capsys):
    assert cli.run(["rules", "mt-1"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.code for rule in CATALOGUE if rule.code.startswith("MT-1")]


def test_as_json(capsys):
    assert cli.run(["rules", "--format", "json", "MS"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [rule["code"] for rule in found] == [rule.code for rule in CATALOGUE if rule.code.startswith("MS")]
    assert all(rule["page"].startswith(rule["title"]) for rule in found)


def test_codes_are_unique():
    assert len({rule.code for rule in CATALOGUE}) == len(CATALOGUE)
