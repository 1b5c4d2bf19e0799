"""What panes ask of their screen: asked by a widget deep inside, heard with all that was given, and answered."""

import pytest
from textual.app import App
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from analyzer.tui.events import Jump, OpenFinding, OpenUe, Said
from analyzer.tui.findings import Findings


class Hearing(Screen):
    """A screen that keeps what it is asked."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def compose(self):
        with Vertical():
            yield Static()

    def on_jump(self, event):
        self.heard.append(event.place)

    def on_open_ue(self, event):
        self.heard.append(event.ue)

    def on_open_finding(self, event):
        self.heard.append(event.judgement)

    def on_said(self, event):
        self.heard.append((event.pane, event.text))


@pytest.fixture
def hearing():
    class Asked(App):
        def get_default_screen(self):
            return Hearing()

    return Asked()


async def test_the_screen_hears_what_a_widget_inside_asks(hearing, found):
    judgement = found("mtk_outside_window").analysis.report.judgements[0]
    async with hearing.run_test() as pilot:
        widget = hearing.screen.query_one(Static)
        for event in (Jump((0, 7)), OpenUe("ue1"), OpenFinding(judgement), Said(widget, "told")):
            widget.post_message(event)
        await pilot.pause()
        assert hearing.screen.heard == [(0, 7), "ue1", judgement, (widget, "told")]


async def test_the_screen_of_a_case_does_what_is_asked(opened):
    """Asked from the ladder of a UE, which is not the pane that is shown first."""
    async with opened("mtk_outside_window") as pilot:
        screen = pilot.app.screen
        ladder, index = screen.ue.ladder, screen.found
        ladder.post_message(OpenUe(index.sessions[0].id))
        await pilot.pause()
        assert (screen.pane, screen.ue.session) == ("ue", index.sessions[0])
        message = index.messages[-1]
        ladder.post_message(Jump((0, message.frame)))
        await pilot.pause()
        assert (screen.pane, screen.packets.message.frame) == ("packets", message.frame)
        failed = next(j for j in index.analysis.report.judgements if j.rule == "MT-07" and str(j.verdict) == "fail")
        ladder.post_message(OpenFinding(failed))
        await pilot.pause()
        assert (screen.pane, screen.query_one(Findings).judgement) == ("findings", failed)


async def test_only_the_pane_that_is_shown_says_something(opened):
    async with opened("mtk_outside_window") as pilot:
        screen, status = pilot.app.screen, pilot.app.screen.query_one("#status", Static)
        screen.action_show("packets")
        await pilot.pause()
        screen.ue.ladder.post_message(Said(screen.ue.ladder, "from elsewhere"))
        screen.packets.list.post_message(Said(screen.packets.list, "from here"))
        screen.ue.ladder.post_message(Said(screen.ue.ladder, "from elsewhere"))
        await pilot.pause()
        assert str(status.content) == "from here"
