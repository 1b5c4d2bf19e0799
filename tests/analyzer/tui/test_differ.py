from analyzer.tui.cells import Mark
from analyzer.tui.differ import Comparison, Differ, Pair, compared, told


def test_lines_are_paired_in_their_order():
    assert compared(["a", "b", "c"], ["a", "x", "c", "d"]) == [
        Pair("a", "a"), Pair("b", "x"), Pair("c", "c"), Pair(None, "d"),
    ]  # fmt: skip
    assert compared([], []) == []
    assert compared(["a", "b"], ["b"]) == [Pair("a", None), Pair("b", "b")]


def test_fields_of_all_layers_are_told_and_keys_are_not(found):
    index = found("http_good")
    chain = index.analysis.story.chain
    for message in index.messages:
        text = "\n".join(told(index.whole(message), index.hider))
        assert not [key for key in chain.keys if key.value.hex() in text]
    opened = next(message for message in index.messages if chain.opening(message) is not None)
    assert "KEMAC decrypted" in told(index.whole(opened), index.hider)


async def test_two_selected_messages_stand_side_by_side(opened, press, lines):
    async with opened("http_good", keys="3 space") as pilot:
        screen = pilot.app.screen
        assert [message.frame for message in screen.packets.signs.picked] == [4]
        await press(pilot, "D")
        assert pilot.app.screen is screen  # one is not enough
        await press(pilot, "j j space D")
        assert isinstance(pilot.app.screen, Differ)
        rows = pilot.app.screen.query_one(Comparison)
        assert any("≠" in line for line in lines(rows))
        assert "  http.request.method: GET" in "".join(
            f"{line}\n" for line in map(str.rstrip, map(rows.text, range(rows.count)))
        )
        await press(pilot, "e")
        assert rows.mark(rows.cursor) is Mark.FAIL
        await press(pilot, "escape")
        assert pilot.app.screen is screen


async def test_space_takes_a_selection_back_and_the_last_two_count(opened, press):
    async with opened("http_good", keys="3 space space") as pilot:
        screen = pilot.app.screen
        assert screen.packets.signs.picked == ()
        await press(pilot, "space j space j space")
        assert [message.frame for message in screen.packets.signs.picked] == [5, 6]
        assert [screen.packets.list.message_row(row).cells[0].text[-1:] for row in range(3)] == ["✓", "◆", "◆"]


async def test_the_ladder_selects_too(opened, press):
    async with opened("http_good", keys="enter x space j space D") as pilot:
        assert isinstance(pilot.app.screen, Differ)
