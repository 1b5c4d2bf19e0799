"""What is asked of all cases: options that several commands have, and the values that they come to together."""

import click
import pytest
from click.testing import CliRunner

from analyzer.analysis import Options
from analyzer.codes import USAGE
from analyzer.commands.asked import codes, judging_options, limit_options
from analyzer.commands.cases import Failure
from analyzer.executors import Limits


@pytest.fixture
def asked():
    """A command that judges, and what it was asked."""
    found = {}

    @click.command
    @click.option("--keys", multiple=True)
    @click.option("--engine", default="native")
    @limit_options
    @judging_options
    def command(**given):
        found.update(given)

    def ask(*args):
        done = CliRunner().invoke(command, args, standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return found

    return ask


def test_what_is_asked_comes_as_two_values(asked):
    found = asked(
        "--keys", "k.toml", "--engine", "tshark", "--select", "ms,MT-01", "--ignore", "EX", "--media", "all",
        "--profile", "rel8", "--waive", "w.toml", "--show-keys", "--timeout", "2", "--max-memory", "1G",
    )  # fmt: skip
    options = found["options"]
    assert found == {"options": options, "limits": Limits(2.0, 10**9)}
    assert (options.keys, options.engine, options.select, options.ignore) == (
        ("k.toml",),
        "tshark",
        ("MS", "MT-01"),
        ("EX",),
    )
    assert (options.media, options.profile, options.waive, options.show_keys) == ("all", "rel8", ("w.toml",), True)
    assert options.today is not None


def test_nothing_asked_is_what_analyses_do_anyway(asked):
    found = asked()
    assert found["limits"] == Limits()
    assert found["options"] == Options(today=found["options"].today)


def test_rules_that_are_none_are_a_failure(asked):
    with pytest.raises(Failure, match="no rule begins with XX"):
        asked("--ignore", "XX")


def test_rules_are_named_by_code_or_beginning_in_any_case():
    assert codes(("ms, MT-01", "sr-0")) == ("MS", "MT-01", "SR-0")
    assert codes((" , ",)) == ()
    with pytest.raises(Failure) as caught:
        codes(("MS", "QQ"))
    assert caught.value.exit_code == USAGE


def test_rules_are_named_by_name_too():
    assert codes(("counter-increases, Mac-Verifies-Under-MUK",)) == ("MS-12", "MS-16")
