"""`keyshark rules`."""

import json

from analyzer import cli
from analyzer.procedures import CATALOGUE
from analyzer.profiles import PROFILES


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


def test_as_json_with_clause_level_profiles_and_samples(capsys):
    assert cli.run(["rules", "--format", "json"]) == 0
    found = {rule["code"]: rule for rule in json.loads(capsys.readouterr().out)}
    assert list(found) == [rule.code for rule in CATALOGUE]
    assert all(rule["clause"] and rule["level"] and rule["profiles"] and rule["samples"] for rule in found.values())
    assert found["UB-12"]["profiles"] == ["rel11", "rel16"]
    assert found["SB-16"]["profiles"] == list(PROFILES)
    (part,) = found["SB-16"]["differences"]
    assert part["missing"] == ["cr-2009"]
    assert "B-TID" in part["demand"]


def test_those_of_a_profile(capsys):
    assert cli.run(["rules", "--profile", "rel8", "--format", "json"]) == 0
    found = {rule["code"] for rule in json.loads(capsys.readouterr().out)}
    assert {rule.code for rule in CATALOGUE} - found == {"UB-12", "UB-17"}


def test_a_profile_may_have_none_of_them(capsys):
    assert cli.run(["rules", "UB-12", "--profile", "rel8"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == []


def test_a_profile_that_is_none_is_refused(capsys):
    assert cli.run(["rules", "--profile", "rel7"]) == 2
    assert "rel8" in capsys.readouterr().err


def test_codes_are_unique():
    assert len({rule.code for rule in CATALOGUE}) == len(CATALOGUE)
