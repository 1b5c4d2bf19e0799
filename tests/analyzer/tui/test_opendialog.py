"""Another capture from within the UI, or one more for the case."""

import pytest
from textual.widgets import Static

from analyzer.tui import loading
from analyzer.tui.chooser import Chooser
from analyzer.tui.opendialog import OpenDialog
from analyzer.tui.screen import CaseScreen


@pytest.fixture(autouse=True)
def for_real(monkeypatch):
    from analyzer.analysis import analyse

    monkeypatch.setattr(loading, "analyse", analyse)


def wrong(pilot):
    return str(pilot.app.screen.query_one("#wrong", Static).content)


async def take(pilot, press, path):
    pilot.app.screen.line.value = str(path)
    await press(pilot, "enter")


async def test_another_capture_is_opened_over_the_one_that_was(ready, found, press, until):
    async with (app := ready(found("http_good"))).run_test(size=(80, 24)) as pilot:
        await press(pilot, "o")
        first = app.screen_stack[1]
        assert isinstance(app.screen, OpenDialog)
        await take(pilot, press, "sample_pcaps/sip_good")
        await until(pilot, lambda: isinstance(app.screen, CaseScreen) and app.screen is not first)
        assert app.screen.found.analysis.report.name == "sip_good"
        await press(pilot, "escape")
        assert app.screen is first
        await press(pilot, "o escape")
        assert app.screen is first


async def test_a_capture_is_added_to_the_case(ready, found, press, until):
    async with (app := ready(found("http_good"))).run_test(size=(80, 24)) as pilot:
        await press(pilot, "o pagedown")
        await take(pilot, press, "sample_pcaps/two_ues")
        await until(pilot, lambda: isinstance(app.screen, CaseScreen) and len(app.cases) == 2)
        analysis = app.screen.found.analysis
        assert len(analysis.captures) == 2
        assert analysis.report.name == "merged"
        assert len(analysis.case.keyrings) == 2


async def test_what_cannot_be_opened_is_said_in_the_dialog(ready, found, press, until, tmp_path):
    async with (app := ready(found("http_good"))).run_test(size=(80, 24)) as pilot:
        await press(pilot, "o")
        dialog = app.screen
        await take(pilot, press, tmp_path / "gone")
        assert wrong(pilot) == "✗ there is no such file or folder"
        await take(pilot, press, tmp_path)
        assert wrong(pilot) == "✗ no capture is in it"
        await take(pilot, press, "sample_pcaps")
        assert "choose one of them" in wrong(pilot)
        await take(pilot, press, "sample_pcaps/http_good")
        assert wrong(pilot) == "✗ that is the case which is open"
        (tmp_path / "no.pcap").write_text("no capture")
        await take(pilot, press, tmp_path / "no.pcap")
        await until(pilot, lambda: app.screen is dialog and "is no pcap or pcapng capture" in wrong(pilot))
        (tmp_path / "keyring.toml").write_text("k = 1")
        await take(pilot, press, "")
        assert wrong(pilot).startswith("✗ there is no")


async def test_line_and_tree_follow_each_other(ready, found, press, until, tmp_path):
    (tmp_path / "alpha").mkdir()
    (tmp_path / "beta").write_text("text")
    async with (app := ready(found("http_good"))).run_test(size=(80, 24)) as pilot:
        await press(pilot, "o")
        dialog = app.screen
        dialog.line.value = f"{tmp_path}/be"
        await until(pilot, lambda: dialog.folders.path == tmp_path / "beta")
        await press(pilot, "tab")
        assert dialog.line.value == f"{tmp_path}/beta"
        what = dialog.query_one("#what", Static)
        await until(pilot, lambda: "is no pcap" in str(what.content))
        await press(pilot, "down up")
        assert dialog.line.value == f"{tmp_path}/alpha/"
        await press(pilot, "tab")
        assert app.focused is dialog.line


async def test_from_the_list_of_cases_there_is_nothing_to_add_to(app, press, until):
    async with (running := app("http_good", "sip_good")).run_test() as pilot:
        await press(pilot, "o")
        assert running.screen.query_one("#modes").titles == ("Open another",)
        await take(pilot, press, "sample_pcaps/two_ues")
        await until(pilot, lambda: isinstance(running.screen, CaseScreen))
        await press(pilot, "escape")
        assert isinstance(running.screen, Chooser)
