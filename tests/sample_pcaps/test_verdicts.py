"""docs/verdicts.md is up to date, and samples break what they are there to break and nothing else."""

import pytest

from sample_pcaps import verdicts
from sample_pcaps.casebook import Case, cases

CASES = cases()


def test_the_page_is_up_to_date():
    assert verdicts.PAGE.read_text(encoding="utf-8") == verdicts.page(), "make verdicts"


@pytest.mark.parametrize("name", CASES)
def test_only_the_diagonal_is_broken(name):
    assert verdicts.off_the_diagonal(CASES[name], verdicts.broken(name)) == ()


def test_there_are_enough_of_both():
    good = [case for case in CASES.values() if case.good]
    assert len(good) >= 20
    assert len(CASES) - len(good) >= 90


@pytest.mark.parametrize(
    ("breaks", "found", "stray"),
    [
        (("MS-16",), {"MS-16": "shall"}, ()),
        (("MS-16",), {"MS-16": "shall", "EX-06": "info"}, ()),
        (("MS-16",), {"MS-16": "shall", "EX-02": "should"}, ("EX-02",)),
        (("MS-16",), {}, ("MS-16",)),
        ((), {"MS-16": "shall"}, ("MS-16",)),
    ],
)
def test_what_lies_off_the_diagonal(breaks, found, stray):
    assert verdicts.off_the_diagonal(Case("x", breaks, "told", lambda: None), found) == stray


def test_main_writes_the_page(tmp_path):
    verdicts.main(tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == verdicts.page()
