from analyzer.tui.page import Page
from analyzer.tui.sessions import Sessions, about


async def test_a_row_a_ue_and_what_is_known_of_it_below(opened, press, lines):
    async with opened("two_ues") as pilot:
        pane = pilot.app.screen.query_one(Sessions)
        assert [line.split()[0] for line in lines(pane.table)] == ["ue1", "ue2"]
        page = pane.query_one(Page)
        assert any(pane.found.sessions[0].impi[0] in line for line in lines(page))
        await press(pilot, "j")
        assert any(pane.found.sessions[1].impi[0] in line for line in lines(page))
        assert pane.session is pane.found.sessions[1]
        await press(pilot, "enter")
        assert pilot.app.screen.ue.session is pane.found.sessions[1]


def test_procedures_and_captures_are_told(found):
    index = found("mtk_outside_window")
    told = [cell.text for cell in about(index, index.sessions[0])]
    assert any(line.startswith("✗ ") and "mtk-delivery" in line for line in told)
    assert any("sample_pcaps/mtk_outside_window/capture.pcapng: " in line for line in told)
