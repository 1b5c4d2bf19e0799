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
            assert len(starts) == 1


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
