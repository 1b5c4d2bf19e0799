from analyzer.config import DEFAULT_COLUMNS
from analyzer.tui.columns import INFO, TIME, ColumnsDialog, field_text, packet_row, table_columns
from analyzer.tui.fields import HIDDEN
from analyzer.tui.packets import Packets


def named(index, protocol):
    return next(message for message in index.messages if message.protocol == protocol)


def test_a_field_is_a_column_with_all_its_values_as_text(found):
    index = found("http_good")
    row = packet_row(index, named(index, "sip"), None, "relative", "info", ("sip.Method", "sip.Via.branch", INFO))
    assert [cell.text for cell in row.cells][1::2] == ["INVITE", "info"]
    assert field_text(index, named(index, "mikey"), "mikey.type") == "Pre-shared (0)"
    assert field_text(index, named(index, "http"), "sip.Method") == ""


def test_a_time_of_day_has_room_for_its_microseconds():
    (_, relative), (_, utc) = table_columns([TIME]), table_columns([TIME], "UTC")
    assert relative.width < utc.width == len("00:00:00.000000")
    assert [column.title for column in table_columns(["sip.Method", "No."], "UTC")] == ["", "sip.Method", "No."]


async def test_both_lists_show_a_time_of_day_whole(paned, press):
    async with paned(Packets, keys="a") as (pane, pilot):
        pane.show_time("UTC")
        await press(pilot, "")
        for table in (pane.list, pane.frames):
            at = [column.title for column in table.columns].index(TIME)
            assert table.widths(80)[at] == len(table.row(0).cells[at].text)


def test_keys_stay_hidden_in_columns(found):
    index = found("http_good")
    (opened, *_) = [m for m in index.messages if index.analysis.story.chain.opening(m) is not None]
    text = field_text(index, opened, "mikey.key.data")
    assert text == "••••"
    assert HIDDEN not in text


async def test_columns_are_hidden_moved_added_and_put_back(opened, press):
    async with opened("http_good", keys="3") as pilot:
        packets = pilot.app.screen.packets

        async def dialog(keys):
            await press(pilot, "C")
            assert isinstance(pilot.app.screen, ColumnsDialog)
            await press(pilot, keys)
            return packets.columns

        assert await dialog("j space escape") == DEFAULT_COLUMNS
        assert await dialog("j space enter") == tuple(name for name in DEFAULT_COLUMNS if name != TIME)
        assert await dialog("J enter") == ("Source", "No.", "Destination", "Proto", "Len", "Info")
        assert await dialog("K K enter") == ("Source", "No.", "Destination", "Proto", "Len", "Info")
        added = await dialog(f"a {' '.join('mikey')} full_stop {' '.join('csb')} underscore i d enter enter")
        assert added[1] == "mikey.csb_id"
        assert [column.title for column in packets.list.columns][1:] == list(added)
        await dialog("a x y z enter escape")  # no field has that name: it cannot be taken
        assert pilot.app.screen is not packets.screen
        await press(pilot, "escape")
        assert packets.columns == added
        assert await dialog("d enter") == DEFAULT_COLUMNS


async def test_without_any_column_nothing_changes(opened, press):
    async with opened("http_good", keys="3 C") as pilot:
        packets = pilot.app.screen_stack[-2].packets
        await press(pilot, "space j space j space j space j space j space j space enter")
        assert packets.columns == DEFAULT_COLUMNS


async def test_the_field_under_the_cursor_becomes_a_column_before_info(paned, press):
    async with paned(Packets) as (pane, pilot):
        pane.inspector.outline.focus()
        await press(pilot, "j vertical_line")
        assert pane.columns[-2:] == ("http.request.method", INFO)
        await press(pilot, "vertical_line")
        assert pane.columns.count("http.request.method") == 1
