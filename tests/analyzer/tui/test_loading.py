import threading

import pytest
from textual.widgets import ProgressBar, Static

from analyzer.analysis import Options
from analyzer.batch import UNREADABLE, USAGE
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.capture.tshark import TsharkError
from analyzer.keys.keyring import KeyringError
from analyzer.tui import loading
from analyzer.tui.app import Keyshark
from analyzer.tui.chooser import Chooser
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
        assert str(app.screen.query_one("#done", Static).content) == "50 B of 100 B"


async def test_esc_stops_reading_and_ends_the_ui_of_a_single_case(slow, until):
    go, ended = slow
    app = ui(1)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Loading))
        await pilot.press("escape")
        await until(pilot, lambda: ended == ["cancelled"])
    assert app.return_value is None
    assert not go.is_set()


async def test_esc_goes_back_to_the_list_of_cases(slow, until, monkeypatch):
    _, ended = slow
    app = ui(2)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Loading))
        await pilot.press("escape")
        await until(pilot, lambda: ended == ["cancelled"])
        assert isinstance(app.screen, Chooser)


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
