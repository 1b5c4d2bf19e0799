"""Panes: each is left where it was, and Esc finds the way back."""

from textual.widgets import ContentSwitcher

from analyzer.tui.chooser import Chooser
from analyzer.tui.findings import Findings
from analyzer.tui.screen import CaseScreen


def focus(pilot):
    return pilot.app.focused.id


async def test_each_pane_is_left_where_it_was(opened, press):
    async with opened("http_good") as pilot:
        screen = pilot.app.screen
        await press(pilot, "escape")  # there is no list of cases to go back to
        assert pilot.app.screen is screen
        await press(pilot, "3 j j tab")
        assert focus(pilot) == "tree"
        for number, pane in enumerate(("sessions", "ue", "packets", "findings", "media"), 1):
            await press(pilot, str(number))
            assert screen.pane == pane
            assert screen.query_one("#panes", ContentSwitcher).current == pane
        await pilot.click("#top", offset=(len(" 1 Sessions  2 UE ") + 3, 0))
        await pilot.pause()
        assert screen.pane == "packets"
        assert focus(pilot) == "tree"
        assert screen.packets.list.cursor == 2
        await press(pilot, "4 f")
        assert pilot.app.focused is screen.query_one(Findings).filter.input
        await press(pilot, "escape 1 f7")
        assert screen.pane == "packets"
        assert pilot.app.focused is screen.packets.filter.input


async def test_tab_goes_round_and_backslash_maximises(opened, press):
    async with opened("http_good", keys="3") as pilot:
        screen = pilot.app.screen
        seen = []
        for _ in range(3):
            seen.append(focus(pilot))
            await press(pilot, "tab")
        assert seen == ["list", "tree", "octets"]
        screen.packets.list.focus()
        await press(pilot, "backslash")
        assert screen.maximized is screen.packets.list
        assert screen.query_one("#top").region.y == 0
        assert screen.packets.list.region.height == 24 - 3
        await press(pilot, "escape")
        assert screen.maximized is None
        await press(pilot, "backslash 4")
        assert screen.maximized is None


async def test_esc_goes_back_to_the_list_of_cases(app, press, until):
    running = app("http_good", "sip_good")
    async with running.run_test() as pilot:
        assert isinstance(running.screen, Chooser)
        await press(pilot, "j enter")
        await until(pilot, lambda: isinstance(running.screen, CaseScreen))
        assert running.screen.found.analysis.report.name == "sip_good"
        await press(pilot, "3 escape escape")
        assert isinstance(running.screen, Chooser)
