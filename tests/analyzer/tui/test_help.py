from textual.binding import Binding

from analyzer.tui.help import Help, help_lines, keys_text
from analyzer.tui.page import Page


def test_keys_read_as_on_a_keyboard():
    assert keys_text("question_mark,f1") == "? F1"
    assert keys_text("ctrl+b,pageup") == "Ctrl+B PgUp"
    assert keys_text("g,G,f") == "g G f"


def test_every_binding_with_a_name_is_told():
    told = [cell.text for cell in help_lines([("Part", [Binding("x", "do", "Do it"), Binding("y", "no")])])]
    assert told[:2] == ["Part", "  x                  Do it"]
    assert not any(line.startswith("  y") for line in told)
    assert any("inconc" in line for line in told)


async def test_the_page_opens_over_any_screen_and_closes(opened, press, lines):
    async with opened("http_good") as pilot:
        below = pilot.app.screen
        for key in ("question_mark", "f1"):
            await press(pilot, key)
            assert isinstance(pilot.app.screen, Help)
            told = lines(pilot.app.screen.query_one(Page))
            for words in ("Reveal keys", "Ladder", "Follow", "Next failure", "Unfold", "Maximise", "Command palette"):
                assert any(words in line for line in told), words
            await press(pilot, "escape")
            assert pilot.app.screen is below
