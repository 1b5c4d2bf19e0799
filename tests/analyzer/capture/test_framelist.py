"""The list of all frames holds what the readers give, whatever the capture is written in."""

import gzip
from pathlib import Path

import pytest

from analyzer.capture import framelist
from analyzer.capture.framelist import FrameList
from analyzer.capture.reader import open_capture
from sample_pcaps.forge import ethernet, pcap, pcapng, udp

SECOND = 10**9
PACKETS = [
    (n * SECOND, ethernet("10.0.0.1", "10.0.0.2", udp("10.0.0.1", 1, "10.0.0.2", 2, bytes([n % 256]) * n)))
    for n in range(40)
]
REAL = Path(__file__).parents[4] / "shared" / "captures"
SAMPLES = Path(__file__).parents[3] / "sample_pcaps"


def filled(*paths, **options):
    frames = FrameList([str(path) for path in paths], **options)
    counts = list(frames.fill())
    assert counts == sorted(counts)
    assert frames.over
    return frames


@pytest.fixture(params=["pcap", "pcapng", "gz"])
def capture(request, tmp_path):
    octets = pcapng(PACKETS) if request.param == "pcapng" else pcap(PACKETS)
    path = tmp_path / f"some.{request.param}"
    path.write_bytes(gzip.compress(octets) if request.param == "gz" else octets)
    return path


def test_each_frame_is_the_one_that_the_reader_gives(capture):
    frames = filled(capture)
    assert [frames.frame(row) for row in range(frames.count)] == list(open_capture(str(capture)))
    assert frames.why == ""
    assert frames.is_compressed is (capture.suffix == ".gz")
    assert (frames.unpacked > 0) is frames.is_compressed
    assert frames.done == frames.total == capture.stat().st_size


@pytest.mark.parametrize("path", sorted([*REAL.glob("*.pcap*"), *SAMPLES.glob("*_good/capture.pcapng")]), ids=str)
def test_so_it_is_in_captures_of_every_kind(path):
    frames = filled(path)
    assert [frames.frame(row) for row in range(frames.count)] == list(open_capture(str(path)))


def test_a_frame_takes_few_octets(capture, monkeypatch):
    monkeypatch.setattr(framelist, "CHUNK", 8)
    frames = filled(capture)
    assert frames.memory <= 40 * frames.count
    assert [frames.place(row) for row in (0, 7, 8, 39)] == [(0, 1), (0, 8), (0, 9), (0, 40)]
    assert [frames.row((0, number)) for number in (1, 8, 9, 40)] == [0, 7, 8, 39]


def test_what_is_not_there_leads_to_the_next_frame_or_to_none(capture):
    frames = filled(capture)
    assert frames.row((0, 0)) == 0
    assert frames.row((0, 41)) is None
    assert frames.row((1, 1)) is None


def test_those_that_are_found_are_there_while_others_are_sought(tmp_path, monkeypatch):
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap(PACKETS * 3000))
    frames = FrameList([str(path)])
    filling = frames.fill()
    count = next(filling)
    assert 0 < count < 120_000
    assert not frames.over
    assert 0 < frames.done <= frames.total
    assert frames.frame(count - 1).number == count
    filling.close()


def test_several_captures_stand_by_time_once_all_are_found(tmp_path):
    even, odd = tmp_path / "even.pcap", tmp_path / "odd.pcap"
    even.write_bytes(pcap(PACKETS[::2]))
    odd.write_bytes(pcap(PACKETS[1::2]))
    frames = filled(even, odd)
    assert frames.is_arranged
    assert [frames.time(row) for row in range(frames.count)] == [time for time, _ in PACKETS]
    assert [frames.place(row) for row in range(3)] == [(0, 1), (1, 1), (0, 2)]
    assert [frames.row(place) for place in ((0, 1), (1, 1), (0, 2))] == [0, 1, 2]
    assert frames.memory <= 32 * 2 * framelist.CHUNK + 8 * frames.count
    later = filled(even, odd, offsets={0: 100 * SECOND})
    assert [later.place(row)[0] for row in (0, 19, 20)] == [1, 1, 0]
    assert later.frame(20).time == 100 * SECOND


def test_no_more_are_listed_than_memory_has_room_for(capture, monkeypatch):
    monkeypatch.setattr(framelist, "MAX_FRAMES", 10)
    frames = filled(capture)
    assert frames.count <= 10
    assert "no more than 10 frames" in frames.why


@pytest.mark.parametrize("limit", ["size", "disk"])
def test_no_more_is_decompressed_than_there_is_room_for(limit, tmp_path, monkeypatch):
    path = tmp_path / "some.pcap.gz"
    path.write_bytes(gzip.compress(pcap(PACKETS)))
    if limit == "size":
        monkeypatch.setattr(framelist, "MAX_UNPACKED", 100)
    else:
        monkeypatch.setattr(framelist.tempfile, "TemporaryFile", _full)
    frames = filled(path)
    assert frames.count == 0
    assert "compressed" in frames.why


def _full(**options):
    raise OSError(28, "No space left on device")


def test_what_cannot_be_read_is_told(tmp_path, capture):
    text = tmp_path / "text"
    text.write_text("no capture")
    assert "is no pcap" in filled(text).why
    frames = filled(capture)
    frames.close()
    if frames.is_compressed:
        assert frames.frame(0).data == b""
    capture.unlink()
    assert frames.frame(0).data == b""
    assert not frames.is_compressed


@pytest.mark.parametrize("room", [1, 500, 10**9])
def test_frames_that_lie_together_are_read_in_one_go(monkeypatch, room):
    monkeypatch.setattr(framelist, "MAX_STRETCH", room)
    found = FrameList(["sample_pcaps/http_good/capture.pcapng"], {0: 7})
    list(found.fill())
    row, frames = 0, []
    while row < found.count:
        some = found.stretch(row, 50)
        assert 0 < len(some) <= 50
        frames += some
        row += len(some)
    assert frames == [found.frame(row) for row in range(found.count)]
    assert [frame._replace(data=b"") for frame in frames[:3]] == found.stretch(0, 3, with_octets=False)
