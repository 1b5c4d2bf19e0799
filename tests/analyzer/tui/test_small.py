import random

from analyzer.tui.screen import CaseScreen
from analyzer.tui.small import Small


async def test_a_terminal_that_is_too_small_says_so_and_is_well_again_when_it_grows(opened, press):
    async with opened("http_good") as pilot:
        for size in ((39, 24), (80, 9), (20, 6), (1, 1)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            (told,) = pilot.app.screen.query(Small)
            assert f"{size[0]}×{size[1]} is too small" in str(told.content)
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert not pilot.app.screen.query(Small)
        await press(pilot, "1 2 3 4 5")
        assert pilot.app.screen.pane == "media"


async def test_q_quits_there_too(opened, press):
    async with opened("http_good") as pilot:
        await pilot.resize_terminal(20, 6)
        await pilot.press("q")
        assert pilot.app._exit


async def test_a_storm_of_resizes_costs_nothing(opened, press):
    chance = random.Random(6)
    async with opened("http_good", keys="enter x") as pilot:
        for _ in range(60):
            await pilot.resize_terminal(chance.randint(1, 200), chance.randint(1, 60))
            if chance.random() < 0.3:
                await pilot.press(chance.choice(("1", "2", "3", "4", "5", "x", "j", "plus", "minus", "backslash")))
        await pilot.resize_terminal(80, 24)
        await press(pilot, "5 1")
        assert isinstance(pilot.app.screen, CaseScreen)
        assert pilot.app.screen.pane == "sessions"
        assert not pilot.app.screen.query(Small)


async def test_a_terminal_that_is_too_small_from_the_start_is_told(app, until):
    running = app("http_good")
    async with running.run_test(size=(30, 8)) as pilot:
        await until(pilot, lambda: isinstance(running.screen, CaseScreen) and running.screen.query(Small))
        shown = running.screen.query_one(Small)
        assert shown.region.size == (30, 8)
        assert running.screen.get_widget_at(0, 0)[0] is shown
        assert running.screen.get_widget_at(0, 7)[0] is shown
