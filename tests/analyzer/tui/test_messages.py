"""The list of messages: what passes a filter, media packets among them, and where the cursor stays."""

from dataclasses import replace

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
        assert len(pane.list.rows) == len(pane.found.messages)
        await sift(pane, pilot, "mikey.key.type == 2")  # a field of plaintext
        assert pane.list.rows
        assert {message.protocol for message in pane.listed} == {"mikey"}


async def test_a_media_packet_that_is_asked_for_is_read_again(paned, press, sift):
    async with paned(Packets) as (pane, pilot):
        group = next(group for group in pane.found.analysis.story.media if group.protocol == "srtp")
        count = len(pane.list.rows)
        pane.go((0, group.frame))
        await press(pilot, "")
        assert pane.message.frame == group.frame
        assert pane.message.protocol == "rtp"
        assert pane.inspector.tabs.titles == ("SRTP",)
        assert pane.inspector.tabs.note.startswith(f"frame {group.frame} · udp → {group.port} · ")
        assert len(pane.list.rows) == count + 1
        times = [message.time for message in pane.listed]
        assert times == sorted(times)
        pane.list.cursor = 0
        pane.go((0, group.frame))
        await press(pilot, "")
        assert len(pane.list.rows) == count + 1  # it is there already
        assert pane.message.frame == group.frame
        await sift(pane, pilot, "")
        assert len(pane.list.rows) == count


@pytest.mark.parametrize(("frame", "shown"), [(1, 0), (99_999, -1)])
async def test_a_frame_that_holds_nothing_leads_to_the_next_message(paned, press, frame, shown):
    async with paned(Packets) as (pane, pilot):
        assert frame not in {each for message in pane.found.messages for each in message.payload.frames}
        pane.list.cursor = 5
        pane.go((0, frame))
        await press(pilot, "")
        assert pane.message is pane.found.messages[shown]


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


@pytest.mark.parametrize("text", ["", "sip || mikey"])
async def test_media_packets_leave_the_list_when_the_case_comes_to_more(paned, press, sift, text):
    async with paned(Packets) as (pane, pilot):
        await sift(pane, pilot, text)
        count = len(pane.list.rows)
        media = pane.found.analysis.story.media[0]
        pane.go((0, media.frame))
        await press(pilot, "")
        assert pane.list.rows[pane.list.at] < 0
        pane.renew(replace(pane.found))
        assert min(pane.list.rows) >= 0
        await press(pilot, "")
        assert len(pane.list.rows) == pane.list.count == count
