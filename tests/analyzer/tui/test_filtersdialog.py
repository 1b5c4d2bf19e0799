from analyzer.config import Config
from analyzer.tui.app import Keyshark
from analyzer.tui.filtersdialog import FiltersDialog
from analyzer.tui.palette import Commands
from analyzer.tui.state import Memory
from analyzer.tui.table import Table


class Ready(Keyshark):
    """The UI over a case, with filters of a config file and a memory."""

    def __init__(self, found, config, memory):
        from analyzer.analysis import Options

        super().__init__([found.analysis.case], Options(), "0.1.0", config, memory)
        self.found = found

    def open(self, case):
        self._loaded(case, self.found)


def running(found, tmp_path):
    return Ready(found("http_good"), Config(filters={"keys": "mikey"}), Memory(tmp_path / "captures.json"))


async def test_a_filter_is_saved_applied_and_forgotten_by_name(found, press, sift, tmp_path):
    app = running(found, tmp_path)
    async with app.run_test() as pilot:
        await pilot.pause()
        await press(pilot, "3")
        packets = app.screen.packets
        await sift(packets, pilot, 'sip.Method == "BYE"')
        await press(pilot, "b")
        assert isinstance(app.screen, FiltersDialog)
        table = app.screen.query_one(Table)
        assert [table.text(row) for row in range(table.count)] == ["keys mikey config"]
        await press(pilot, "d")  # the config file is not ours to change
        assert table.count == 1
        await press(pilot, "a k e y s enter")  # a name that is taken
        await press(pilot, "escape a b y e enter")
        assert app.memory.filters == {"bye": 'sip.Method == "BYE"'}
        await press(pilot, "g enter")
        assert packets.filter.applied == "mikey"
        await press(pilot, "1 b G enter")
        assert app.screen.pane == "packets"
        assert packets.filter.applied == 'sip.Method == "BYE"'
        await press(pilot, "b G d")
        assert app.memory.filters == {}
        await press(pilot, "escape")
        assert packets.filter.applied == 'sip.Method == "BYE"'


async def test_saved_filters_are_in_the_palette_and_the_history(found, press, tmp_path):
    app = running(found, tmp_path)
    app.memory.keep_filter("odd", "no.field == 1")
    async with app.run_test() as pilot:
        await pilot.pause()
        offered = {hit.text: hit async for hit in Commands(app.screen).discover()}
        offered["Filter keys: mikey"].command()
        await press(pilot, "")
        assert app.screen.packets.filter.applied == "mikey"
        offered["Filter odd: no.field == 1"].command()
        await press(pilot, "")
        assert app.screen.packets.filter.applied == "mikey"  # it is said why, and nothing else happens
        assert {"mikey", "no.field == 1"} <= set(app.screen.packets.filter.history)
        provider = Commands(app.screen)
        assert any([hit async for hit in provider.search("filter keys")])


async def test_without_a_filter_nothing_is_saved(found, press, tmp_path):
    app = running(found, tmp_path)
    async with app.run_test() as pilot:
        await pilot.pause()
        await press(pilot, "3 b a")
        assert isinstance(app.screen, FiltersDialog)
        assert app.memory.filters == {}
