import pytest
from rich.cells import cell_len

from analyzer.tui.cells import Cell, Mark, Row
from analyzer.tui.table import Column, Table, natural

COLUMNS = (Column("No.", 4, right=True), Column("What", 6, share=1), Column("More", 5, least=40))


def filled():
    table = Table(COLUMNS)
    table.row = lambda row: Row((Cell(str(row)), Cell(f"line {row}"), Cell("more")), Mark(row % 5))
    return table


def texts(line):
    return "".join(cell.text for cell in line)


def test_columns_share_the_width_and_narrow_tables_hide_some():
    table = filled()
    assert table.widths(30) == (4, 25, 0)
    assert table.widths(60) == (4, 49, 5)
    for width in (20, 39, 40, 80, 160):
        assert cell_len(texts(table.line(7, width))) == width
        assert cell_len(texts(table.header(width))) == width


def test_a_row_gives_its_mark_and_its_text_with_no_hole():
    table = filled()
    assert table.mark(4) is Mark.FAIL
    assert table.text(7) == "7 line 7 more"
    table.row = lambda row: Row((Cell(""), Cell("a\x1bb"), Cell("  ")))
    assert table.text(0) == "a·b"


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["10", "9", "1"], ["1", "9", "10"]),
        (["b", "A", "c"], ["A", "b", "c"]),
        (["10.0.0.10", "10.0.0.9"], ["10.0.0.9", "10.0.0.10"]),
        (["x", "", "1"], ["", "1", "x"]),
        (["1:20", "0:300"], ["0:300", "1:20"]),
        (["²", "2"], ["2", "²"]),
    ],
)
def test_numbers_sort_by_their_size_and_letters_in_any_case(texts, order):
    assert sorted(texts, key=natural) == order


async def test_any_column_sorts_both_ways_and_the_cursor_stays_on_its_row(alone, press):
    table = Table((Column("A", 4), Column("B", 4)), id="t")
    rows = [("x", "10"), ("y", "9"), ("z", "100")]
    async with alone(table).run_test(size=(20, 8)) as pilot:
        table.fill(3, lambda row: Row(tuple(map(Cell, rows[row]))), cursor=1)

        def seen():
            return [table.text(line) for line in range(3)]

        await press(pilot, "greater_than_sign greater_than_sign")
        assert seen() == ["y 9", "x 10", "z 100"]
        assert (table.cursor, table.at) == (0, 1)
        await press(pilot, "z")
        assert seen() == ["z 100", "x 10", "y 9"]
        assert (table.cursor, table.at) == (2, 1)
        assert "B▾" in "".join(cell.text for cell in table.header(20))
        table.point(0)
        assert table.cursor == 1
        await press(pilot, "greater_than_sign")  # behind the last column lies the order filled in
        assert seen() == ["x 10", "y 9", "z 100"]
        assert table.at == 0
        await press(pilot, "less_than_sign")
        assert seen()[0] == "y 9"
        table.show_columns((Column("A", 4),))
        await press(pilot, "")
        assert seen()[0] == "x 10"


async def test_a_click_on_a_title_sorts_and_the_next_turns(alone, press):
    table = Table((Column("A", 4), Column("B", 4)), id="t")
    async with alone(table).run_test(size=(20, 8)) as pilot:
        table.fill(2, lambda row: Row((Cell("x"), Cell(str(row)))))
        await pilot.click(table, offset=(6, 0))
        await press(pilot, "")
        assert (table.sorted_by, table.sorted_down) == (1, False)
        await pilot.click(table, offset=(6, 0))
        await press(pilot, "")
        assert [table.text(line) for line in range(2)] == ["x 1", "x 0"]
