import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.tui.model import index
from analyzer.tui.packets import Packets
from analyzer.tui.screen import CaseScreen


async def test_a_filter_leaves_what_passes_and_keeps_the_cursor_near(paned, sift):
    async with paned(Packets, keys="G") as (pane, pilot):
        last = pane.message
        await sift(pane, pilot, "mikey")
        assert {message.protocol for message in pane.listed} == {"mikey"}
        assert pane.message.time <= last.time
        assert pilot.app.focused is pane.list
        await sift(pane, pilot, "")
        assert len(pane.rows) == len(pane.found.messages)
        await sift(pane, pilot, "mikey.key.type == 2")  # a field of plaintext
        assert pane.rows
        assert {message.protocol for message in pane.listed} == {"mikey"}


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
        assert pane.rows == []
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
        assert 1 < len(pane.rows) < len(pane.found.messages)
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
        assert pane.bookmarks == {2}


async def test_a_media_packet_that_is_asked_for_is_read_again(paned, press, sift):
    async with paned(Packets) as (pane, pilot):
        group = next(group for group in pane.found.analysis.story.media if group.protocol == "srtp")
        count = len(pane.rows)
        pane.go((0, group.frame))
        await press(pilot, "")
        assert pane.message.frame == group.frame
        assert pane.message.protocol == "rtp"
        assert pane.inspector.tabs.titles == ("SRTP",)
        assert pane.inspector.tabs.note.startswith(f"frame {group.frame} · udp → {group.port} · ")
        assert len(pane.rows) == count + 1
        times = [message.time for message in pane.listed]
        assert times == sorted(times)
        pane.list.cursor = 0
        pane.go((0, group.frame))
        await press(pilot, "")
        assert len(pane.rows) == count + 1  # it is there already
        assert pane.message.frame == group.frame
        await sift(pane, pilot, "")
        assert len(pane.rows) == count


@pytest.mark.parametrize(("frame", "shown"), [(1, 0), (99_999, -1)])
async def test_a_frame_that_holds_nothing_leads_to_the_next_message(paned, press, frame, shown):
    async with paned(Packets) as (pane, pilot):
        assert frame not in {each for message in pane.found.messages for each in message.payload.frames}
        pane.list.cursor = 5
        pane.go((0, frame))
        await press(pilot, "")
        assert pane.message is pane.found.messages[shown]


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


async def test_a_capture_without_messages_says_what_was_seen(ready, press, tmp_path):
    path = tmp_path / "arp.pcap"
    frame = bytes(12) + b"\x08\x06" + bytes(28)
    path.write_bytes(
        b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(8) + b"\xff\xff\0\0\x01\0\0\0"
        + bytes(8) + len(frame).to_bytes(4, "little") * 2 + frame
    )  # fmt: skip
    running = ready(index(analyse(CaseFiles("arp", (str(path),)))))
    async with running.run_test() as pilot:
        await pilot.pause()
        empty = running.screen.packets.list.empty
        assert empty.startswith("No SIP, HTTP, MIKEY or Diameter message")
        assert "1 × " in empty
        await press(pilot, "1 enter x r v 2 right_square_bracket enter 3 m F ' 4 enter f escape 5 enter K y s escape")
        assert isinstance(running.screen, CaseScreen)


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
        assert pane.rows
        assert all(pane.found.mark(message).word == "fail" for message in pane.listed)
        await sift(pane, pilot, "frame.time_relative < 0.3 && frame.number in {1 .. 50}")
        assert 0 < len(pane.rows) < len(pane.found.messages)
