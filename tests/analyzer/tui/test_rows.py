from analyzer.tui.cells import Cell, Mark, Row
from analyzer.tui.rows import Rows
from analyzer.tui.table import Column, Table

COLUMNS = (Column("No.", 4, right=True), Column("What", 6, share=1))


def filled(count=100):
    table = Table(COLUMNS, "Nothing here: try elsewhere.")
    table.row = lambda row: Row((Cell(str(row)), Cell(f"line {row}")), Mark(row % 5))
    return table, count


async def test_moves_stay_within_the_list(alone):
    table, count = filled()
    app = alone(table)
    async with app.run_test(size=(40, 11)) as pilot:
        table.fill(count, table.row)
        await pilot.press("k")
        assert table.cursor == 0
        await pilot.press("j", "down")
        assert table.cursor == 2
        await pilot.press("G")
        assert table.cursor == 99
        await pilot.press("j")
        assert table.cursor == 99
        await pilot.press("pageup", "ctrl+b")
        assert table.cursor == 99 - 2 * 9
        await pilot.press("g")
        assert table.cursor == 0
        await pilot.press("ctrl+f")
        assert table.cursor == 9


async def test_problem_keys_go_to_fails_and_to_advice_and_inconc(alone):
    table, count = filled()
    async with alone(table).run_test(size=(40, 11)) as pilot:
        table.fill(count, table.row)
        await pilot.press("e")
        assert table.cursor == 4
        await pilot.press("e", "E")
        assert table.cursor == 4
        await pilot.press("w", "w")
        assert table.cursor == 8
        await pilot.press("W")
        assert table.cursor == 7
        await pilot.press("g", "E")
        assert table.cursor == 0  # nothing before: it stays, and says so


async def test_the_cursor_stays_in_view_and_the_header_on_top(alone):
    table, count = filled()
    app = alone(table)
    async with app.run_test(size=(40, 11)) as pilot:
        table.fill(count, table.row)
        await pilot.press("G")
        await pilot.pause()
        assert "What" in table.render_line(0).text
        assert "line 99" in table.render_line(10).text


async def test_an_empty_list_says_why_and_what_to_do(alone):
    table, _ = filled()
    async with alone(table).run_test(size=(20, 6)) as pilot:
        table.fill(0, table.row)
        await pilot.pause()
        shown = " ".join(table.render_line(y).text.strip() for y in range(1, 5)).split()
        assert " ".join(shown) == "Nothing here: try elsewhere."
        await pilot.press("j", "G", "enter", "e")  # nothing to move to, and no crash
        assert table.cursor == 0


async def test_a_list_that_shrinks_keeps_its_cursor_inside(alone):
    table, count = filled()
    async with alone(table).run_test(size=(40, 11)) as pilot:
        table.fill(count, table.row)
        await pilot.press("G")
        table.fill(3, table.row, 50)
        assert table.cursor == 2


async def test_find_looks_at_the_text_of_lines_in_any_case(alone):
    table, count = filled()
    async with alone(table).run_test(size=(40, 11)):
        table.fill(count, table.row)
        assert table.find("LINE 42", 1)
        assert table.cursor == 42
        assert not table.find("line 42", 1)
        assert not table.find("line 99", -1)
        assert table.find("line 40", -1)
        assert table.cursor == 40


async def test_a_click_moves_and_a_second_one_opens(alone):
    table, count = filled()
    chosen = set()

    def listen(event):
        if isinstance(event, Rows.Chosen):
            chosen.add(event.rows.cursor)

    async with alone(table).run_test(size=(40, 11), message_hook=listen) as pilot:
        table.fill(count, table.row)
        await pilot.click(table, offset=(3, 4))
        assert table.cursor == 3
        assert not chosen
        await pilot.click(table, offset=(3, 4))
        assert chosen == {3}
