"""Progress: on a terminal, and nowhere else."""

import io
import sys

from analyzer.commands.progress import bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def use(stream, monkeypatch, cases):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with bar(cases) as progress:
        progress.octets(10**6, 4 * 10**6)
        progress.octets(4 * 10**6, 4 * 10**6)
        progress.done("hostile\x1b[31m name")
    return stream.getvalue()


def test_nothing_without_a_terminal(monkeypatch):
    assert use(io.StringIO(), monkeypatch, 2) == ""


def test_cases_and_octets_on_a_terminal(monkeypatch):
    told = use(Terminal(), monkeypatch, 2)
    assert "4.0 of 4.0 MB" in told
    assert "1 of 2, hostile\\x1b[31m name" in told
    assert "\x1b[31m name" not in told
    assert "\x1b[?25h" in told  # the cursor is back


def test_one_case_needs_no_count(monkeypatch):
    told = use(Terminal(), monkeypatch, 1)
    assert "1 of 1" not in told
    assert "MB" in told
