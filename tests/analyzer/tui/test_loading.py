import threading

import pytest
from textual.widgets import ProgressBar, Static

from analyzer.analysis import Options
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.capture.tshark import TsharkError
from analyzer.codes import UNREADABLE, USAGE
from analyzer.keys.keyring import KeyringError
from analyzer.reading import Enough
from analyzer.tui import loading
from analyzer.tui.app import Keyshark
from analyzer.tui.chooser import Chooser
from analyzer.tui.frames import FrameTable
from analyzer.tui.loading import Cancelled, Loading
from analyzer.tui.screen import CaseScreen

CASES = [CaseFiles("one", ("one.pcap",)), CaseFiles("two", ("two.pcap",))]


def ui(count):
    return Keyshark(CASES[:count], Options(), "0.1.0")


@pytest.fixture
def slow(monkeypatch):
    """An analysis that waits in its midst until it may go on, and notes how it ended."""
    go, ended = threading.Event(), []

    def analyse(case, options, progress):
        try:
            progress(25, 100)
            while not go.wait(0.05):
                progress(50, 100)
            progress(100, 100)
        except Cancelled:
            ended.append("cancelled")
            raise
        except Enough:
            ended.append("enough")
            while not go.wait(0.05):
                pass
        raise CaptureError(case.name, 0, "is over")

    monkeypatch.setattr(loading, "analyse", analyse)
    yield go, ended
    go.set()


def test_nothing_of_textual_is_needed_to_name_the_case():
    assert Loading(CASES[0], Options()).case.name == "one"


async def test_the_bar_counts_octets(slow, until):
    app = ui(1)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Loading))
        await until(pilot, lambda: app.screen.query_one(ProgressBar).percentage == 0.5)
        told = str(app.screen.query_one("#done", Static).content)
        assert told.startswith("50 B of 100 B · ")
        assert "B/s" in told
        assert "s left" in told
        assert "Esc stops here" in told


async def test_esc_stops_reading_and_esc_again_ends_the_ui_of_a_single_case(slow, until):
    go, ended = slow
    app = ui(1)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Loading))
        await pilot.press("escape")
        await until(pilot, lambda: ended == ["enough"])
        assert isinstance(app.screen, Loading)
        assert "judging what was read" in str(app.screen.query_one("#done", Static).content)
        await pilot.press("escape")
    assert app.return_value is None
    assert not go.is_set()


async def test_esc_twice_goes_back_to_the_list_of_cases(slow, until, monkeypatch):
    _, ended = slow
    app = ui(2)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Loading))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, Chooser))
        assert "enough" in ended or "cancelled" in ended


async def test_who_quits_does_not_wait_for_the_analysis(slow, until):
    go, _ = slow
    app = ui(1)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Loading))
        await pilot.press("q")
    assert not go.is_set()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CaptureError("one.pcap", 0, "is empty"), UNREADABLE),
        (KeyringError("keyring.toml", "ue", "k", "is no hex"), USAGE),
        (ConfigError("case.toml", "", "", "is not TOML"), USAGE),
        (TsharkError("tshark is not installed"), USAGE),
        (ZeroDivisionError("secret 00112233445566778899aabbccddeeff"), UNREADABLE),
    ],
)
async def test_a_case_that_cannot_be_read_ends_the_ui_with_its_fault(monkeypatch, until, error, code):
    def analyse(case, options, progress):
        raise error

    monkeypatch.setattr(loading, "analyse", analyse)
    app = ui(1)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value.code == code
    assert "00112233" not in app.return_value.text
    assert "one" in app.return_value.text or str(error) == app.return_value.text


async def test_a_case_of_several_that_cannot_be_read_costs_no_other(monkeypatch, until):
    def analyse(case, options, progress):
        raise CaptureError(case.name, 0, "is empty")

    monkeypatch.setattr(loading, "analyse", analyse)
    app = ui(2)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: any("is empty" in note.message for note in app._notifications))
        assert isinstance(app.screen, Chooser)


async def test_a_capture_is_opened_for_real(until, monkeypatch):
    from analyzer.analysis import analyse
    from analyzer.capture.case import find_cases

    monkeypatch.setattr(loading, "analyse", analyse)
    app = Keyshark(find_cases(["sample_pcaps/sip_good"]), Options(), "0.1.0")
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        await pilot.pause()
        assert app.screen.found.sessions


async def test_frames_are_listed_while_the_case_is_read_and_their_cursor_goes_on(until, monkeypatch):
    from analyzer.analysis import analyse
    from analyzer.capture.case import find_cases

    go = threading.Event()

    def later(case, options, progress):
        go.wait(20)
        return analyse(case, options, progress)

    monkeypatch.setattr(loading, "analyse", later)
    app = Keyshark(find_cases(["sample_pcaps/sip_good"]), Options(), "0.1.0")
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Loading))
        table = app.screen.query_one(FrameTable)
        await until(pilot, lambda: table.count > 100)
        assert "SIP" in " ".join(table.text(row) for row in range(20))
        await pilot.press("j", "j", "j")
        assert table.place == (0, 4)
        go.set()
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        await pilot.pause()
        assert app.screen.pane == "packets"
        assert app.screen.packets.frames.place == (0, 4)
        assert app.focused is app.screen.packets.frames


async def test_what_was_read_before_esc_is_judged(until, monkeypatch, tmp_path):
    from analyzer.analysis import analyse
    from analyzer.capture.case import find_cases

    def stopped(case, options, progress):
        def enough(done, total):
            raise Enough

        return analyse(case, options, enough)

    monkeypatch.setattr(loading, "analyse", stopped)
    app = Keyshark(find_cases(["sample_pcaps/sip_good"]), Options(), "0.1.0")
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, CaseScreen))
        await pilot.pause()
        (capture,) = app.screen.found.analysis.report.captures
        assert any("reading was stopped after packet" in problem for problem in capture.problems)
