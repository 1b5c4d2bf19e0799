import pytest
from textual import events

from analyzer.tui.app import Keyshark
from analyzer.tui.chooser import Chooser
from analyzer.tui.panes import PaneScreen
from analyzer.tui.screen import CaseScreen


async def test_one_case_is_opened_and_several_are_listed(app, until):
    one = app("http_good")
    async with one.run_test() as pilot:
        await until(pilot, lambda: isinstance(one.screen, CaseScreen))
        await pilot.pause()
    several = app("http_good", "sip_good")
    async with several.run_test() as pilot:
        assert isinstance(several.screen, Chooser)
        await pilot.press("ctrl+q")
        assert several._exit


async def test_the_theme_is_chosen_from_a_list_and_q_quits(opened, press):
    async with opened("http_good", keys="T") as pilot:
        assert type(pilot.app.screen).__name__ == "CommandPalette"
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, CaseScreen)
        await pilot.press("q")
        assert pilot.app._exit


def test_no_key_is_bound_twice_on_one_screen():
    from analyzer.tui.search import Search

    keys = [
        key.strip()
        for bindings in (Keyshark.BINDINGS, Search.BINDINGS, PaneScreen.BINDINGS, CaseScreen.BINDINGS)
        for binding in bindings
        for key in binding.key.split(",")
    ]
    assert sorted(keys) == sorted(set(keys))


async def test_light_dark_and_sixteen_colours_draw_every_pane(opened, press):
    async with opened("http_good") as pilot:
        for theme in ("textual-light", "textual-dark", "ansi-dark"):
            pilot.app.theme = theme
            await press(pilot, "1 2 3 4 5")
            assert pilot.app.screen.pane == "media"


@pytest.mark.parametrize(
    ("keys", "came_to"),
    [
        ("colon 8 8 enter", lambda screen: screen.packets.place == (0, 88)),
        ("3 slash M T K enter", lambda screen: screen.packets.place == (0, 46)),
        ("f s i p enter", lambda screen: screen.packets.filter.applied == "sip" and screen.packets.place == (0, 11)),
        ("4 f f a i l", lambda screen: screen.query_one("#findings FilterInput").value == "fail"),
    ],
)
async def test_a_fast_hand_loses_no_key(opened, until, keys, came_to):
    """All keys are there at once, as what is pasted, or typed while the machine is busy."""
    async with opened("http_good") as pilot:
        for name in keys.split():
            pilot.app.post_message(events.Key(name, None if len(name) > 1 else name))
        screen = pilot.app.screen
        await until(pilot, lambda: pilot.app.screen is screen and came_to(screen))


async def test_who_quits_while_a_case_is_put_on_the_screen_sees_no_failure(ready, found):
    app = ready(found("http_good"))
    async with app.run_test():
        app.exit()
    assert app.return_code == 0


def test_a_verdict_and_a_name_differ_in_colour_under_every_theme():
    themes = Keyshark([None], None, "0.1.0").available_themes
    assert {name for name, theme in themes.items() if theme.accent == theme.success} == set()
