from analyzer.tui.cells import Mark
from analyzer.tui.findings import Findings
from analyzer.tui.model import mark_of
from analyzer.tui.page import Page


async def test_the_worst_comes_first_with_its_page_beside(paned, press, lines):
    async with paned(Findings, "mtk_outside_window") as (pane, pilot):
        marks = [mark_of(each) for each in pane.listed]
        assert marks == sorted(marks, reverse=True)
        assert marks[0] is Mark.FAIL
        assert lines(pane.query_one(Page))[0] == "✗ MT-07 mtk-id-is-in-the-window"
        await press(pilot, "j")
        assert not lines(pane.query_one(Page))[0].startswith("✗ ")


async def test_a_profile_is_named(paned):
    async with paned(Findings, "rel8_http") as (pane, _):
        assert "all findings by profile rel8; words such as" in pane.filter.input.placeholder


async def test_words_filter_by_verdict_level_ue_and_rule(paned, sift, press):
    async with paned(Findings, "mtk_outside_window") as (pane, pilot):
        await sift(pane, pilot, "fail ue1")
        assert [each.rule for each in pane.listed] == ["MT-07"]
        assert pilot.app.focused is pane.table
        await sift(pane, pilot, "ms-01")
        assert {each.rule for each in pane.listed} == {"MS-01"}
        await sift(pane, pilot, "no such word")
        assert {each.rule for each in pane.listed} == {"MS-01"}  # no finding has these words: refused
        await press(pilot, "escape")
        assert pane.filter.input.value == "ms-01"
        failed = next(each for each in pane.found.analysis.report.judgements if mark_of(each) is Mark.FAIL)
        pane.go(failed)  # whatever the filter
        await pilot.pause()
        assert pane.judgement is failed


async def test_media_evidence_is_shown_in_packets(opened, press, until):
    async with opened("packets_with_a_wrong_tag", keys="4") as pilot:
        pane = pilot.app.screen.query_one(Findings)
        frame = pane.judgement.evidence[0].frame
        await press(pilot, "enter")
        assert pilot.app.screen.packets.message.frame == frame
        assert pilot.app.screen.packets.message.protocol in ("rtp", "rtcp")
