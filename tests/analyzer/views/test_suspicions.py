"""The section on the keyring."""

from __future__ import annotations

from analyzer.keys.suspects import MAX_SUSPECTS, Suspect
from analyzer.views import suspicions


def test_nothing_is_said_of_a_keyring_that_fits():
    assert suspicions.show(()) == ""


def test_what_fits_and_what_does_not_are_marked():
    told = suspicions.show(
        [Suspect("K", "a@b", "1a2b3c4d", "so", True), Suspect("MUK", "\x1b", "00000000", "no", False)]
    )
    assert told.splitlines()[1:] == ["    → K 1a2b3c4d of a@b: so", "    ? MUK 00000000 of \\x1b: no"]


def test_that_there_may_be_more_is_said():
    told = suspicions.show([Suspect("K", "a@b", "1a2b3c4d", "so", True)] * MAX_SUSPECTS)
    assert "and perhaps more" in told
