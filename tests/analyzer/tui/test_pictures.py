"""Each screen as it is drawn, small and large, against the picture that was looked at and found good.

After a change that is meant: `pytest tests/analyzer/tui/test_pictures.py --snapshot-update`, and look at what it wrote.
"""

from dataclasses import replace
from functools import cache
from importlib.metadata import version

import pytest
from textual.widgets import Input

from analyzer.analysis import Options, analyse
from analyzer.capture.case import find_cases
from analyzer.tui.model import index

TAKEN_WITH = "8.2."  # textual draws its own parts a little differently from release to release
RULES = Options(select=("MS-0", "MT-0", "SR-0"))  # so that a rule more, of another procedure, changes no picture
SIZES = ((80, 24), (160, 45))
SCREENS = {
    "sessions": "",
    "ladder": "enter x j j",
    "keys": "enter x right_square_bracket",
    "packets": "3 slash M S K enter tab j j",
    "decrypted": "3 slash M S K enter right_square_bracket tab j",
    "findings": "4 j",
    "media": "5",
    "help": "question_mark",
    "frame": "colon",
    "reveal": "K",
}

pytestmark = pytest.mark.skipif(
    not version("textual").startswith(TAKEN_WITH), reason=f"the pictures were taken with textual {TAKEN_WITH}x"
)


@cache
def of(name):
    (files,) = find_cases([f"sample_pcaps/{name}"])
    analysis = analyse(files, RULES)
    return index(replace(analysis, keyring=replace(analysis.keyring, warnings=())))


@pytest.fixture(scope="module")
def case():
    return of("http_good")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("screen", SCREENS)
def test_screen(snap_compare, ready, press, case, screen, size):
    async def walk(pilot):
        await press(pilot, SCREENS[screen])
        for line in pilot.app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause()

    assert snap_compare(ready(case), terminal_size=size, run_before=walk)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_all_frames(snap_compare, ready, press, until, case, size):
    async def walk(pilot):
        await press(pilot, "3 a")
        packets = pilot.app.screen.packets
        await until(pilot, lambda: packets.roll.frames.over and packets.frames.count == packets.roll.frames.count)
        await until(pilot, lambda: not packets.roll.is_busy and packets.frames.told == packets.roll.told())
        await pilot.pause()
        packets.go((0, 48))
        packets.look_into()
        await pilot.pause(0.5)  # the list and the pane beside it both speak, and either may be the last
        pilot.app.screen.refresh_bindings()
        pilot.app.screen._say("")
        await pilot.pause()

    assert snap_compare(ready(case), terminal_size=size, run_before=walk)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_list_of_cases(snap_compare, app, until, size):
    async def walk(pilot):
        await until(pilot, lambda: len(pilot.app.screen.known) == 2)
        await pilot.pause()

    assert snap_compare(app("http_good", "mtk_outside_window", options=RULES), terminal_size=size, run_before=walk)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_diagnosis(snap_compare, ready, press, size):
    async def walk(pilot):
        await press(pilot, "enter right_square_bracket right_square_bracket right_square_bracket j")
        await pilot.pause()

    assert snap_compare(ready(of("refused_b_tid_repeated")), terminal_size=size, run_before=walk)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_timeline(snap_compare, ready, press, size):
    async def walk(pilot):
        await press(pilot, "enter right_square_bracket right_square_bracket G")
        await pilot.pause()

    assert snap_compare(ready(of("missed_update")), terminal_size=size, run_before=walk)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("columns", "3 C j space"),
        ("diff", "3 slash M S K enter space n space D"),
        ("statistics", "S right_square_bracket"),
        ("sorted", "3 greater_than_sign greater_than_sign greater_than_sign greater_than_sign z"),
    ],
    ids=lambda value: value if " " not in value else "",
)
def test_ways_to_show_packets(snap_compare, ready, press, case, name, keys, size):
    async def walk(pilot):
        await press(pilot, keys)
        await pilot.pause()

    assert snap_compare(ready(case), terminal_size=size, run_before=walk)
