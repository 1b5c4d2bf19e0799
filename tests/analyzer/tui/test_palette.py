from textual.command import CommandPalette

from analyzer.tui.palette import Commands


async def test_every_key_that_works_here_is_a_command_with_a_name(opened):
    async with opened("http_good", keys="3") as pilot:
        provider = Commands(pilot.app.screen)
        names = {hit.text async for hit in provider.discover()}
        for words in (
            "Follow  (F)",
            "Filter  (f F7)",
            "Ladder  (x)",
            "Reveal keys  (K)",
            "Next failure  (e)",
            "Quit  (Ctrl+Q q)",
        ):
            assert any(words in name for name in names), (words, names)


async def test_a_command_does_what_its_key_does(opened, press):
    async with opened("http_good") as pilot:
        screen = pilot.app.screen
        await press(pilot, "ctrl+p")
        assert isinstance(pilot.app.screen, CommandPalette)
        await pilot.press(*"go to findings")
        await pilot.pause(0.5)
        await pilot.press("down", "enter")
        await pilot.pause(0.5)
        assert pilot.app.screen is screen
        assert screen.pane == "findings"
