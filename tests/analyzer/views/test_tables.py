"""Tables: as wide as they must be, folded where the terminal is narrow, and nothing cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from analyzer.views.tables import Table, draw, fold, moment, record

TABLE = Table(
    ("code", "count", "text"),
    (("MS-01", "1", "one two three four five six seven eight"), ("MS-2", "1000", "-")),
    frozenset({"count"}),
    frozenset({"text"}),
)


def test_is_as_wide_as_it_must_be():
    assert draw(TABLE) == (
        "code   count  text\n"
        "MS-01      1  one two three four five six seven eight\n"
        "MS-2    1000  -\n"
    )  # fmt: skip


def test_folds_what_may_be_folded():
    assert draw(TABLE, 34) == (
        "code   count  text\n"
        "MS-01      1  one two three four\n"
        "              five six seven eight\n"
        "MS-2    1000  -\n"
    )  # fmt: skip


def test_gives_up_rather_than_cut():
    assert draw(TABLE, 5) == draw(TABLE, 26)
    assert "MS-01      1  one two\n" in draw(TABLE, 5)


def test_only_the_head_is_bold():
    head, *rest = draw(TABLE, coloured=True).splitlines()
    assert head == "\x1b[1mcode   count  text\x1b[0m"
    assert "\x1b" not in "".join(rest)


def test_an_empty_table_is_its_head():
    assert draw(Table(("a", "b"), ())) == "a  b\n"


def test_wide_characters_take_two_columns():
    assert draw(Table(("a", "b"), (("日本", "x"), ("y", "z")))) == "a     b\n日本  x\ny     z\n"


def test_cells_steer_no_terminal():
    assert "\x1b" not in draw(Table(("a",), (("\x1b[31m\n",),)))


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=80), st.integers(2, 30)
)
def test_folding_loses_nothing_and_stays_within(text, width):
    lines = fold(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)


@given(
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=60)), max_size=5),
    st.one_of(st.none(), st.integers(1, 120)),
)
def test_any_cells_are_drawn_whole(rows, width):
    text = draw(Table(("first", "second"), tuple(rows), frozenset(), frozenset({"second"})), width)
    assert all(line.isprintable() for line in text.split("\n"))
    shown = text.replace(" ", "").replace("\n", "")
    for row in rows:
        for cell in row:
            if cell.isprintable() and cell_len(cell) <= 12:
                assert cell.replace(" ", "") in shown


def test_a_record_has_a_line_a_value():
    facts = (("name", ("a", "b")), ("none", ()), ("x", ("c\n",)))
    assert record(facts) == "  name  a\n        b\n  none  -\n  x     c\\n\n"


def test_an_indent_counts():
    table = Table(TABLE.columns, TABLE.rows, TABLE.numbers, TABLE.folded, indent="  ")
    assert draw(table, 36) == "".join(f"  {line}\n" for line in draw(TABLE, 34).splitlines())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1767225600.25, "2026-01-01T00:00:00.250Z"),
        (1e300, "1e+300"),
        (1e15, "1000000000000000.0"),
    ],
)
def test_moments_are_utc(seconds, text):
    assert moment(seconds) == text
