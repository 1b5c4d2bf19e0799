import pytest
from textual import events
from textual.app import App
from textual.widgets import Input, Label

from analyzer.tui.prompt import Confirm, Prompt


def wrong(text):
    return "" if text.isdigit() else "a number is wanted"


async def asked(screen, *keys):
    answers = []
    app = App()
    async with app.run_test() as pilot:
        app.push_screen(screen, answers.append)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    return answers


@pytest.mark.parametrize(
    ("keys", "answers"),
    [(("1", "2", "enter"), ["12"]), (("x", "enter"), []), (("enter",), [None]), (("1", "escape"), [None])],
)
async def test_an_answer_is_given_when_it_is_right(keys, answers):
    assert await asked(Prompt("frame", "", wrong), *keys) == answers


async def test_what_is_wrong_is_said_as_it_is_typed():
    app = App()
    async with app.run_test() as pilot:
        app.push_screen(Prompt("frame", "7", wrong))
        await pilot.pause()
        assert app.screen.query_one(Input).value == "7"
        await pilot.press("end", "x")
        await pilot.pause()
        assert str(app.screen.query_one("#wrong", Label).content) == "✗ a number is wanted"


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False)])
async def test_yes_and_no(key, answer):
    assert await asked(Confirm("Sure?"), key) == [answer]


@pytest.mark.parametrize("proposal", ["", "before"])
async def test_what_is_typed_at_once_is_not_lost(proposal):
    """Keys that come before the line is there to take them, as from a fast hand on a busy machine."""
    answers = []
    app = App()
    async with app.run_test() as pilot:
        app.push_screen(Prompt("find", proposal), answers.append)
        for key in "MTK":
            app.post_message(events.Key(key, key))
        await pilot.pause()
        assert app.screen.query_one(Input).value == "MTK"
        await pilot.press("1", "enter")
    assert answers == ["MTK1"]
