from analyzer.report import Judgement
from analyzer.tui.ue import Ue


async def test_the_tree_opens_what_failed_and_closes_what_passed(paned, lines, press):
    async with paned(Ue, "mtk_outside_window") as (ue, pilot):
        shown = lines(ue.procedures)
        assert any(line.startswith("✗ mtk-delivery") for line in shown)
        assert any(line.startswith("✗ MT-07") for line in shown)
        assert any("rules passed" in line for line in shown)
        assert not any(line.startswith("✓ MT-") for line in shown)
        await press(pilot, "e e")  # a step takes the ladder along
        assert ue.procedures.node.target == ue.ladder.arrow.place


async def test_a_rule_shows_its_page_and_leads_to_its_evidence(opened, press, lines):
    async with opened("mtk_outside_window", keys="enter e e e") as pilot:
        ue = pilot.app.screen.ue
        assert isinstance(ue.procedures.node.target, Judgement)
        assert lines(ue.query_one("#rule"))[0].startswith("✗ MT-07")
        evidence = ue.procedures.node.target.evidence[0]
        await press(pilot, "enter")
        assert pilot.app.screen.packets.message.frame == evidence.frame


async def test_tabs_go_round(paned, press):
    async with paned(Ue) as (_, pilot):
        seen = []
        for _ in range(6):
            await press(pilot, "right_square_bracket")
            seen.append(pilot.app.focused.id)
        assert seen == ["keys", "timeline", "diagnosis", "rule", "ladder", "keys"]
        await press(pilot, "left_square_bracket")
        assert pilot.app.focused.id == "ladder"


async def test_panes_are_beside_each_other_where_there_is_room(opened):
    async with opened("http_good", keys="2") as pilot:
        ue = pilot.app.screen.query_one(Ue)
        assert ue.procedures.region.y < ue.query_one("#beside").region.y
        await pilot.resize_terminal(160, 45)
        await pilot.pause()
        assert ue.procedures.region.y == ue.query_one("#beside").region.y


async def test_a_diagnosis_leads_to_its_evidence(opened, press):
    async with opened(
        "expired_b_tid_http", keys="enter right_square_bracket right_square_bracket right_square_bracket"
    ) as pilot:
        ue = pilot.app.screen.ue
        assert pilot.app.focused is ue.diagnosis
        await press(pilot, "G enter")  # the last frame
        (told,) = ue.found.analysis.report.diagnoses
        assert pilot.app.screen.packets.message.frame == told.evidence[-1].frame
