"""The ways of a user through a case, by keyboard only."""

import json

import pytest
from textual.widgets import ContentSwitcher, Static

from analyzer.analysis import Options
from analyzer.capture.case import find_cases
from analyzer.tui.app import Keyshark
from analyzer.tui.chooser import Chooser
from analyzer.tui.fields import HIDDEN
from analyzer.tui.findings import Findings
from analyzer.tui.prompt import Confirm, Prompt
from analyzer.tui.screen import CaseScreen


def status(pilot):
    return str(pilot.app.screen.query_one("#status", Static).content)


def focus(pilot):
    return pilot.app.focused.id


async def test_the_whole_walk_by_keyboard(opened, press, lines):
    """Sessions, UE, ladder, keys, a MIKEY frame with its decrypted tab, a finding and its evidence."""
    async with opened("mtk_outside_window") as pilot:
        screen = pilot.app.screen
        assert (screen.pane, focus(pilot)) == ("sessions", "ues")
        await press(pilot, "enter")
        assert (screen.pane, focus(pilot)) == ("ue", "procedures")
        await press(pilot, "x")
        assert focus(pilot) == "ladder"
        await press(pilot, "right_square_bracket")
        assert focus(pilot) == "keys"
        await press(pilot, "slash")
        assert isinstance(pilot.app.screen, Prompt)
        await press(pilot, "M T K space 0 0 0 1 0 0 0 1 . enter")
        assert screen.ue.keys.text(screen.ue.keys.cursor).startswith("MTK 00010001.")
        await press(pilot, "enter")
        assert (screen.pane, focus(pilot)) == ("packets", "list")
        assert screen.packets.message.protocol == "mikey"
        assert screen.packets.inspector.tabs.titles == ("MIKEY", "KEMAC decrypted")
        await press(pilot, "right_square_bracket")
        assert any("mikey.key.data" in line for line in lines(screen.packets.inspector.outline))
        await press(pilot, "4")
        assert screen.query_one(Findings).judgement.rule == "MT-07"
        await press(pilot, "enter")
        assert screen.pane == "packets"
        (shown,) = {each.frame for each in screen.query_one(Findings).judgement.evidence}
        assert screen.packets.message.frame == shown
        for pane in ("findings", "packets", "ue"):
            await press(pilot, "escape")
            assert screen.pane == pane


async def test_numbers_go_to_panes_and_each_is_left_where_it_was(opened, press):
    async with opened("http_good") as pilot:
        screen = pilot.app.screen
        await press(pilot, "3 j j tab")
        assert focus(pilot) == "tree"
        for number, pane in enumerate(("sessions", "ue", "packets", "findings", "media"), 1):
            await press(pilot, str(number))
            assert screen.pane == pane
            assert screen.query_one("#panes", ContentSwitcher).current == pane
        await press(pilot, "3")
        assert focus(pilot) == "tree"
        assert screen.packets.list.cursor == 2


async def test_esc_on_the_first_pane_stays_where_there_is_no_list_of_cases(opened, press):
    async with opened("http_good") as pilot:
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, CaseScreen)


async def test_tab_goes_round_the_panes_and_backslash_maximises_one(opened, press):
    async with opened("http_good", keys="3") as pilot:
        screen = pilot.app.screen
        seen = []
        for _ in range(4):
            seen.append(focus(pilot))
            await press(pilot, "tab")
        assert seen[:3] == ["list", "tree", "octets"]
        screen.packets.list.focus()
        await press(pilot, "backslash")
        assert screen.maximized is screen.packets.list
        assert screen.query_one("#top").region.y == 0
        assert screen.packets.list.region.height == 24 - 3
        await press(pilot, "escape")
        assert screen.maximized is None
        await press(pilot, "backslash 4")
        assert screen.maximized is None


async def test_the_ladder_comes_to_the_message_under_the_cursor(opened, press):
    async with opened("mtk_outside_window", keys="4 x") as pilot:
        screen = pilot.app.screen
        assert (screen.pane, focus(pilot)) == ("ue", "ladder")
        assert screen.ue.ladder.arrow.title == "MTK"
        await press(pilot, "enter")
        assert screen.packets.message.frame == screen.ue.ladder.arrow.place[1]


async def test_raw_octets_of_an_arrow(opened, press):
    async with opened("http_good", keys="enter x r") as pilot:
        assert pilot.app.screen.pane == "packets"
        assert focus(pilot) == "octets"
        await press(pilot, "r")
        assert pilot.app.screen.packets.inspector.octets.as_text
        await press(pilot, "r escape")
        assert focus(pilot) == "ladder"


async def test_a_frame_number_is_gone_to(opened, press):
    async with opened("http_good") as pilot:
        screen = pilot.app.screen
        wanted = screen.found.messages[20]
        await press(pilot, "colon x enter")
        assert isinstance(pilot.app.screen, Prompt)  # what is no number is refused
        await press(pilot, "backspace " + " ".join(str(wanted.frame)) + " enter")
        assert screen.pane == "packets"
        assert screen.packets.message is wanted


async def test_time_is_shown_in_three_ways(opened, press):
    async with opened("http_good", keys="3 G") as pilot:
        screen = pilot.app.screen
        shown = []
        for _ in range(3):
            shown.append(screen.packets._row(screen.packets.list.cursor).cells[2].text)
            await press(pilot, "t")
        relative, utc, delta = shown
        assert utc.startswith("00:00:")
        assert delta.startswith("+")
        assert not relative.startswith("+")
        assert screen.ue.ladder.form == "relative"


async def test_keys_are_revealed_after_asking_once(opened, press, lines):
    async with opened("http_good", keys="enter 2") as pilot:
        screen = pilot.app.screen
        secret = next(key for key in screen.found.analysis.story.chain.keys if key.kind == "MSK").value.hex()

        def seen():
            return any(secret in line for line in lines(screen.ue.keys))

        assert not seen()
        await press(pilot, "K")
        assert isinstance(pilot.app.screen, Confirm)
        await press(pilot, "n")
        assert not seen()
        await press(pilot, "K y")
        assert seen()
        assert "K hides them" in status(pilot)
        await press(pilot, "K")
        assert not seen()
        await press(pilot, "K")  # asked once, not again
        assert seen()


async def test_revealed_keys_are_in_the_tree_of_a_decrypted_message(opened, press, lines):
    async with opened("http_good", keys="3") as pilot:
        screen = pilot.app.screen
        msk = next(m for m in screen.found.messages if screen.found.analysis.story.chain.opening(m))
        screen.packets.go((0, msk.frame))
        await press(pilot, "right_square_bracket")
        outline = screen.packets.inspector.outline
        assert any(HIDDEN in line for line in lines(outline))
        await press(pilot, "K y")
        assert not any(HIDDEN in line for line in lines(outline))
        assert screen.packets.inspector.octets.hidden == ()


async def test_the_report_is_saved_and_holds_no_key(opened, press, tmp_path):
    async with opened("http_good", keys="K y") as pilot:
        screen = pilot.app.screen
        path = tmp_path / "report.json"
        await press(pilot, "s")
        assert isinstance(pilot.app.screen, Prompt)
        pilot.app.screen.query_one("Input").value = str(path)
        await press(pilot, "enter")
        text = path.read_text()
        assert json.loads(text)["cases"][0]["name"] == "http_good"
        assert not any(key.value.hex() in text for key in screen.found.analysis.story.chain.keys)
        await press(pilot, "s")
        pilot.app.screen.query_one("Input").value = str(path)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Prompt)  # nothing is written over
        await press(pilot, "escape")


async def test_the_packets_that_pass_the_filter_are_saved(opened, press, tmp_path):
    path = tmp_path / "packets.txt"
    async with opened("http_good", keys="f m i k e y enter s") as pilot:
        pilot.app.screen.query_one("Input").value = str(path)
        await press(pilot, "enter")
        rows = pilot.app.screen.packets.rows
        assert len(path.read_text().splitlines()) == len(rows) + 1
        assert all("mikey" in line for line in path.read_text().splitlines()[1:])


async def test_what_cannot_be_written_is_told(opened, press, tmp_path):
    async with opened("http_good", keys="s") as pilot:
        pilot.app.screen.query_one("Input").value = str(tmp_path)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Prompt)


async def test_problems_are_stepped_through_in_packets(opened, press):
    async with opened("mtk_outside_window", keys="3 e") as pilot:
        packets = pilot.app.screen.packets
        assert packets.list.mark(packets.list.cursor).name == "FAIL"


async def test_reload_reads_again(opened, press, until):
    async with opened("http_good") as pilot:
        before = pilot.app.screen
        await press(pilot, "R")
        await until(pilot, lambda: isinstance(pilot.app.screen, CaseScreen) and pilot.app.screen is not before)


async def test_a_filter_is_typed_from_any_pane(opened, press):
    async with opened("http_good", keys="f7") as pilot:
        assert pilot.app.screen.pane == "packets"
        assert pilot.app.focused is pilot.app.screen.packets.filter.input
        await press(pilot, "escape 4 f")
        assert pilot.app.focused is pilot.app.screen.query_one(Findings).filter.input


async def test_esc_goes_back_to_the_list_of_cases(app, press, until):
    running = app("http_good", "sip_good")
    async with running.run_test() as pilot:
        assert isinstance(running.screen, Chooser)
        await press(pilot, "j enter")
        await until(pilot, lambda: isinstance(running.screen, CaseScreen))
        assert running.screen.found.analysis.report.name == "sip_good"
        await press(pilot, "3 escape escape")
        assert isinstance(running.screen, Chooser)


async def test_clicks_on_the_top_line_choose_panes(opened):
    async with opened("http_good") as pilot:
        await pilot.click("#top", offset=(len(" 1 Sessions  2 UE ") + 3, 0))
        await pilot.pause()
        assert pilot.app.screen.pane == "packets"


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (40, 10)])
async def test_every_pane_lives_on_small_and_large_terminals(opened, press, size):
    async with opened("http_good", size=size) as pilot:
        await press(pilot, "1 2 x right_square_bracket right_square_bracket 3 tab tab 4 tab 5")
        assert pilot.app.screen.pane == "media"
        await pilot.resize_terminal(100, 30)
        await pilot.resize_terminal(20, 6)
        await press(pilot, "1 2 3 4 5")


async def test_frames_of_several_captures_are_gone_to(until, press, tmp_path):
    merged = find_cases(["sample_pcaps/http_good", "sample_pcaps/two_ues"], merge=True)
    running = Keyshark(merged, Options(), "0.1.0")
    async with running.run_test() as pilot:
        await until(pilot, lambda: isinstance(running.screen, CaseScreen))
        await pilot.pause()
        wanted = next(m for m in running.screen.found.messages if m.payload.capture == 1)
        await press(pilot, "colon 2 colon 1 enter")
        assert isinstance(running.screen, Prompt)  # there is no capture 2
        await press(pilot, "ctrl+u 1 colon " + " ".join(str(wanted.frame)) + " enter")
        assert running.screen.packets.message is wanted
        await press(pilot, "1 2 3 4 5")
