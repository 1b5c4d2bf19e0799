import gzip
import os
import threading
import time
from pathlib import Path

import pytest

from analyzer.capture import follow as following
from analyzer.capture.follow import Follow, Growing
from analyzer.capture.reader import CaptureError, open_capture
from sample_pcaps import forge

PACKETS = [(10**9 * second, bytes([second]) * 40) for second in range(1, 21)]
FILES = {"pcap": forge.pcap(PACKETS), "pcapng": forge.pcapng(PACKETS)}
WITHIN = 1.0  # seconds in which what was written has to be there


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL", 0.01)
    monkeypatch.setattr(following, "GRACE", 0.05)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "grows"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)


@pytest.mark.parametrize("form", FILES)
def test_frames_come_as_they_are_written_and_a_record_that_is_cut_is_waited_for(path: Path, form: str) -> None:
    data, delays, written = FILES[form], [], {}

    def write() -> None:
        for at in range(0, len(data), 37):  # nowhere near the ends of records
            append(path, data[at : at + 37])
            written[at + 37] = time.monotonic()
            time.sleep(0.002)
        time.sleep(0.1)
        follow.stop()

    path.touch()
    follow = Follow()
    writer = threading.Thread(target=write)
    writer.start()
    capture = open_capture(str(path), follow=follow)
    found = []
    for frame in capture:
        found.append((frame.time, frame.data))
        delays.append(time.monotonic() - max(written.values()))
    writer.join()
    assert found == PACKETS
    assert max(delays) < WITHIN
    assert (capture.facts.packets, capture.facts.truncated, capture.facts.problems) == (20, False, [])
    assert follow.over == ""


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("left", [1, 20, 41])
def test_what_is_stopped_within_a_record_is_not_damaged(path: Path, form: str, left: int) -> None:
    path.write_bytes(FILES[form][:-left])
    follow = Follow()
    follow.rest = follow.stop
    capture = open_capture(str(path), follow=follow)
    assert len(list(capture)) == 19
    assert (capture.facts.truncated, capture.facts.problems) == (False, [])


@pytest.mark.parametrize("form", FILES)
def test_a_pipe_gives_frames_as_they_come_and_its_end_is_the_end(tmp_path: Path, form: str) -> None:
    data, path, seen = FILES[form], tmp_path / "pipe", threading.Semaphore(0)
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as stream:
            stream.write(data[:-60])
            assert seen.acquire(timeout=10)  # all but the last, which is cut, have been taken while the pipe is open
            stream.write(data[-60:-1])

    writer = threading.Thread(target=write)
    writer.start()
    follow = Follow()
    capture = open_capture(str(path), follow=follow)
    number = 0
    for number, _ in enumerate(capture, 1):
        if number == 18:
            seen.release()
    writer.join()
    assert number == 19
    assert capture.facts.truncated  # whoever wrote it broke off
    assert follow.over == ""


def test_a_pipe_that_says_nothing_is_left_when_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    os.write(writer, FILES["pcap"][:-5])
    follow = Follow()
    rests = iter(range(5))
    follow.rest = lambda: follow.stop() if next(rests, None) == 3 else None
    capture = open_capture(str(path), follow=follow)
    assert len(list(capture)) == 19
    assert not capture.facts.truncated
    os.close(writer)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda path: path.unlink(), "removed"),
        (lambda path: path.write_bytes(b""), "emptied"),
        (lambda path: (path.with_name("next").write_bytes(FILES["pcap"]), path.with_name("next").rename(path)), "took"),
    ],
    ids=["removed", "emptied", "replaced"],
)
def test_a_file_that_is_gone_is_over(path: Path, end, told: str) -> None:  # type: ignore[no-untyped-def]
    path.write_bytes(FILES["pcap"])
    follow = Follow()
    capture = open_capture(str(path), follow=follow)
    found = []
    for frame in capture:
        found.append(frame.data)
        if len(found) == len(PACKETS):
            end(path)
    assert found == [data for _, data in PACKETS]
    assert told in follow.over
    assert capture.facts.problems == []


def test_what_comes_after_a_file_was_renamed_is_still_taken(path: Path) -> None:
    data, moved = FILES["pcap"], path.with_name("old")
    path.write_bytes(data[:-30])
    follow = Follow()
    capture = open_capture(str(path), follow=follow)
    count = 0
    for _ in capture:
        count += 1
        if count == 19:
            path.rename(moved)
            threading.Timer(0.02, append, (moved, data[-30:])).start()
    assert count == 20
    assert "removed" in follow.over


@pytest.mark.parametrize("piped", [False, True])
def test_what_is_compressed_is_refused(path: Path, piped: bool) -> None:
    data = gzip.compress(FILES["pcap"], mtime=0)
    if piped:
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(data,)).start()
    else:
        path.write_bytes(data)
    with pytest.raises(CaptureError, match="compressed with gzip, and only a plain capture can be followed"):
        open_capture(str(path), follow=Follow())


def test_a_file_of_another_kind_is_refused_at_once(path: Path) -> None:
    path.write_text("this is text and no capture")
    with pytest.raises(CaptureError, match="text"):
        open_capture(str(path), follow=Follow())
    with pytest.raises(CaptureError, match="no such file"):
        open_capture(str(path) + "2", follow=Follow())


def test_it_rests_whenever_all_was_taken(path: Path) -> None:
    path.write_bytes(b"hello")
    rests = []
    follow = Follow()

    def rest() -> None:
        rests.append(stream.tell())
        if len(rests) == 1:
            append(path, b" again")
        elif len(rests) == 3:
            follow.stop()

    follow.rest = rest
    room = bytearray(64)
    with Growing(str(path), follow) as stream:
        sizes = [stream.readinto(room) for _ in range(3)]
        assert stream.left
    assert sizes == [5, 6, 0]
    assert rests == [5, 11, 11]
