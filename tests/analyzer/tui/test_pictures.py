"""Each screen as it is drawn, small and large, against the picture that was looked at and found good.

After a change that is meant: `pytest tests/analyzer/tui/test_pictures.py --snapshot-update`, and look at what it wrote.
"""

import threading
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from textual.widgets import Input

from analyzer.analysis import Options, analyse
from analyzer.capture.case import find_cases
from analyzer.tui import folders, guard, loading, opendialog
from analyzer.tui.app import Keyshark
from analyzer.tui.chooser import Chooser
from analyzer.tui.frames import FrameTable
from analyzer.tui.ladder import Ladder
from analyzer.tui.loading import Loading, Progress
from analyzer.tui.model import index
from analyzer.tui.opendialog import OpenDialog
from analyzer.tui.state import Memory
from sample_pcaps.forge import pcap
from tests.analyzer.tui.conftest import ROOT

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


LIGHT = "textual-light"
PANES = {
    "sessions": "",
    "ladder": "enter x j j",
    "packets": "3 slash M S K enter tab j",
    "findings": "4",
    "media": "5",
}
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
panes = pytest.mark.parametrize("pane", PANES)


@cache
def of(name):
    (files,) = find_cases([f"sample_pcaps/{name}"])
    analysis = analyse(files, RULES)
    return index(replace(analysis, keyring=replace(analysis.keyring, warnings=())))


@pytest.fixture(scope="module")
def case():
    return of("http_good")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder of our own to be in: paths on the screens are relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found_in(path):
    (files,) = find_cases([str(path)])
    return index(analyse(files, RULES))


def taken(snap_compare, press, app, size, keys="", then=None):
    """Compare with the picture after some keys, without what blinks or goes away by itself."""

    async def walk(pilot):
        await pilot.pause()
        await press(pilot, keys)
        if then is not None:
            await then(pilot)
        app.clear_notifications()
        for line in app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause()

    return snap_compare(app, terminal_size=size, run_before=walk)


@sizes
@pytest.mark.parametrize("screen", SCREENS)
def test_screen(snap_compare, ready, press, case, screen, size):
    async def walk(pilot):
        await press(pilot, SCREENS[screen])
        for line in pilot.app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause()

    assert snap_compare(ready(case), terminal_size=size, run_before=walk)


@sizes
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
        pilot.app.screen.say("")
        await pilot.pause()

    assert snap_compare(ready(case), terminal_size=size, run_before=walk)


@sizes
def test_list_of_cases(snap_compare, app, until, size):
    async def walk(pilot):
        await until(pilot, lambda: len(pilot.app.screen.known) == 2)
        await pilot.pause()

    assert snap_compare(app("http_good", "mtk_outside_window", options=RULES), terminal_size=size, run_before=walk)


@sizes
def test_diagnosis(snap_compare, ready, press, size):
    async def walk(pilot):
        await press(pilot, "enter right_square_bracket right_square_bracket right_square_bracket j")
        await pilot.pause()

    assert snap_compare(ready(of("refused_b_tid_repeated")), terminal_size=size, run_before=walk)


@sizes
def test_timeline(snap_compare, ready, press, size):
    async def walk(pilot):
        await press(pilot, "enter right_square_bracket right_square_bracket G")
        await pilot.pause()

    assert snap_compare(ready(of("missed_update")), terminal_size=size, run_before=walk)


@sizes
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


@sizes
@panes
def test_a_good_case_in_light(snap_compare, ready, press, case, pane, size):
    app = ready(case)
    app.theme = LIGHT
    assert taken(snap_compare, press, app, size, PANES[pane])


@sizes
@panes
@pytest.mark.parametrize("theme", ["textual-dark", LIGHT], ids=["dark", "light"])
def test_a_faulty_case(snap_compare, ready, press, pane, size, theme):
    app = ready(of("packets_with_a_wrong_tag" if pane == "media" else "msk_of_mikey_version_2"))
    app.theme = theme
    assert taken(snap_compare, press, app, size, PANES[pane])


@sizes
@pytest.mark.parametrize("pane", [*PANES, "frames", "keys", "timeline", "diagnosis", "statistics"])
def test_an_empty_case(snap_compare, ready, press, until, elsewhere, pane, size):
    (elsewhere / "empty.pcap").write_bytes(pcap([]))
    others = {
        "frames": "3 a",
        "keys": "2 right_square_bracket",
        "timeline": "2 right_square_bracket right_square_bracket",
        "diagnosis": "2 left_square_bracket left_square_bracket",
        "statistics": "S",
    }
    app = ready(found_in("empty.pcap"))

    async def settle(pilot):
        if pane == "frames":
            packets = pilot.app.screen.packets
            await until(pilot, lambda: packets.roll.ended and packets.frames.told == packets.roll.told())

    assert taken(snap_compare, press, app, size, {**PANES, **others}[pane], settle)


@sizes
@pytest.mark.parametrize("theme", ["textual-dark", LIGHT], ids=["dark", "light"])
def test_loading(snap_compare, app, press, until, monkeypatch, size, theme):
    enough = threading.Event()
    monkeypatch.setattr(loading, "analyse", lambda *args: enough.wait(60))
    monkeypatch.setattr(loading, "pace", lambda *args: "12.0 MB of 36.0 MB · 8.0 MB/s · 3 s left")
    running = app("http_good")
    running.theme = theme

    async def read(pilot):
        table = running.screen.query_one(FrameTable)
        await until(pilot, lambda: table.roll.ended and table.count == table.roll.frames.count)
        assert isinstance(running.screen, Loading)
        running.screen.post_message(Progress(12, 36))
        await pilot.pause()
        running.screen.given_up.set()
        enough.set()

    assert taken(snap_compare, press, running, size, "", read)


@sizes
def test_a_list_with_a_file_that_is_no_capture(snap_compare, press, until, elsewhere, size):
    (elsewhere / "notes.pcap").write_text("no capture at all")
    (elsewhere / "good").symlink_to(ROOT / "sample_pcaps" / "http_good")
    running = Keyshark(find_cases(["good", "notes.pcap"]), RULES, "0.1.0")

    async def judged(pilot):
        await until(pilot, lambda: len(running.screen.known) == 2)
        assert isinstance(running.screen, Chooser)
        await press(pilot, "j")

    assert taken(snap_compare, press, running, size, "", judged)


@sizes
def test_a_capture_that_is_cut(snap_compare, ready, press, elsewhere, size):
    octets = (ROOT / "sample_pcaps" / "http_good" / "capture.pcapng").read_bytes()
    (elsewhere / "cut.pcapng").write_bytes(octets[:3000])
    assert taken(snap_compare, press, ready(found_in("cut.pcapng")), size)


@sizes
def test_a_pane_that_failed(snap_compare, ready, press, monkeypatch, case, size):
    words = guard.words
    report = Path("/home/user/.local/state/keyshark/keyshark-failure-1.txt")
    monkeypatch.setattr(guard, "CONTAINS", True)
    monkeypatch.setattr(guard, "keep", lambda text, folder: report)
    monkeypatch.setattr(guard, "words", lambda error, kept: words(type(error)(), kept))  # without the line that failed
    monkeypatch.setattr(Ladder, "line", lambda *args: {}["nothing"])
    assert taken(snap_compare, press, ready(case), size, "enter x")


@pytest.fixture
def captures(elsewhere, monkeypatch):
    """A folder of captures that lies at the same place on every machine."""
    octets = (ROOT / "sample_pcaps" / "http_good" / "capture.pcapng").read_bytes()
    (elsewhere / "first.pcapng").write_bytes(octets)
    (elsewhere / "notes.txt").write_text("no capture at all")
    (elsewhere / "older").mkdir()
    first, told = OpenDialog.__init__, folders.told
    there = {"/": (["captures", "home"], [], False), "/captures": (["older"], ["first.pcapng", "notes.txt"], False)}

    def begin(dialog, *args):
        first(dialog, *args)
        dialog.begin = Path("/captures")

    monkeypatch.setattr(OpenDialog, "__init__", begin)
    monkeypatch.setattr(folders, "listing", lambda path: there.get(str(path), ([], [], False)))
    monkeypatch.setattr(opendialog, "told", lambda path: told(elsewhere / path.relative_to("/captures")))


@sizes
@pytest.mark.parametrize("chosen", ["first.pcapng", "notes.txt"])
def test_the_dialog_to_open(snap_compare, ready, press, captures, case, chosen, size):
    async def choose(pilot):
        await press(pilot, "down down" + (" down" if chosen == "notes.txt" else ""))
        assert pilot.app.screen.line.value == f"/captures/{chosen}"
        if chosen == "notes.txt":
            pilot.app.screen._say("no capture is in it")

    assert taken(snap_compare, press, ready(case), size, "o pagedown", choose)


@sizes
@pytest.mark.parametrize("keys", ["i", "i b a d", "i pageup pageup", "i pageup"], ids=["first", "wrong", "esp", "tls"])
def test_the_dialog_of_keys(snap_compare, ready, press, case, keys, size):
    assert taken(snap_compare, press, ready(case), size, keys)


@sizes
@pytest.mark.parametrize(
    "saved",
    [{}, {"refused": "sip.Status-Code >= 400", "keys": "mikey && ip.dst == 239.1.2.3"}],
    ids=["none", "some"],
)
def test_the_saved_filters(snap_compare, ready, press, case, saved, size, tmp_path):
    app = ready(case)
    app.memory = Memory(tmp_path / "state.json")
    for name, text in saved.items():
        app.memory.keep_filter(name, text)
    assert taken(snap_compare, press, app, size, "b")


@sizes
@pytest.mark.parametrize("text", ["sip.Method == ", "ip.addr == 239.1.2.3 && frame.len > 100"], ids=["wrong", "frames"])
def test_a_filter(snap_compare, ready, press, until, case, text, size):
    app = ready(case)

    async def type_it(pilot):
        packets = app.screen.packets
        await press(pilot, "a f" if "frame" in text else "f")
        packets.filter.input.value = text
        await press(pilot, "enter")
        if "frame" in text:
            await until(pilot, lambda: packets.roll.ended and packets.frames.sieve.over)
            await until(pilot, lambda: packets.frames.told == packets.frames.sieve.told())
            packets.look_into()
            await pilot.pause(0.3)
            packets.frames.told = ""
            packets.frames.look()

    assert taken(snap_compare, press, app, size, "3", type_it)


def test_a_terminal_that_is_too_small(snap_compare, ready, press, case):
    assert taken(snap_compare, press, ready(case), (36, 9))
