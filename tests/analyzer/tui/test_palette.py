from textual.command import CommandPalette

from analyzer.tui.palette import Commands


async def test_every_key_that_works_here_is_a_command_that_does_what_the_key_does(opened, press, until):
    async with opened("http_good", keys="3") as pilot:
        screen = pilot.app.screen
        names = {hit.text async for hit in Commands(screen).discover()}
        for words in (
            "Follow  (F)",
            "Filter  (f F7)",
            "Ladder  (x)",
            "Reveal keys  (K)",
            "Next failure  (e)",
            "Quit  (Ctrl+Q q)",
        ):
            assert any(words in name for name in names), (words, names)
        assert not any("Scroll" in name or "Page Left" in name for name in names)  # textual's, without use here
        await press(pilot, "ctrl+p")
        palette = pilot.app.screen
        assert isinstance(palette, CommandPalette)
        palette.query_one("CommandInput").value = "go to findings"
        await until(pilot, lambda: palette.query_one("CommandList").option_count == 1)
        await pilot.press("down", "enter")
        await until(pilot, lambda: pilot.app.screen is screen and screen.pane == "findings")
