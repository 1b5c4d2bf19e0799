from analyzer.tui.packets import Packets


async def test_a_wrong_filter_is_refused_and_says_why(paned, sift, press):
    async with paned(Packets) as (pane, pilot):
        await sift(pane, pilot, "(")
        sign = str(pane.filter.query_one("#sign").content)
        assert sign.startswith("✗ ")
        assert "character" in sign
        assert pane.filter.applied == ""
        await press(pilot, "backspace s i p")
        assert str(pane.filter.query_one("#sign").content) == "✓ valid"
        await press(pilot, "escape")
        assert pane.filter.input.value == ""


async def test_a_filter_that_nothing_passes_says_so(paned, sift, press):
    async with paned(Packets) as (pane, pilot):
        await sift(pane, pilot, "frame.number == 0")
        assert pane.list.rows == []
        assert "filter" in pane.list.empty
        await press(pilot, "m F v tab e")  # nothing under the cursor, and no crash
        assert pane.message is None
        assert pane.inspector.octets.data == b""


async def test_follow_shows_the_dialog_of_a_message(paned, press):
    async with paned(Packets) as (pane, pilot):
        assert pane.list.find("INVITE", 1)
        await press(pilot, "F")
        calls = {message.body.call_id for message in pane.listed}
        assert len(calls) == 1
        assert 1 < len(pane.list.rows) < len(pane.found.messages)
        assert pane.filter.applied.startswith("sip.Call-ID == ")


async def test_the_field_under_the_cursor_becomes_the_filter(paned, press):
    async with paned(Packets, keys="tab") as (pane, pilot):
        assert pane.inspector.outline.find("method", 1)
        await press(pilot, "=")
        assert pane.filter.applied.startswith("http.request.method == ")
        assert {message.protocol for message in pane.listed} == {"http"}


async def test_a_key_never_becomes_a_filter_unasked(paned, press):
    async with paned(Packets) as (pane, pilot):
        msk = next(m for m in pane.found.messages if pane.found.analysis.story.chain.opening(m))
        pane.go((0, msk.frame))
        await press(pilot, "right_square_bracket tab")
        assert pane.inspector.outline.find("key.data:", 1)
        await press(pilot, "=")
        assert "holds a key" in pane.inspector.outline.text(pane.inspector.outline.cursor)
        assert pane.filter.applied == ""


async def test_marks_are_set_and_gone_to_in_turn(paned, press):
    async with paned(Packets, keys="'") as (pane, pilot):
        assert pane.list.cursor == 0
        await press(pilot, "m j j m g ' ")
        assert pane.list.cursor == 2
        assert pane.list.row(2).cells[0].text.endswith("●")
        await press(pilot, "'")
        assert pane.list.cursor == 0
        await press(pilot, "m")
        assert pane.signs.bookmarks == {2}


async def test_completion_and_recall_in_the_filter(paned, sift, press):
    async with paned(Packets) as (pane, pilot):
        pane.filter.input.focus()
        await press(pilot, "m i k e y . c s b tab")
        assert pane.filter.input.value == "mikey.csb_id"
        await press(pilot, "enter")
        await sift(pane, pilot, "sip")
        pane.filter.input.focus()
        await press(pilot, "up")
        assert pane.filter.input.value == "sip"
        await press(pilot, "up")
        assert pane.filter.input.value == "mikey.csb_id"
        await press(pilot, "down down")
        assert pane.filter.input.value == ""


async def test_a_name_of_the_network_that_is_half_typed_is_not_valid(paned):
    async with paned(Packets) as (pane, _):
        longer = next(name for name in sorted(pane.found.names) if name.startswith("mbms_xml.") and len(name) > 12)
        assert pane.filter.wrong(longer) == ""
        assert "only the beginning" in pane.filter.wrong(longer[:-2])
        assert "only the beginning" in pane.filter.wrong("sip.Meth")
        assert pane.filter.wrong("mbms_xml.never-seen-here") == ""


async def test_verdicts_and_times_are_filtered_by(paned, sift):
    async with paned(Packets, "mtk_outside_window") as (pane, pilot):
        await sift(pane, pilot, 'keyshark.verdict == "fail"')
        assert pane.list.rows
        assert all(pane.found.mark(message).word == "fail" for message in pane.listed)
        await sift(pane, pilot, "frame.time_relative < 0.3 && frame.number in {1 .. 50}")
        assert 0 < len(pane.list.rows) < len(pane.found.messages)
