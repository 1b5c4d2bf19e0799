from analyzer.tui.cells import Mark
from analyzer.tui.findings import Findings
from analyzer.tui.model import mark_of
from analyzer.tui.page import Page


async def test_the_worst_comes_first_with_its_page_beside(opened, press, lines):
    async with opened("mtk_outside_window", keys="4") as pilot:
        pane = pilot.app.screen.query_one(Findings)
        marks = [mark_of(each) for each in pane.listed]
        assert marks == sorted(marks, reverse=True)
        assert marks[0] is Mark.FAIL
        assert lines(pane.query_one(Page))[0] == "✗ MT-07 mtk-id-is-in-the-window"
        await press(pilot, "j")
        assert lines(pane.query_one(Page))[0].startswith("✓ ")


async def test_words_filter_by_verdict_level_ue_and_rule(opened, press):
    async with opened("mtk_outside_window", keys="4 f f a i l space u e 1 enter") as pilot:
        pane = pilot.app.screen.query_one(Findings)
        assert [each.rule for each in pane.listed] == ["MT-07"]
        assert pilot.app.focused is pane.table
        await press(pilot, "f ctrl+u m s - 0 1 enter")
        assert {each.rule for each in pane.listed} == {"MS-01"}
        await press(pilot, "f ctrl+u x enter")
        assert {each.rule for each in pane.listed} == {"MS-01"}  # no finding has this word: refused
        await press(pilot, "escape")
        assert pane.filter.input.value == "ms-01"


async def test_a_finding_is_gone_to_whatever_the_filter(opened, press):
    async with opened("mtk_outside_window", keys="4 f p a s s enter") as pilot:
        pane = pilot.app.screen.query_one(Findings)
        wanted = next(each for each in pane.found.analysis.report.judgements if each.rule == "MT-07")
        failed = next(each for each in pane.found.analysis.report.judgements if mark_of(each) is Mark.FAIL)
        pane.go(failed)
        await pilot.pause()
        assert pane.judgement is failed
        assert wanted in pane.listed


async def test_media_evidence_is_shown_in_packets(opened, press, until):
    async with opened("packets_with_a_wrong_tag", keys="4") as pilot:
        pane = pilot.app.screen.query_one(Findings)
        frame = pane.judgement.evidence[0].frame
        await press(pilot, "enter")
        assert pilot.app.screen.packets.message.frame == frame
        assert pilot.app.screen.packets.message.protocol in ("rtp", "rtcp")
