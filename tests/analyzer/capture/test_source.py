import gzip
import lzma
import os
import random
import sys
from io import FileIO
from pathlib import Path

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.inflate import COMPRESSIONS
from analyzer.capture.source import CHUNK, MARGIN, WINDOW, Source

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS = {"gzip": gzip.compress, "xz": lzma.compress, "zstd": zstd.compress, "lz4": lz4.frame.compress}
DATA = random.Random(1).randbytes(3 * CHUNK)


def source(folder: Path, data: bytes) -> Source:
    path = folder / "source"
    path.write_bytes(data)
    return Source(FileIO(path, "rb"))


def FIleOf(path: Path) -> FileIO:
    return FileIO(path, "rb")


def everything(opened: Source, step: int = 70_000) -> bytes:
    parts = []
    while part := opened.take(step):
        parts.append(part)
    opened.close()
    return b"".join(parts)


def test_plain_octets(tmp_path: Path) -> None:
    opened = source(tmp_path, DATA)
    assert (opened.peek(4), opened.offset, opened.compression) == (DATA[:4], 0, "")
    assert (opened.take(4), opened.offset) == (DATA[:4], 4)
    assert (opened.skip(10), opened.offset) == (10, 14)
    assert everything(opened) == DATA[14:]
    assert (opened.offset, opened.damage) == (len(DATA), "")


def test_nothing(tmp_path: Path) -> None:
    opened = source(tmp_path, b"")
    assert (opened.peek(4), opened.take(4), opened.skip(4), opened.damage) == (b"", b"", 0, "")
    opened.close()


@pytest.mark.parametrize(("pack", "name"), [(pack, name) for name, pack in PACKERS.items()])
def test_compressed_octets(tmp_path: Path, pack, name: str) -> None:  # type: ignore[no-untyped-def]
    opened = source(tmp_path, pack(DATA))
    assert opened.compression == name
    assert everything(opened) == DATA
    assert opened.damage == ""


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_several_streams_and_padding_are_one(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    assert everything(source(tmp_path, pack(b"one") + pack(b"two") + bytes(8))) == b"onetwo"


def long_data() -> bytes:
    return random.Random(2).randbytes(CHUNK) * (3 * WINDOW // CHUNK) + b"the end"


@pytest.mark.parametrize("step", [70_000, WINDOW - 1, WINDOW, WINDOW + MARGIN + 1, 2 * WINDOW + 5])
def test_what_is_read_ahead_comes_whole_and_in_order(tmp_path: Path, step: int) -> None:
    data = long_data()
    opened = source(tmp_path, data)
    assert everything(opened, step) == data
    assert (opened.offset, opened.position, opened.damage) == (len(data), len(data), "")


def test_what_was_shown_stays_until_more_is_asked_for(tmp_path: Path) -> None:
    data = long_data()
    opened = source(tmp_path, data)
    opened.skip(WINDOW)
    octets, begin = opened.window(WINDOW)
    shown = bytes(octets[begin:])
    opened._ahead._coming.result()  # the next window is there
    assert bytes(octets[begin:]) == shown == data[WINDOW : WINDOW + len(shown)]
    opened.close()


def test_a_file_that_is_cut_while_it_is_read_ends_there(tmp_path: Path) -> None:
    opened = source(tmp_path, long_data())
    opened.take(4)
    os.truncate(tmp_path / "source", WINDOW + 5)
    assert len(everything(opened)) == WINDOW + 1


def test_a_file_that_cannot_be_read_on_says_so(tmp_path: Path) -> None:
    class Failing(FileIO):
        def readinto(self, room: memoryview) -> int:
            if self.tell() > WINDOW:
                raise OSError(5, "Input/output error")
            return super().readinto(room)

    path = tmp_path / "source"
    path.write_bytes(long_data())
    opened = Source(Failing(path, "rb"))
    assert len(everything(opened)) == 2 * WINDOW
    assert opened.damage == "reading failed: Input/output error"


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_long_compressed_octets(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    data = long_data()
    opened = source(tmp_path, pack(data))
    assert everything(opened) == data
    assert (opened.offset, opened.damage) == (len(data), "")


def test_many_short_streams_are_not_copied_again_for_each(tmp_path: Path) -> None:
    packed = gzip.compress(b"one") * (2 * WINDOW // len(gzip.compress(b"one")))  # hangs, otherwise
    assert len(everything(source(tmp_path, packed))) == 3 * (2 * WINDOW // len(gzip.compress(b"one")))


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_a_cut_stream_gives_what_is_there_and_says_so(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    packed = pack(DATA)
    opened = source(tmp_path, packed[: len(packed) // 2])
    found = everything(opened)
    assert found
    assert DATA.startswith(found)
    assert "is cut" in opened.damage


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_a_damaged_stream_says_so(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    packed = bytearray(pack(b"hello " * 100_000))
    packed[len(packed) // 2] ^= 0xFF
    opened = source(tmp_path, bytes(packed))
    everything(opened)
    assert "damaged" in opened.damage


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_a_bomb_is_held_in_little_memory(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    opened = source(tmp_path, pack(bytes(64 * 1024 * 1024)))
    opened.take(10)
    assert len(opened._buffer) <= WINDOW + 2 * CHUNK
    opened.close()


@given(st.binary(max_size=60), st.sampled_from((b"", b"\x1f\x8b\x08\x00", *(kind.magic for kind in COMPRESSIONS))))
def test_no_octets_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes) -> None:
    everything(source(tmp_path_factory.getbasetemp(), head + data))
