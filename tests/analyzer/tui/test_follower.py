"""A capture that grows under the UI: what comes is shown, and nobody loses his place."""

from pathlib import Path

import pytest

from analyzer.analysis import Options
from analyzer.capture.case import CaseFiles
from analyzer.tui.app import Keyshark
from analyzer.tui.loading import Loading
from analyzer.tui.screen import CaseScreen

SAMPLE = Path("sample_pcaps/http_good")


@pytest.fixture
def growing(tmp_path):
    """A capture that holds the first octets of a sample, and what lets it grow."""
    data = (SAMPLE / "capture.pcapng").read_bytes()
    path = tmp_path / "grows.pcapng"
    path.write_bytes(data[:9000])

    def grow(size=None):
        path.write_bytes(data[:size])

    return CaseFiles("grows", (str(path),), (str(SAMPLE / "keyring.toml"),)), grow


def followed(case):
    return Keyshark([case], Options(), "0.1.0", follow=True)


async def test_all_panes_grow_and_cursors_stay(growing, until, press):
    case, grow = growing
    app = followed(case)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        screen = app.screen
        before = len(screen.found.messages)
        await press(pilot, "3 j j j")
        frame = screen.packets.message.frame
        procedures = screen.ue.procedures.count
        grow(18_000)
        await until(pilot, lambda: len(screen.found.messages) > before)
        await press(pilot, "")
        assert screen.packets.message.frame == frame
        assert screen.packets.list.count == len(screen.found.messages)
        assert screen.ue.procedures.count > procedures
        assert screen.query_one("#findings").found is screen.found is screen.query_one("#media").found
        assert screen.query_one("#sessions").session is screen.found.sessions[0]


async def test_a_cursor_at_the_end_stays_at_the_end(growing, until, press):
    case, grow = growing
    app = followed(case)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        screen = app.screen
        await press(pilot, "3 G")
        before = len(screen.found.messages)
        grow()
        await until(pilot, lambda: len(screen.found.messages) > before)
        await press(pilot, "")
        assert screen.packets.list.cursor == len(screen.found.messages) - 1
        assert screen.packets.message is screen.found.messages[-1]


async def test_what_is_held_waits_and_comes_at_once_then(growing, until, press):
    case, grow = growing
    app = followed(case)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        screen = app.screen
        before = len(screen.found.messages)
        await press(pilot, "3 A")
        assert "held" in screen.query_one("#top").note
        grow()
        await until(pilot, lambda: screen.grown is not None)
        assert len(screen.found.messages) == before
        await press(pilot, "A")
        assert len(screen.found.messages) > before
        assert "held" not in screen.query_one("#top").note


async def test_a_filter_holds_for_what_comes(growing, until, press):
    case, grow = growing
    app = followed(case)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        screen = app.screen
        await press(pilot, "3 f m i k e y enter")
        before = screen.packets.list.count
        grow()
        await until(pilot, lambda: screen.packets.list.count > before)
        assert {message.protocol for message in screen.packets.listed} == {"mikey"}


async def test_a_file_that_is_emptied_ends_it_and_says_so(growing, until):
    case, grow = growing
    app = followed(case)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        grow(0)
        await until(pilot, lambda: any("it was emptied" in each.message for each in app._notifications))
        assert app.screen.found.messages


async def test_what_is_no_capture_is_told_as_without_following(tmp_path, until):
    path = tmp_path / "text.pcap"
    path.write_text("this is a text, and no capture at all, however long one looks at it\n" * 4)
    app = followed(CaseFiles("text", (str(path),)))
    async with app.run_test() as pilot:
        await until(pilot, lambda: not isinstance(app.screen, Loading))
    assert "text" in app.return_value.text
