"""A mistake of ours in a pane: that pane says so, the others live on, and nothing of the case gets out."""

import pytest

from analyzer.tui import guard
from analyzer.tui.findings import Findings
from analyzer.tui.guard import Broken, keep, trace, words
from analyzer.tui.ladder import Ladder
from analyzer.tui.screen import CaseScreen
from analyzer.tui.state import Memory

SECRET = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def contained(monkeypatch):
    monkeypatch.setattr(guard, "CONTAINS", True)


@pytest.fixture
def app(ready, found, tmp_path):
    app = ready(found("http_good"))
    app.memory = Memory(tmp_path / "state" / "captures.json")
    return app


def fail(*args, **named):
    raise KeyError(SECRET)


def broken(app):
    return {
        next(each.id for each in shown.ancestors if each.id in ("sessions", "ue", "packets", "findings", "media"))
        for shown in app.screen.query(Broken)
    }


async def lives(pilot, pane):
    """Only one pane is broken, and all can be gone to."""
    for number in "12345":
        await pilot.press(number)
        await pilot.pause()
    assert pilot.app.screen.pane == "media"
    assert broken(pilot.app) == {pane}


async def test_a_line_that_cannot_be_drawn(app, press, monkeypatch, tmp_path):
    monkeypatch.setattr(Ladder, "line", fail)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter x")
        await pilot.pause()
        await lives(pilot, "ue")
        (shown,) = app.screen.query(Broken)
        text = str(shown.content)
        assert "keyshark failed here: KeyError at test_guard.py:" in text
        assert SECRET not in text
        (report,) = (tmp_path / "state").glob("keyshark-failure-*.txt")
        assert str(report) in text
        assert SECRET not in report.read_text()
        assert report.stat().st_mode & 0o077 == 0


async def test_an_action_that_fails(app, press, monkeypatch):
    monkeypatch.setattr(CaseScreen, "action_time", fail)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4 t t")
        await pilot.pause()
        await lives(pilot, "findings")


async def test_an_event_that_cannot_be_handled(app, press, monkeypatch):
    def fail_once(pane, event):
        if event.key == "u":
            raise KeyError(SECRET)

    monkeypatch.setattr(Findings, "on_key", fail_once, raising=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4")
        await pilot.press("u")
        await pilot.pause()
        await lives(pilot, "findings")


async def test_a_worker_that_fails(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "3")
        app.screen.run_worker(fail, thread=True)
        for _ in range(20):
            await pilot.pause(0.05)
        await lives(pilot, "packets")


async def test_without_a_state_folder_the_report_lies_among_temporary_files(app, press, monkeypatch, tmp_path):
    app.memory = Memory(None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(CaseScreen, "action_time", fail)
    async with app.run_test() as pilot:
        await press(pilot, "t")
        await pilot.pause()
        assert len(list(tmp_path.glob("keyshark-failure-*.txt"))) == 1


def test_a_trace_has_places_and_types_and_no_values():
    def inner(secret):
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise ValueError(secret) from error

    with pytest.raises(ValueError) as raised:
        inner(SECRET)
    text = trace(raised.value, "1.0")
    assert "ValueError" in text
    assert "KeyError" in text
    assert "test_guard.py" in text
    assert SECRET not in text
    assert SECRET not in words(raised.value, None)


def test_what_cannot_be_kept_is_not_spoken_of(tmp_path):
    (tmp_path / "file").write_text("")
    assert keep("text", tmp_path / "file" / "folder") is None
