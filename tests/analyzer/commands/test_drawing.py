"""Tables as wide as the terminal."""

import io
import sys

from analyzer.commands import drawing
from analyzer.views.tables import Table

TABLE = Table(("a", "b"), (("x", "one two three four five six seven"),), folded=frozenset({"b"}))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_tables_are_as_wide_as_it_is(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "22")
    monkeypatch.setenv("NO_COLOR", "1")
    assert drawing.width() == 22
    assert drawing.drawn(TABLE) == "a  b\nx  one two three four\n   five six seven\n"


def test_elsewhere_they_are_as_wide_as_they_are(monkeypatch):
    monkeypatch.setenv("COLUMNS", "22")
    assert drawing.width() is None
    assert drawing.drawn(TABLE) == "a  b\nx  one two three four five six seven\n"
