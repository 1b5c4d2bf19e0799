from rich.cells import cell_len

from analyzer.tui.chart import LABEL, Chart


def joined(line):
    return "".join(cell.text for cell in line)


async def charted(chart, index):
    chart.draw(index.sessions[0])
    return {bar.label: row for row, bar in enumerate(chart.bars)}


async def test_bars_stand_under_their_times_and_fill_the_pane(alone, found):
    index = found("missed_update")
    chart = Chart(index)
    async with alone(chart).run_test(size=(100, 30)):
        rows = await charted(chart, index)
        for width in (40, 100, 200):
            assert all(cell_len(joined(chart.line(row, width))) == width for row in rows.values())
            assert cell_len(joined(chart.header(width))) <= width
        first = joined(chart.line(rows["MKI 000100010001"], 100)).index("━")
        second = joined(chart.line(rows["MKI 000100020001"], 100)).index("━")
        gap = joined(chart.line(rows["✗ 000100020001"], 100)).index("╳")
        assert LABEL < first < second == gap
        assert joined(chart.line(rows["Ks"], 100)).endswith("▶")  # it lives longer than the capture


async def test_zoom_looks_closer_at_the_bar_and_pan_moves_within_the_whole(alone, found, press):
    index = found("missed_update")
    chart = Chart(index)
    async with alone(chart).run_test(size=(100, 30)) as pilot:
        rows = await charted(chart, index)
        whole = chart.view
        chart.cursor = rows["MSK 00010002"]
        bar = chart.bars[chart.cursor]
        await press(pilot, "plus plus")
        begin, end = chart.view
        assert (end - begin) * 4 <= whole[1] - whole[0] + 4
        assert begin <= bar.begin <= end
        assert joined(chart.line(rows["MKI 000100010001"], 100))[LABEL + 1] == "◀"  # it was before
        await press(pilot, "right " * 40)
        assert chart.view[1] == whole[1]
        await press(pilot, "left " * 80)
        assert chart.view[0] == whole[0]
        await press(pilot, "minus minus minus")
        assert chart.view == whole
        await press(pilot, "plus 0")
        assert chart.view == whole


async def test_the_axis_never_runs_together_however_close_one_looks(alone, found, press):
    index = found("http_good")
    chart = Chart(index)
    async with alone(chart).run_test(size=(100, 30)) as pilot:
        await charted(chart, index)
        for form in ("relative", "UTC"):
            chart.show_time(form)
            for _ in range(40):
                words = joined(chart.header(100)).split("╷")
                assert all(word == word.rstrip() + " " * (len(word) - len(word.rstrip())) for word in words)
                assert all(word.endswith(" ") for word in words[1:-1])
                await press(pilot, "plus")
            await press(pilot, "0")
        assert "╷00:00:0" in joined(chart.header(100))


async def test_it_goes_to_the_bar_of_a_frame(alone, found):
    index = found("http_good")
    chart = Chart(index)
    async with alone(chart).run_test(size=(100, 30)):
        rows = await charted(chart, index)
        assert chart.go((0, 44))
        assert chart.cursor in (rows["MSK 00010001"], rows["MSK 00010001"] - 4, 1)
        assert not chart.go((0, 999_999))


async def test_enter_goes_to_the_frame_and_the_status_reads_the_bar(opened, press):
    async with opened("missed_update", keys="enter right_square_bracket right_square_bracket G") as pilot:
        screen = pilot.app.screen
        assert "cannot decrypt" in str(screen.query_one("#status").render())
        place = screen.ue.chart.bar.place
        await press(pilot, "enter")
        assert screen.pane == "packets"
        assert screen.packets.place[1] >= place[1]


async def test_no_key_no_chart_and_a_word(alone, found):
    index = found("media_in_the_clear")
    chart = Chart(index)
    async with alone(chart).run_test(size=(100, 30)):
        assert "No key of this UE" in chart.empty
        assert joined(chart.header(30))[: LABEL + 1].isspace()
