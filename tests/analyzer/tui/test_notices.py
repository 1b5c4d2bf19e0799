"""Warnings of a case: said once at the foot, marked there until they were read, and found again with `!`."""

from dataclasses import replace

from textual.widgets import Static

from analyzer.tui.notices import NOTHING, Notices, skipped_text, warnings
from analyzer.tui.page import Page
from analyzer.tui.screen import CaseScreen

KEYRING = "sample_pcaps/http_good/keyring.toml"
READABLE = f"{KEYRING}: others can read it (mode 644); chmod 600"


def warned(found, *texts):
    analysis = found("http_good").analysis
    return replace(found("http_good"), analysis=replace(analysis, keyring=replace(analysis.keyring, warnings=texts)))


def told(screen, name):
    return str(screen.query_one(name, Static).content)


def test_problems_of_captures_keyrings_and_waivers_are_told_once(found):
    case = warned(found, READABLE, READABLE)
    report = case.analysis.report
    (capture,) = report.captures
    cut = replace(capture, path="cut.pcapng", problems=("it is cut",))
    analysis = replace(case.analysis, report=replace(report, captures=(cut,)), expired=("waiver 1 has expired",))
    assert warnings(replace(case, analysis=analysis)) == ("it is cut", READABLE, "waiver 1 has expired")
    two = replace(analysis, report=replace(report, captures=(capture, cut)), captures=analysis.captures * 2)
    assert warnings(replace(case, analysis=two))[0] == "cut.pcapng: it is cut"


def test_how_many_files_are_no_captures():
    assert skipped_text(()) == ""
    assert skipped_text(["a"]) == "1 file is no capture: ! lists it"
    assert skipped_text(["a", "b"]) == "2 files are no captures: ! lists them"


async def test_a_warning_covers_nothing_and_is_marked_until_it_was_read(found, ready, press, lines):
    running = ready(warned(found, READABLE, "another"))
    async with running.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen = running.screen
        assert isinstance(screen, CaseScreen)
        assert not running._notifications
        assert told(screen, "#status") == READABLE.replace(f"{KEYRING}:", "keyring.toml:")
        assert told(screen, "#warned").strip() == "! 2 warnings"
        await press(pilot, "3 1")
        assert told(screen, "#status") == ""
        assert told(screen, "#warned").strip() == "! 2 warnings"
        await press(pilot, "exclamation_mark")
        assert isinstance(running.screen, Notices)
        seen = " ".join(lines(running.screen.query_one(Page)))
        assert "chmod 600" in seen
        assert "! another" in seen
        await press(pilot, "q")
        assert running.screen is screen
        assert told(screen, "#warned") == ""
        screen.grow(warned(found, READABLE, "another", "a third"))
        assert told(screen, "#warned").strip() == "! 1 warning"


async def test_where_there_is_nothing_to_warn_of_that_is_said(opened, press, lines):
    async with opened("http_good", keys="exclamation_mark") as pilot:
        page = pilot.app.screen.query_one(Page)
        assert lines(page) == [NOTHING]
        assert page.region.height == 3  # it covers no more than it needs


async def test_of_one_case_files_that_are_no_captures_are_told_in_its_screen(found, ready, press, lines):
    running = ready(found("http_good"))
    running.skipped = ("notes.txt",)
    async with running.run_test() as pilot:
        await pilot.pause()
        assert told(running.screen, "#status") == "1 file is no capture: ! lists it"
        assert told(running.screen, "#warned") == ""
        await press(pilot, "exclamation_mark")
        assert lines(running.screen.query_one(Page))[-1] == "notes.txt"
