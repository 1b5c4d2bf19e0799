"""`keyshark explain`: the page of a rule by code and by name, and guesses at what is misspelt."""

import pytest

from analyzer import cli
from analyzer.procedures import CATALOGUE
from analyzer.views.catalogue import page


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)
def test_every_rule_is_explained_by_code_and_by_name(rule, capsys):
    for code in (rule.code, rule.code.lower()):
        assert cli.run(["explain", code]) == 0
        assert capsys.readouterr().out == page(rule)
    assert cli.run(["explain", rule.name]) == 0
    assert page(rule) in capsys.readouterr().out


def test_a_name_that_is_misspelt_is_guessed(capsys):
    assert cli.run(["explain", "counter-increase"]) == 2
    assert "is it counter-increases" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "hint"),
    [("MS-99", "is it MS-"), ("nonsense", "`keyshark rules` lists them"), ("\x1b[31m", "`keyshark rules` lists them")],
)
def test_what_is_no_rule_is_told_with_what_to_do(given, hint, capsys):
    assert cli.run(["explain", given]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("keyshark explain: there is no rule ")
    assert hint in err
    assert err.strip().isprintable()
