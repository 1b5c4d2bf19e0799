from rich.cells import cell_len

from analyzer.tui.cells import Cell, Mark, Row
from analyzer.tui.table import Column, Table

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
