"""Where commands write, and in which colours."""

import io
import os
import sys

import click
import pytest

from analyzer.commands.output import (
    ReaderGoneError,
    Settings,
    StdoutError,
    coloured,
    common,
    settings,
    show,
    tell,
    tell_trace,
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def within(color, ask):
    """Ask something within a command that has settings."""
    with click.Context(click.Command("x"), obj=Settings(color=color)):
        return ask()


@pytest.mark.parametrize(
    ("color", "stream", "environment", "expected"),
    [
        ("auto", Terminal(), {}, True),
        ("auto", Terminal(), {"NO_COLOR": "1"}, False),
        ("auto", Terminal(), {"NO_COLOR": ""}, True),
        ("auto", Terminal(), {"TERM": "dumb"}, False),
        ("auto", io.StringIO(), {}, False),
        ("always", io.StringIO(), {"NO_COLOR": "1"}, True),
        ("never", Terminal(), {}, False),
    ],
)
def test_colours(color, stream, environment, expected, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert within(color, lambda: coloured(stream)) is expected


def test_without_a_command_the_settings_are_the_usual_ones():
    assert settings() == Settings()


@pytest.mark.parametrize("args", [["--debug", "--color", "never", "inner"], ["inner", "--debug", "--color", "never"]])
def test_options_hold_before_and_after_the_name_of_a_command(args):
    found = []

    @click.group()
    @common
    def outer():
        pass

    @outer.command("inner")
    @common
    def inner():
        found.append(settings())

    outer.main(args, standalone_mode=False)
    assert found == [Settings(debug=True, color="never")]


def test_talk_goes_to_stderr_and_steers_no_terminal(capsys):
    tell("one\ntwo\x1b[31m")
    tell_trace("first\n  second\x1b\n")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "one\\ntwo\\x1b[31m\nfirst\n  second\\x1b\n"


def test_a_reader_that_has_gone_is_told_of_and_takes_no_more(monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        with pytest.raises(ReaderGoneError):
            show("anything")
        show("the rest goes nowhere")


def test_results_go_to_stdout_as_they_are(capsys):
    show("a\nb")
    assert capsys.readouterr() == ("a\nb", "")


def test_a_stdout_that_takes_no_more_is_told_of_once(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(StdoutError, match="stdout: cannot be written: No space left on device"):
            show("anything")
        show("the rest goes nowhere")
