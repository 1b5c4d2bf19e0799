"""The ways of a user through a case, by keyboard only."""

import json

from textual.widgets import Static

from analyzer.analysis import analyse
from analyzer.capture.case import find_cases
from analyzer.tui.cells import Mark
from analyzer.tui.fields import HIDDEN
from analyzer.tui.findings import Findings
from analyzer.tui.model import index
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
        assert screen.packets.list.mark(screen.packets.list.cursor) is Mark.FAIL
        await press(pilot, "x")
        assert (screen.pane, focus(pilot)) == ("ue", "ladder")
        assert screen.ue.ladder.arrow.title == "MTK"
        assert screen.ue.ladder.arrow.place == (0, shown)
        for pane in ("packets", "findings", "packets", "ue"):
            await press(pilot, "escape")
            assert screen.pane == pane


async def test_problems_are_stepped_through_and_lead_to_findings(opened, press):
    async with opened("mtk_outside_window", keys="3 e") as pilot:
        screen = pilot.app.screen
        assert screen.packets.list.mark(screen.packets.list.cursor) is Mark.FAIL
        await press(pilot, "tab")
        assert screen.packets.inspector.outline.text(0).startswith("✗ MT-07")
        await press(pilot, "g enter")
        assert screen.pane == "findings"
        assert screen.query_one(Findings).judgement.rule == "MT-07"


async def test_raw_octets_frames_by_number_and_times(opened, press):
    async with opened("http_good", keys="enter x r") as pilot:
        screen = pilot.app.screen
        assert screen.pane == "packets"
        assert focus(pilot) == "octets"
        await press(pilot, "r")
        assert screen.packets.inspector.octets.as_text
        await press(pilot, "r escape")
        assert focus(pilot) == "ladder"
        wanted = screen.found.messages[20]
        await press(pilot, "colon x enter")
        assert isinstance(pilot.app.screen, Prompt)  # what is no number is refused
        await press(pilot, "backspace " + " ".join(str(wanted.frame)) + " enter")
        assert screen.pane == "packets"
        assert screen.packets.message is wanted
        shown = []
        for _ in range(3):
            shown.append(screen.packets.list.message_row(screen.packets.list.cursor).cells[2].text)
            await press(pilot, "t")
        relative, utc, delta = shown
        assert utc.startswith("00:00:")
        assert delta.startswith("+")
        assert not relative.startswith("+")
        assert screen.ue.ladder.form == "relative"


async def test_keys_are_revealed_after_asking_once(opened, press, lines):
    async with opened("http_good", keys="enter 2") as pilot:
        screen = pilot.app.screen
        chain = screen.found.analysis.story.chain
        secret = next(key for key in chain.keys if key.kind == "MSK").value.hex()
        screen.packets.go((0, next(m for m in screen.found.messages if chain.opening(m)).frame))
        await pilot.pause()
        plaintext = screen.packets.inspector
        plaintext.tabs.step(1)

        def seen():
            in_tree = not any(HIDDEN in line for line in lines(plaintext.outline))
            assert in_tree == (plaintext.octets.hidden == ())
            assert in_tree == any(secret in line for line in lines(screen.ue.keys))
            return in_tree

        await pilot.pause()
        assert plaintext.title == "KEMAC decrypted"
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


async def test_what_is_saved_holds_no_key_and_overwrites_nothing(opened, press, tmp_path):
    async with opened("http_good", keys="K y") as pilot:
        screen = pilot.app.screen

        async def save(path):
            await press(pilot, "s")
            pilot.app.screen.query_one("Input").value = str(path)
            await press(pilot, "enter")
            return not isinstance(pilot.app.screen, Prompt)

        path = tmp_path / "report.json"
        assert await save(path)
        text = path.read_text()
        assert json.loads(text)["cases"][0]["name"] == "http_good"
        assert not any(key.value.hex() in text for key in screen.found.analysis.story.chain.keys)
        assert not await save(path)  # it is there
        assert path.read_text() == text
        await press(pilot, "escape")
        assert not await save(tmp_path)  # a folder
        await press(pilot, "escape f m i k e y enter")
        path = tmp_path / "packets.txt"
        assert await save(path)
        assert len(path.read_text().splitlines()) == len(screen.packets.listed) + 1
        assert all("mikey" in line for line in path.read_text().splitlines()[1:])
        await press(pilot, "x")
        path = tmp_path / "ladder.svg"
        assert await save(path)
        assert path.read_text().startswith("<svg")


async def test_reload_reads_again(opened, press):
    async with opened("http_good") as pilot:
        before = pilot.app.screen
        await press(pilot, "R")
        assert isinstance(pilot.app.screen, CaseScreen)
        assert pilot.app.screen is not before


async def test_every_pane_lives_on_small_and_large_terminals(opened, press):
    async with opened("http_good") as pilot:
        for size in ((160, 45), (100, 30), (40, 10), (20, 6)):
            await pilot.resize_terminal(*size)
            await press(pilot, "1 2 x right_square_bracket right_square_bracket 3 tab shift+tab 4 tab shift+tab 5")
            assert pilot.app.screen.pane == "media"


async def test_frames_of_several_captures_are_gone_to(ready, press):
    (merged,) = find_cases(["sample_pcaps/http_good", "sample_pcaps/two_ues"], merge=True)
    running = ready(index(analyse(merged)))
    async with running.run_test() as pilot:
        await pilot.pause()
        wanted = next(m for m in running.screen.found.messages if m.payload.capture == 1)
        await press(pilot, "colon 2 colon 1 enter")
        assert isinstance(running.screen, Prompt)  # there is no capture 2
        await press(pilot, "ctrl+u 1 colon " + " ".join(str(wanted.frame)) + " enter")
        assert running.screen.packets.message is wanted
        await press(pilot, "1 2 3 4 5")
