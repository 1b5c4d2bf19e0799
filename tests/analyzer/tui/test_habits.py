"""The config file and what is remembered, as they change the UI."""

from analyzer.analysis import Options
from analyzer.config import Config
from analyzer.tui.app import Keyshark
from analyzer.tui.help import Help
from analyzer.tui.page import Page
from analyzer.tui.state import Memory


class Looked(Keyshark):
    def __init__(self, found, config, memory):
        super().__init__([found.analysis.case], Options(), "0.1.0", config, memory)
        self.found = found

    def open(self, case):
        self._loaded(case, self.found)


async def test_the_config_file_gives_columns_times_filters_and_theme(found, press):
    config = Config("nord", "UTC", True, ("No.", "sip.Method"), {"keys": "mikey"})
    app = Looked(found("http_good"), config, Memory(None))
    async with app.run_test() as pilot:
        await press(pilot, "3")
        packets = app.screen.packets
        assert app.theme == "nord"
        assert [column.title for column in packets.list.columns] == ["", "No.", "sip.Method"]
        assert (packets.form, app.screen.ue.chart.form) == ("UTC", "UTC")
        await press(pilot, "f up")
        assert packets.filter.input.value == "mikey"


async def test_an_action_listens_to_other_keys_and_the_help_says_so(found, press, lines):
    app = Looked(found("http_good"), Config(keys={"ladder": "L,ctrl+l"}), Memory(None))
    async with app.run_test() as pilot:
        await press(pilot, "x")
        assert app.screen.pane == "sessions"
        await press(pilot, "L")
        assert app.screen.pane == "ue"
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        assert any(line.startswith("L Ctrl+L") for line in lines(app.screen.query_one(Page)))


async def test_a_case_opens_as_it_was_left(found, press, tmp_path):
    index, memory = found("http_good"), Memory(tmp_path / "captures.json")
    async with (app := Looked(index, Config(), memory)).run_test() as pilot:
        await press(pilot, "3 t j j m C j j space enter f m i k e y enter")
        left = app.screen.packets.marked
        app.theme = "nord"
        await press(pilot, "")
    async with (app := Looked(index, Config(), memory)).run_test() as pilot:
        await press(pilot, "3")
        packets = app.screen.packets
        assert packets.filter.applied == "mikey"
        assert {message.protocol for message in packets.listed} == {"mikey"}
        assert (packets.form, app.theme, packets.marked) == ("UTC", "nord", left)
        assert "Source" not in packets.columns
        await press(pilot, "question_mark escape f ctrl+u enter")
    async with (app := Looked(index, Config(), memory)).run_test() as pilot:
        await press(pilot, "3")
        assert app.screen.packets.filter.applied == ""


async def test_a_key_that_is_taken_is_said(found, press):
    app = Looked(found("http_good"), Config(keys={"filter": "x"}), Memory(None))
    async with app.run_test() as pilot:
        await press(pilot, "x")
        assert any("the key of" in notification.message for notification in app._notifications)
