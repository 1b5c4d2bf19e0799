import pytest

from analyzer.filters import compile_filter
from analyzer.tui.statistics import StatisticsScreen, counted, endpoint_rows, pair_rows, protocol_rows


def texts(rows):
    return [[cell.text for cell in row.cells] for row in rows]


def test_every_message_and_media_packet_is_counted_once(found):
    index = found("http_good")
    told = counted(index)
    media = index.analysis.story.media
    packets = len(index.messages) + sum(group.packets for group in media)
    assert sum(count.packets for count in told.received.values()) == packets
    assert told.protocols["srtp"].packets == sum(g.packets for g in media if g.protocol == "srtp")
    assert sum(count.packets for count in told.pairs.values()) == len(index.messages)
    octets = sum(len(message.payload.data) for message in index.messages)
    assert sum(count.octets for count in told.sent.values()) == octets


def test_tables_have_the_most_frequent_first(found):
    told = counted(found("http_good"))
    for rows, column in ((protocol_rows(told), 1), (pair_rows(told), 2)):
        counts = [int(row[column]) for row in texts(rows)]
        assert counts == sorted(counts, reverse=True)
    ends = texts(endpoint_rows(told, {"10.5.0.1": "bsf"}))
    assert [row[1] for row in ends if row[0] == "10.5.0.1"] == ["bsf"]
    assert any(row[0] == "239.1.2.3" and row[2] == "0" for row in ends)


def test_what_is_malformed_is_counted(found):
    index = found("http_good")
    assert not any(count.malformed for count in counted(index).protocols.values())


@pytest.mark.parametrize(("keys", "column"), [("j", 0), ("right_square_bracket", 0), ("tab tab", 1)])
async def test_what_is_chosen_filters_the_packets(opened, press, keys, column):
    async with opened("http_good", keys=f"S {keys}") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, StatisticsScreen)
        wanted = screen.rows_shown[screen.table.at].cells[column].text
        await press(pilot, "enter")
        packets = pilot.app.screen.packets
        assert wanted.lower() in packets.filter.applied
        passes = compile_filter(packets.filter.applied)
        assert packets.list.count == sum(map(passes, map(packets.found.whole, packets.found.messages)))


async def test_media_have_a_pane_of_their_own(opened, press):
    async with opened("http_good", keys="S enter") as pilot:
        assert pilot.app.screen.pane == "media"


async def test_esc_changes_nothing(opened, press):
    async with opened("http_good", keys="S escape") as pilot:
        assert pilot.app.screen.pane == "sessions"
