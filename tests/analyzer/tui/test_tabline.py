from analyzer.tui.tabline import TabLine


async def test_tabs_step_round_and_take_clicks(alone):
    line = TabLine(("one", "two", "three"))
    async with alone(line).run_test(size=(40, 3)) as pilot:
        line.step(-1)
        assert line.active == 2
        line.step(1)
        assert line.active == 0
        await pilot.click(line, offset=(7, 0))
        assert line.active == 1
        await pilot.click(line, offset=(39, 0))
        assert line.active == 1


async def test_the_note_is_cut_and_the_titles_are_safe(alone):
    line = TabLine(("a\x1b[2J",))
    line.note = "a long note that has no room"
    async with alone(line).run_test(size=(20, 3)):
        assert line.render().plain == " a·[2J  a long note…"


async def test_no_tabs_are_no_trouble(alone):
    line = TabLine()
    async with alone(line).run_test(size=(20, 3)) as pilot:
        line.step(1)
        await pilot.click(line, offset=(1, 0))
        assert line.active == 0
