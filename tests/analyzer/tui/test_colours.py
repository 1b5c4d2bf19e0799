import pytest
from rich.style import Style

from analyzer.comparing import FilterError
from analyzer.config import Colour
from analyzer.tui.cells import TONES, Mark
from analyzer.tui.colours import DEFAULT, Colours, tone, wrong
from analyzer.tui.packets import Packets


def of(found, protocol):
    return next(message for message in found("http_good").messages if message.protocol == protocol)


def test_what_is_wrong_with_a_message_comes_before_what_it_is(found, at_the_root):
    colours = Colours()
    assert colours.tone(of(found, "sip"), "fail") == "bad"
    assert colours.tone(of(found, "sip"), "advice") == "warn"
    assert colours.tone(of(found, "sip"), "pass") == "primary"
    assert colours.tone(of(found, "mikey"), "") == "accent"
    assert colours.tone(of(found, "http"), "") == "secondary"
    assert colours.tone(of(found, "diameter"), "inconc") == ""


def test_rules_of_a_user_come_before_all(found, at_the_root):
    own = (Colour('sip.Method == "INVITE"', "none"), Colour("diameter", "red", "white"), Colour("mikey.rand", "good"))
    colours = Colours(own)
    assert colours.tone(of(found, "sip"), "fail") == ""
    assert colours.tone(of(found, "diameter"), "fail") == "red on white"
    assert colours.tone(of(found, "mikey"), "") == "good"


def test_the_rules_that_there_are_are_none_but_tones():
    assert {rule.colour for rule in DEFAULT} <= set(TONES)
    assert all(wrong(rule) == "" for rule in DEFAULT)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Colour("sip", "#ff8800", "blue"), ""),
        (Colour("sip", "none", ""), ""),
        (Colour("sip", "none", "#000000"), ""),
        (Colour("sipp", "red"), "filter: no field or protocol is called 'sipp'"),
        (Colour("sip ==", "red"), "filter: the end where a value is expected"),
        (Colour("sip", "reddish"), "'reddish' is no colour"),
        (Colour("sip", "bad", "white"), "'bad on white' is no colour"),
    ],
)
def test_a_rule_that_cannot_be_used_says_why(rule, told):
    found = wrong(rule)
    assert found.startswith(told)
    assert bool(found) is bool(told)
    if not told and rule.colour not in TONES:
        Style.parse(tone(rule))


def test_a_filter_that_is_none_is_an_error():
    with pytest.raises(FilterError):
        Colours((Colour("(", "red"),))


async def test_lines_have_their_colours_and_signs_stay(paned):
    async with paned(Packets, "mtk_outside_window") as (pane, _):
        rows = [pane.list.row(row) for row in range(pane.list.count)]
        assert {row.cells[6].tone for row in rows if row.mark is Mark.FAIL} == {"bad"}
        assert {row.cells[0].tone for row in rows if row.mark is Mark.FAIL} == {"bad"}
        sip = [row for row in rows if row.cells[5].text == "SIP" and row.mark is Mark.PASS]
        assert {(row.cells[0].tone, row.cells[5].tone) for row in sip} == {("good", "primary")}
        pane.paint(Colours((Colour("sip", "#ff8800"),)))
        place = next(row for row in range(pane.list.count) if pane.list.row(row).cells[5].text == "SIP")
        strip = pane.list._strip(pane.list.line(place, 80), 80, Style())
        assert any(segment.style.color and segment.style.color.name == "#ff8800" for segment in strip)


@pytest.mark.parametrize("theme", ["high-contrast", "ansi-dark", "ansi-light", "textual-light"])
async def test_tones_are_told_apart_in_every_theme(opened, theme):
    async with opened("http_good", keys="3") as pilot:
        pilot.app.theme = theme
        await pilot.pause()
        table = pilot.app.screen.packets.list
        colours = {
            name: table._tone(name, table.rich_style).color for name in ("bad", "accent", "primary", "secondary")
        }
        assert len(set(colours.values())) == len(colours)
