import pytest

from analyzer.tui.packets import Packets


@pytest.fixture
def packets():
    return lambda pilot: pilot.app.screen.query_one(Packets)


async def test_a_filter_leaves_what_passes_and_keeps_the_cursor_near(opened, packets, press):
    async with opened("http_good", keys="3 G") as pilot:
        pane = packets(pilot)
        last = pane.message
        await press(pilot, "f m i k e y enter")
        assert {message.protocol for message in pane.listed} == {"mikey"}
        assert pane.message.time <= last.time
        assert pilot.app.focused is pane.list
        await press(pilot, "f ctrl+u enter")
        assert len(pane.rows) == len(pane.found.messages)


async def test_a_wrong_filter_is_refused_and_says_why(opened, packets, press):
    async with opened("http_good", keys="f ( enter") as pilot:
        pane = packets(pilot)
        sign = str(pane.filter.query_one("#sign").content)
        assert sign.startswith("✗ ")
        assert "character" in sign
        assert pane.filter.applied == ""
        await press(pilot, "backspace s i p")
        assert str(pane.filter.query_one("#sign").content) == "✓ valid"
        await press(pilot, "escape")
        assert pane.filter.input.value == ""


async def test_a_filter_that_nothing_passes_says_so(opened, packets, press):
    async with opened("http_good", keys="f n o n e enter") as pilot:
        pane = packets(pilot)
        assert pane.rows == []
        assert "filter" in pane.list.empty
        await press(pilot, "m F v tab e K escape y")  # nothing under the cursor, and no crash
        assert pane.message is None
        assert pane.inspector.octets.data == b""


async def test_decrypted_fields_can_be_asked_for(opened, packets, press):
    async with opened("http_good", keys="3") as pilot:
        pane = packets(pilot)
        pane.filter.apply("mikey.key.type == 2")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert pane.rows
        assert {message.protocol for message in pane.listed} == {"mikey"}


async def test_follow_shows_the_dialog_of_a_message(opened, packets, press):
    async with opened("http_good", keys="3 slash I N V I T E enter F") as pilot:
        pane = packets(pilot)
        calls = {message.body.call_id for message in pane.listed}
        assert len(calls) == 1
        assert 1 < len(pane.rows) < len(pane.found.messages)
        assert pane.filter.applied.startswith("sip.Call-ID == ")


async def test_the_field_under_the_cursor_becomes_the_filter(opened, packets, press):
    async with opened("http_good", keys="3 tab") as pilot:
        pane = packets(pilot)
        await press(pilot, "slash m e t h o d enter =")
        assert pane.filter.applied.startswith("http.request.method == ")
        assert {message.protocol for message in pane.listed} == {"http"}


async def test_a_key_never_becomes_a_filter_unasked(opened, packets, press):
    async with opened("http_good", keys="3") as pilot:
        pane = packets(pilot)
        msk = next(m for m in pane.found.messages if pane.found.analysis.story.chain.opening(m))
        pane.go((0, msk.frame))
        await press(pilot, "right_square_bracket tab slash k e y . d a t a : enter =")
        assert "holds a key" in pane.inspector.outline.text(pane.inspector.outline.cursor)
        assert pane.filter.applied == ""


async def test_marks_are_set_and_gone_to_in_turn(opened, packets, press):
    async with opened("http_good", keys="3") as pilot:
        pane = packets(pilot)
        await press(pilot, "'")
        assert pane.list.cursor == 0
        await press(pilot, "m j j m g ' ")
        assert pane.list.cursor == 2
        assert pane.list.row(2).cells[0].text.endswith("●")
        await press(pilot, "'")
        assert pane.list.cursor == 0
        await press(pilot, "m")
        assert pane.bookmarks == {2}


async def test_a_media_packet_that_is_asked_for_is_read_again(opened, packets, press):
    async with opened("http_good", keys="3") as pilot:
        pane = packets(pilot)
        group = next(group for group in pane.found.analysis.story.media if group.protocol == "srtp")
        count = len(pane.rows)
        await press(pilot, "colon " + " ".join(str(group.frame)) + " enter")
        assert pane.message.frame == group.frame
        assert pane.message.protocol == "rtp"
        assert pane.inspector.tabs.titles == ("RTP",)
        assert len(pane.rows) == count + 1
        times = [message.time for message in pane.listed]
        assert times == sorted(times)
        await press(pilot, "g colon " + " ".join(str(group.frame)) + " enter")
        assert len(pane.rows) == count + 1  # it is there already
        assert pane.message.frame == group.frame
        await press(pilot, "f enter")
        assert len(pane.rows) == count


async def test_a_frame_that_holds_nothing_leads_to_the_next_message(opened, packets, press):
    async with opened("http_good", keys="colon 1 enter") as pilot:
        pane = packets(pilot)
        assert 1 not in {frame for message in pane.found.messages for frame in message.payload.frames}
        assert pane.message is pane.found.messages[0]
        await press(pilot, "colon 9 9 9 9 9 enter")
        assert pane.list.cursor == len(pane.rows) - 1


async def test_completion_and_recall_in_the_filter(opened, packets, press):
    async with opened("http_good", keys="f m i k e y . c s b tab") as pilot:
        pane = packets(pilot)
        assert pane.filter.input.value == "mikey.csb_id"
        await press(pilot, "enter f ctrl+u s i p enter f")
        await press(pilot, "up")
        assert pane.filter.input.value == "sip"
        await press(pilot, "up")
        assert pane.filter.input.value == "mikey.csb_id"
        await press(pilot, "down down")
        assert pane.filter.input.value == ""


async def test_a_capture_without_messages_says_what_was_seen(app, until, tmp_path, monkeypatch):
    from analyzer.analysis import Options, analyse
    from analyzer.capture.case import CaseFiles
    from analyzer.tui import loading
    from analyzer.tui.app import Keyshark
    from analyzer.tui.screen import CaseScreen

    monkeypatch.setattr(loading, "analyse", analyse)
    path = tmp_path / "arp.pcap"
    frame = bytes(12) + b"\x08\x06" + bytes(28)
    path.write_bytes(
        b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(8) + b"\xff\xff\0\0\x01\0\0\0"
        + bytes(8) + len(frame).to_bytes(4, "little") * 2 + frame
    )  # fmt: skip
    running = Keyshark([CaseFiles("arp", (str(path),))], Options(), "0.1.0")
    async with running.run_test() as pilot:
        await until(pilot, lambda: isinstance(running.screen, CaseScreen))
        await pilot.pause()
        empty = running.screen.packets.list.empty
        assert empty.startswith("No SIP, HTTP, MIKEY or Diameter message")
        assert "1 × " in empty
        for keys in [
            "1",
            "enter",
            "x",
            "r",
            "v",
            "2",
            "right_square_bracket",
            "enter",
            "3",
            "m",
            "F",
            "'",
            "4",
            "enter",
            "f",
            "escape",
            "5",
            "enter",
            "K",
            "y",
            "s",
            "escape",
        ]:
            await pilot.press(keys)
        assert isinstance(running.screen, CaseScreen)
