import pytest
from textual.app import App

from analyzer.tui.cells import Cell, Row
from analyzer.tui.prompt import Prompt
from analyzer.tui.search import Search
from analyzer.tui.table import Column, Table

LINES = ("SIP INVITE", "MIKEY MSK", "SIP 200", "MIKEY MTK", "HTTP 200")


class Listed(Search):
    """A screen with one list."""

    def compose(self):
        yield Table([Column("What", 20)])

    def on_mount(self):
        self.query_one(Table).fill(len(LINES), lambda row: Row((Cell(LINES[row]),)))


@pytest.fixture
def listed():
    class Listing(App):
        def get_default_screen(self):
            return Listed()

    return Listing()


async def test_a_line_is_copied(listed, press):
    async with listed.run_test() as pilot:
        await press(pilot, "j y")
        assert listed.clipboard == "MIKEY MSK"


async def test_find_asks_and_goes_on_and_back(listed, press):
    async with listed.run_test() as pilot:
        rows = listed.screen.rows
        await press(pilot, "n")
        assert isinstance(listed.screen, Prompt)  # nothing was sought yet
        await press(pilot, "m i k e y enter")
        assert rows.cursor == 1
        await press(pilot, "n")
        assert rows.cursor == 3
        await press(pilot, "N")
        assert rows.cursor == 1
        await press(pilot, "G n")
        assert rows.cursor == 4
        assert "'mikey' is not below in this list" in [note.message for note in listed._notifications]
        await press(pilot, "slash")
        assert listed.screen.value == "mikey"  # what was sought is offered again
        await press(pilot, "ctrl+u I N V enter N")
        assert rows.cursor == 0
