from analyzer.analysis import Options
from analyzer.capture.case import CaseFiles, find_cases
from analyzer.tui import chooser
from analyzer.tui.app import Keyshark
from analyzer.tui.chooser import Chooser
from analyzer.tui.notices import Notices
from analyzer.tui.page import Page
from analyzer.tui.table import Table
from analyzer.tui.tabline import TabLine


def texts(screen, row):
    return [cell.text for cell in screen._row(row).cells]


async def test_cases_are_listed_at_once_and_judged_while_they_are_looked_at(app, until, press):
    running = app("http_good", "mtk_outside_window")
    async with running.run_test(size=(120, 24)) as pilot:
        screen = running.screen
        assert isinstance(screen, Chooser)
        assert screen.query_one(Table).count == 2
        await until(pilot, lambda: len(screen.known) == 2)
        assert texts(screen, 0)[:3] == ["✓", "http_good", "pass"]
        assert texts(screen, 1)[:4] == ["✗", "mtk_outside_window", "fail", "MT-07"]
        assert texts(screen, 1)[-1] == "sample_pcaps/mtk_outside_window"
        assert screen.query_one(TabLine).note == "2 of 2 judged"
        await press(pilot, "e")
        assert screen.query_one(Table).cursor == 1


async def test_large_cases_are_judged_when_they_are_opened_only(app, monkeypatch, press):
    monkeypatch.setattr(chooser, "JUDGED_UNASKED", 1)
    running = app("http_good", "sip_good")
    async with running.run_test() as pilot:
        await running.workers.wait_for_complete()
        assert running.screen.known == {}
        assert texts(running.screen, 0)[2] == "…"
        await press(pilot, "slash s i p enter")
        assert running.screen.query_one(Table).cursor == 1


async def test_a_case_that_was_opened_is_known(app, monkeypatch, press, until):
    monkeypatch.setattr(chooser, "JUDGED_UNASKED", 1)
    running = app("http_good", "sip_good")
    async with running.run_test() as pilot:
        first = running.screen
        await press(pilot, "enter")
        await until(pilot, lambda: 0 in first.known)
        assert texts(first, 0)[:3] == ["✓", "http_good", "pass"]


async def test_a_broken_case_says_what_is_wrong(tmp_path, until):
    (tmp_path / "broken.pcap").write_bytes(b"no capture")
    cases = [CaseFiles("broken", (str(tmp_path / "broken.pcap"),)), *find_cases(["sample_pcaps/http_good"])]
    cases.append(CaseFiles("gone", (str(tmp_path / "gone.pcap"),)))
    running = Keyshark(cases, Options(), "0.1.0")
    async with running.run_test() as pilot:
        await until(pilot, lambda: len(running.screen.known) == 3)
        assert texts(running.screen, 0)[2] == "error"
        assert "no pcap or pcapng" in texts(running.screen, 0)[3]
        assert "no such file" in texts(running.screen, 2)[3]


async def test_files_that_are_no_captures_are_counted_and_named_when_asked_for(press, lines):
    cases = find_cases(["sample_pcaps/http_good", "sample_pcaps/sip_good"])
    running = Keyshark(cases, Options(), "0.1.0", skipped=("a/notes.txt", "b/page.html"))
    async with running.run_test() as pilot:
        note = running.screen.query_one(TabLine).note
        assert note.endswith("judged · 2 files are no captures: ! lists them")
        await press(pilot, "exclamation_mark")
        assert isinstance(running.screen, Notices)
        told = lines(running.screen.query_one(Page))
        assert [line for line in told if "/" in line] == ["a/notes.txt", "b/page.html"]
        await press(pilot, "escape")
        assert isinstance(running.screen, Chooser)
