import pytest
from textual.binding import Binding

from analyzer.tui.keyline import KeyLine


@pytest.fixture
def made(alone):
    """An app with some keys, and the line of them."""

    class Keyed(alone):
        BINDINGS = (
            Binding("a", "note('a')", "First thing"),
            Binding("b,c", "note('b')", "Second thing"),
            Binding("d", "note('d')", "Hidden", show=False),
        )
        done = ""

        def action_note(self, key):
            self.done += key

    line = KeyLine()
    return line, Keyed(line)


async def test_each_action_that_is_shown_is_told_once_and_the_palette_last(made):
    line, app = made
    async with app.run_test(size=(60, 3)) as pilot:
        await pilot.pause()
        told = line.render().plain
        assert told.index("a First thing") < told.index("b Second thing") < told.index("^p palette")
        assert "c Second" not in told
        assert "Hidden" not in told
        assert told.endswith("^p palette")
        assert len(told) == 58


async def test_keys_that_do_not_fit_are_left_out_whole(made):
    line, app = made
    async with app.run_test(size=(30, 3)) as pilot:
        await pilot.pause()
        assert line.render().plain == "a First thing     ^p palette"
        await pilot.resize_terminal(8, 3)
        assert line.render().plain == ""


async def test_a_click_presses_the_key(made):
    line, app = made
    async with app.run_test(size=(60, 3)) as pilot:
        await pilot.pause()
        for column in (1, line.render().plain.index("Second") + 1, 35):
            await pilot.click(line, offset=(column, 0))
        await pilot.pause()
        assert app.done == "ab"


async def test_the_keys_follow_the_focus(opened, press):
    async with opened("http_good", keys="3") as pilot:
        line = pilot.app.screen.query_one(KeyLine)
        on_list = line.render().plain
        assert "F Follow" in on_list
        await press(pilot, "f")
        assert "F Follow" not in line.render().plain
        assert "/ Find" not in line.render().plain  # that is typed there
        assert "Leave" in line.render().plain
        await press(pilot, "escape")
        assert line.render().plain == on_list
