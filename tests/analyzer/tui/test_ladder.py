from rich.cells import cell_len

from analyzer.tui.ladder import Ladder


def joined(line):
    return "".join(cell.text for cell in line)


async def test_times_are_whole_in_each_format_and_deltas_are_there_where_there_is_room(alone, found):
    index = found("http_good")
    ladder = Ladder(index)
    async with alone(ladder).run_test(size=(140, 30)):
        ladder.draw(index.sessions[0])
        assert "Delta" in joined(ladder.header(140))
        assert "Delta" not in joined(ladder.header(80))
        ladder.show_time("UTC")
        assert "00:00:00." in joined(ladder.line(1, 80))
        assert "…" not in joined(ladder.line(1, 80))[:30]
        ladder.show_time("delta")
        assert "+0." in joined(ladder.line(1, 80))


async def test_the_lanes_stay_in_line(alone, found):
    index = found("http_good")
    ladder = Ladder(index)
    async with alone(ladder).run_test(size=(140, 30)):
        ladder.draw(index.sessions[0])
        for width in (60, 80, 140):
            starts = {cell_len(joined(ladder.line(row, width)[:-1])) for row in range(ladder.count)}
            assert starts == {cell_len(joined(ladder.header(width)))}


async def test_a_repeat_is_found_in_the_arrow_that_holds_it(alone, found):
    index = found("http_good")
    ladder = Ladder(index)
    async with alone(ladder).run_test(size=(80, 30)):
        ladder.draw(index.sessions[0])
        repeated = next(arrow for arrow in ladder.arrows if arrow.repeats)
        assert ladder.go(repeated.repeats[-1])
        assert ladder.arrow is repeated
        assert not ladder.go((0, 999_999))
        assert ladder.arrow is repeated


async def test_closer_and_from_afar_the_cursor_stays_at_its_message(alone, found, press):
    index = found("mtk_outside_window")
    ladder = Ladder(index)
    async with alone(ladder).run_test(size=(80, 30)) as pilot:
        ladder.draw(index.sessions[0])
        failed = next(arrow for arrow in ladder.arrows if arrow.broken)
        ladder.go(failed.place)
        count = ladder.count
        await press(pilot, "plus plus plus")
        assert ladder.count > count
        assert ladder.arrow is failed
        await press(pilot, "minus minus")
        assert ladder.count < count
        assert ladder.arrow.title == "mtk-delivery"
        assert ladder.arrow.broken == ("MT-07",)
        assert "[ue1.p" in ladder.said(ladder.arrow)
        assert ladder.said(ladder.arrow).endswith("✗ MT-07")
        await press(pilot, "plus")
        assert ladder.count == count


async def test_headers_stand_below_their_message_and_are_of_it(alone, found, press):
    index = found("http_good")
    ladder = Ladder(index)
    async with alone(ladder).run_test(size=(80, 30)) as pilot:
        ladder.draw(index.sessions[0])
        await press(pilot, "plus")
        texts = [ladder.text(row) for row in range(ladder.count)]
        row = next(row for row, text in enumerate(texts) if "INVITE sip:" in text and "SIP/2.0" in text)
        assert ladder.entries[row].header is not None
        assert any("Call-ID: " in text for text in texts[row : row + 20])
        ladder.cursor = row
        assert ladder.arrow.title == "INVITE"
        for key in index.analysis.story.chain.keys:
            assert not any(key.value.hex() in text for text in texts)


async def test_wide_ladders_name_procedures_beside_their_brackets(alone, found):
    index = found("http_good")
    ladder = Ladder(index)
    async with alone(ladder).run_test(size=(160, 45)):
        ladder.draw(index.sessions[0])
        assert "Procedure" in joined(ladder.header(150))
        named = [row for row in range(ladder.count) if "http-registration" in joined(ladder.line(row, 150))]
        assert len(named) == 1
        assert "╭" in joined(ladder.line(named[0], 150))
        assert "╭" in joined(ladder.line(named[0], 80))
        assert "http-registration" not in joined(ladder.line(named[0], 80))
