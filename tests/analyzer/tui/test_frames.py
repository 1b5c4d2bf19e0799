"""The list of all frames: rows made on demand, what is in a frame, and what works otherwise than in other lists."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import open_capture
from analyzer.tui import frames as module
from analyzer.tui.cells import Mark
from analyzer.tui.frames import FrameTable
from analyzer.tui.model import index
from analyzer.tui.packets import Packets
from analyzer.tui.roll import Roll
from sample_pcaps.forge import ethernet, pcap, udp
from sample_pcaps.forge_srtp import rtp_header

SAMPLE = Path("sample_pcaps/http_good/capture.pcapng")


@pytest.fixture
def framed(paned, press, until):
    """Show all frames of a sample; give the pane and the pilot."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def run(name="http_good", keys=""):
        async with paned(Packets, name) as (pane, pilot):
            await press(pilot, "a")
            await until(pilot, lambda: pane.roll.frames.over and pane.frames.count == pane.roll.frames.count)
            await press(pilot, keys)
            yield pane, pilot

    return run


async def test_a_line_a_frame_of_the_capture(framed):
    async with framed() as (pane, _pilot):
        frames = list(open_capture(str(SAMPLE)))
        assert pane.frames.count == len(frames)
        rows = [pane.frames.frame_row(row) for row in range(len(frames))]
        assert [row.cells[1].text for row in rows] == [str(frame.number) for frame in frames]
        assert [row.cells[6].text for row in rows] == [str(frame.length) for frame in frames]
        told = [pane.frames.text(row) for row in range(len(frames))]
        assert "TCP 54 40001 → 80 [SYN]" in told[0]
        assert any("HTTP" in line and "GET /" in line for line in told)
        assert any(" SRTP " in line and "SSRC 0x4d424d53, seq 65500" in line for line in told)
        assert any(" SRTCP " in line for line in told)


async def test_a_frame_of_a_message_is_shown_as_that_with_its_headers(framed, press):
    async with framed() as (pane, pilot):
        message = next(each for each in pane.found.messages if each.protocol == "sip")
        pane.go((0, message.frame))
        await press(pilot, "enter")
        assert pane.message is message
        assert pane.inspector.tabs.titles[0] == "SIP"
        assert pane.inspector.tabs.titles[-1] == "FRAME"
        assert pilot.app.focused is pane.inspector.outline
        pane.inspector.tabs.choose(len(pane.inspector.tabs.titles) - 1)
        await press(pilot, "")
        names = [node.target.name for node in pane.inspector.outline.roots]
        assert names == ["eth", "ip", "udp", "data"]
        assert pane.inspector.octets.data == next(
            frame.data for frame in open_capture(str(SAMPLE)) if frame.number == message.frame
        )


async def test_a_frame_of_no_message_is_its_headers_or_what_its_octets_give(framed, press):
    async with framed(keys="g enter") as (pane, pilot):
        assert pane.message is None
        assert pane.inspector.tabs.titles == ("FRAME",)
        assert pane.inspector.tabs.note == "frame 1 · 54 octets"
        assert any("tcp.flags" in pane.inspector.outline.text(row) for row in range(pane.inspector.outline.count))
        media = next(group for group in pane.found.analysis.story.media if group.protocol == "srtp")
        pane.go((0, media.frame))
        pane.frames.focus()
        await press(pilot, "enter")
        assert pane.inspector.tabs.titles == ("SRTP", "FRAME")


@pytest.mark.parametrize(("name", "words"), [("http_good", {"SRTP", "SRTCP"}), ("media_in_the_clear", {"SRTP", "RTP"})])
async def test_media_are_called_alike_in_both_lists(framed, press, name, words):
    async with framed(name) as (pane, pilot):
        told, titles = pane.columns.index("Proto") + 1, []
        for group in pane.found.analysis.story.media:
            place = (0, group.frame)
            row = pane.frames.frame_row(pane.frames.roll.frames.row(place))
            pane.go(place)
            await press(pilot, "enter")
            titles.append(pane.inspector.tabs.titles[0])
            await press(pilot, "a")
            pane.go(place)
            await press(pilot, "")
            line = pane.list.message_row(pane.list.at)
            assert pane.message.frame == group.frame
            for title in ("Proto", "Info"):
                at = pane.columns.index(title) + 1
                assert line.cells[at].text == row.cells[at].text
            assert row.cells[told].text == titles[-1] == pane.inspector.tabs.titles[0]
            await press(pilot, "a")
        assert words <= set(titles)


async def test_fields_of_frames_are_filters_and_no_columns(framed, press):
    async with framed(keys="g enter g j =") as (pane, pilot):
        assert pane.filter.applied == 'eth.dst == "' + pane.inspector.outline.node.target.value + '"'
        assert pane.has_frames
        assert 0 < pane.frames.count < pane.roll.frames.count
        pane.inspector.outline.focus()
        await press(pilot, "|")
        assert "eth.dst" not in pane.columns


async def test_keys_in_the_octets_of_a_frame_stay_hidden_until_asked_for(framed, press):
    """The BSF sends Ks_NAF to the BM-SC in the clear of Diameter, over TCP."""
    async with framed() as (pane, pilot):
        holds = pane.found.hider.holds_secret
        frame = next(frame for frame in open_capture(str(SAMPLE)) if holds(frame.data))
        pane.go((0, frame.number))
        await press(pilot, "enter")
        pane.inspector.tabs.choose(len(pane.inspector.tabs.titles) - 1)
        await press(pilot, "")
        assert pane.inspector.octets.hidden[0][1] == len(frame.data)
        assert "data" not in [node.target.name for node in pane.inspector.outline.roots if node.target]
        pane.inspector.reveal(True)
        assert pane.inspector.octets.hidden == ()


async def test_the_cursor_stays_on_its_frame_when_messages_are_listed_again(framed, press):
    async with framed() as (pane, pilot):
        message = pane.found.messages[7]
        pane.go((0, message.frame))
        await press(pilot, "a")
        assert pane.message is message
        assert pilot.app.focused is pane.list
        await press(pilot, "j a")
        assert pane.frames.place == (0, pane.found.messages[8].frame)
        assert pilot.app.focused is pane.frames


async def test_a_filter_is_of_frames_there_and_of_messages_again_with_them(framed, sift, press):
    async with framed() as (pane, pilot):
        assert "all frames" in pane.filter.input.placeholder
        await sift(pane, pilot, "mikey || frame.number < 3")
        assert pane.has_frames
        told = [pane.frames.text(row) for row in range(pane.frames.count)]
        assert [line.split()[0] for line in told[:2]] == ["1", "2"]
        assert all("MIKEY" in line for line in told[2:])
        assert pilot.app.focused is pane.frames
        await press(pilot, "G a")
        assert not pane.has_frames
        assert {message.protocol for message in pane.listed} == {"mikey"}
        assert pane.message is pane.listed[-1]
        await sift(pane, pilot, "")
        await press(pilot, "a")
        assert pane.frames.count == pane.roll.frames.count


async def test_a_filter_of_headers_is_left_behind_with_the_frames(framed, sift, press):
    async with framed() as (pane, pilot):
        await sift(pane, pilot, "tcp.flags == 2")
        assert {line.count("[SYN]") for line in map(pane.frames.text, range(pane.frames.count))} == {1}
        await press(pilot, "a")
        assert pane.filter.applied == ""
        assert len(pane.listed) == len(pane.found.messages)
        assert "is of frames, which a lists" in pane.filter.wrong("tcp.flags == 2")


async def test_the_cursor_stays_on_its_frame_or_goes_to_the_next_that_passes(framed, sift, press):
    async with framed() as (pane, pilot):
        frame = next(each.frame for each in pane.found.messages if each.protocol == "sip")
        pane.go((0, frame))
        await sift(pane, pilot, "sip")
        assert pane.frames.place == (0, frame)
        await sift(pane, pilot, "srtp")
        media = min(group.frame for group in pane.found.analysis.story.media)
        await press(pilot, "")
        assert pane.frames.place == (0, media)
        pane.go((0, frame))  # which does not pass
        await press(pilot, "")
        assert pane.filter.applied == ""
        assert pane.frames.place == (0, frame)


async def test_what_stops_a_filter_leaves_what_was_found(framed, sift, press, until):
    async with framed() as (pane, pilot):
        await sift(pane, pilot, "udp")
        assert pane.frames.sieve.over
        count = len(pane.frames.sieve.passed)
        pane.frames.sieve.over = False
        pane.frames.action_stop()
        assert pane.frames.count == count
        assert pane.frames.sieve.told().endswith("frames pass")


async def test_problems_marks_and_texts_are_found(framed, press, until):
    async with framed("mtk_outside_window", keys="g e") as (pane, pilot):
        failed = min(place for place, mark in pane.found.marks.items() if mark is Mark.FAIL)
        assert pane.frames.place == failed
        await press(pilot, "m")
        assert pane.frames.frame_row(pane.frames.cursor).cells[0].text == "✗●"
        await press(pilot, "g ' ")
        assert pane.frames.place == failed
        await press(pilot, "g m")  # no message there
        assert pane.marked == (failed,)
        assert pane.frames.find("INVITE", 1)
        await until(pilot, lambda: not pane.frames.sought)
        assert "INVITE" in pane.frames.text(pane.frames.cursor)
        here = pane.frames.cursor
        pane.frames.find("nothing of the kind", -1)
        await until(pilot, lambda: not pane.frames.sought)
        assert pane.frames.cursor == here


async def test_esc_stops_a_search(framed, press, until, monkeypatch):
    monkeypatch.setattr(module, "TELL_EVERY", 1)
    async with framed(keys="g") as (pane, _pilot):
        pane.frames.find("nothing of the kind", 1)
        pane.frames.action_stop()
        assert pane.frames.sought == ""
        assert not pane.frames.check_action("stop", ())
        assert pane.frames.cursor == 0


async def test_frames_are_not_sorted(framed, press):
    async with framed(keys="g > > z") as (pane, _pilot):
        assert pane.frames.order is None
        assert [pane.frames.frame_row(row).cells[1].text for row in range(3)] == ["1", "2", "3"]


async def test_times_and_columns_are_those_of_the_messages(framed, press):
    async with framed(keys="g") as (pane, _pilot):
        pane.show_time("UTC")
        assert pane.frames.frame_row(0).cells[2].text.count(":") == 2
        pane.show_time("delta")
        assert pane.frames.frame_row(1).cells[2].text.startswith("+0.0")
        pane.show_columns(("No.", "sip.Method", "Info"))
        message = next(each for each in pane.found.messages if each.protocol == "sip")
        row = pane.roll.frames.row((0, message.frame))
        assert [cell.text for cell in pane.frames.frame_row(row).cells[1:3]] == [str(message.frame), "INVITE"]
        assert pane.frames.frame_row(0).cells[2].text == ""


def media(count):
    ends = ("10.0.0.1", "10.0.0.2")
    for number in range(count):
        body = rtp_header(seq=number * 900, timestamp=0, ssrc=5) + bytes(20)
        yield number * 10**6, ethernet(*ends, udp(ends[0], 4000, ends[1], 4002, body))


async def test_what_only_looks_like_media_is_a_datagram(ready, press, until, tmp_path):
    path = tmp_path / "some.pcap.gz"
    path.write_bytes(gzip.compress(pcap(media(30))))
    running = ready(index(analyse(CaseFiles("some", (str(path),)))))
    async with running.run_test(size=(160, 45)) as pilot:
        await press(pilot, "3 a")
        packets = running.screen.packets
        await until(pilot, lambda: packets.frames.count == 30)
        assert "UDP" in packets.frames.text(0)
        assert "4000 → 4002, 32 octets" in packets.frames.text(0)
        assert "temporary file" in packets.roll.told()
        await press(pilot, ": 2 0 enter")
        assert packets.frames.place == (0, 20)
        await press(pilot, ": 9 9 9 enter")
        assert packets.frames.place == (0, 30)


async def test_rows_are_there_before_the_case_is(alone, until, press):
    roll = Roll((str(SAMPLE.absolute()),))
    table = FrameTable(roll, None)
    async with alone(table).run_test(size=(80, 24)) as pilot:
        assert table.count == 0
        assert table.place is None
        table.go((0, 12))
        roll.begin()
        roll.begin()  # once is enough
        await until(pilot, lambda: table.count == roll.frames.count > 0)
        await press(pilot, "")
        assert table.place == (0, 12) == roll.place
        assert "SIP" in table.text(11)


async def test_the_cursor_stays_on_its_frame_when_captures_are_brought_together(alone, until, tmp_path):
    paths = []
    for part in (0, 1):
        path = tmp_path / f"{part}.pcap"
        path.write_bytes(pcap(list(media(40))[part::2]))
        paths.append(str(path))
    roll = Roll(paths)
    table = FrameTable(roll, None)
    filling = roll.frames.fill()
    async with alone(table).run_test(size=(80, 24)) as pilot:
        next(filling)
        table.look()
        table.cursor = 5
        assert table.place == (0, 6)
        list(filling)
        table.look()
        assert table.cursor == 10
        assert table.place == (0, 6)
        assert table.frame_row(1).cells[1].text == "1:1"
        await pilot.pause()


async def test_a_capture_that_grows_lists_what_has_come_and_the_cursor_stays(ready, press, until, tmp_path):
    path = tmp_path / "some.pcap"
    octets = pcap(media(60))
    path.write_bytes(octets[: 24 + 30 * (len(octets) - 24) // 60])
    found = index(analyse(CaseFiles("some", (str(path),))))
    running = ready(found)
    async with running.run_test() as pilot:
        await press(pilot, "3 a")
        packets = running.screen.packets
        await until(pilot, lambda: packets.frames.count == 30)
        await press(pilot, "g j j")
        before = packets.roll
        packets.renew(replace(found))
        await until(pilot, lambda: packets.frames.roll is not before)
        assert (packets.frames.count, packets.frames.cursor) == (30, 2)
        path.write_bytes(octets)
        packets.renew(replace(found))
        await until(pilot, lambda: packets.frames.count == 60)
        assert packets.frames.place == (0, 3)
        assert packets.frames.roll is packets.roll
        await press(pilot, "G")
        path.write_bytes(octets + octets[24:])
        packets.renew(replace(found))
        await until(pilot, lambda: packets.frames.count == 120)
        assert packets.frames.cursor == 119
