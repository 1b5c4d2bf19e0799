import pytest

from analyzer.tui.prompt import Prompt
from analyzer.tui.screen import CaseScreen


async def test_a_line_is_copied(opened, press):
    async with opened("http_good", keys="3 y") as pilot:
        message = pilot.app.screen.packets.message
        assert str(message.frame) in pilot.app.clipboard.split()
        assert message.payload.src in pilot.app.clipboard


@pytest.mark.parametrize(("pane", "text"), [("3", "mikey"), ("4", "mt-"), ("5", "srtcp")])
async def test_find_goes_on_and_back_in_a_list(opened, press, pane, text):
    async with opened("http_good", keys=f"{pane} slash {' '.join(text).replace('-', 'minus')} enter") as pilot:
        rows = pilot.app.screen.rows
        first = rows.cursor
        assert text in rows.text(first).casefold()
        await press(pilot, "n")
        assert rows.cursor > first
        assert text in rows.text(rows.cursor).casefold()
        await press(pilot, "N")
        assert rows.cursor == first
        await press(pilot, "G n")
        assert isinstance(pilot.app.screen, CaseScreen)  # nothing below: it says so and stays
        assert rows.cursor == rows.count - 1


async def test_find_next_asks_where_nothing_was_sought(opened, press):
    async with opened("http_good", keys="3 n") as pilot:
        assert isinstance(pilot.app.screen, Prompt)
        await press(pilot, "M I K E Y enter")
        first = pilot.app.screen.packets.list.cursor
        await press(pilot, "n")
        second = pilot.app.screen.packets.list.cursor
        await press(pilot, "N")
        assert pilot.app.screen.packets.list.cursor == first < second
