import gzip
import lzma
from io import FileIO
from pathlib import Path

import pytest

from analyzer.capture.inflate import COMPRESSED_CHUNK, COMPRESSIONS, Inflated, Plain

GZIP, XZ = COMPRESSIONS[:2]
DATA = bytes(range(256)) * 1000


def plain(folder: Path, data: bytes) -> Plain:
    (folder / "stream").write_bytes(data)
    return Plain(FileIO(folder / "stream", "rb"))


def everything(octets: Plain | Inflated, room: int) -> bytes:
    parts, buffer = [], bytearray(room)
    while count := octets.into(memoryview(buffer)):
        parts.append(bytes(buffer[:count]))
    return b"".join(parts)


@pytest.mark.parametrize("room", [1000, 4096, 10**6])
@pytest.mark.parametrize(("kind", "packed"), [(GZIP, gzip.compress(DATA)), (XZ, lzma.compress(DATA))])
def test_any_room_gets_all_octets(tmp_path: Path, kind, packed: bytes, room: int) -> None:  # type: ignore[no-untyped-def]
    opened = Inflated(plain(tmp_path, packed), kind, b"")
    assert everything(opened, room) == DATA
    assert (opened.compression, opened.damage, opened.position) == (kind.name, "", len(packed))


@pytest.mark.parametrize("taken", [1, 6, 400])
def test_what_was_read_to_tell_the_kind_comes_first(tmp_path: Path, taken: int) -> None:
    packed = gzip.compress(DATA)
    stream = plain(tmp_path, packed)
    assert everything(Inflated(stream, GZIP, stream.read(taken)), 4096) == DATA
    assert stream.position == len(packed)


def test_more_than_a_chunk_that_was_read_before_is_taken_piece_by_piece(tmp_path: Path) -> None:
    packed = gzip.compress(b"one") * (3 * COMPRESSED_CHUNK // len(gzip.compress(b"one")))
    assert everything(Inflated(plain(tmp_path, b""), GZIP, packed), 10) == b"one" * packed.count(GZIP.magic)


def test_a_stream_that_fails_says_why(tmp_path: Path) -> None:
    class Failing(FileIO):
        def readinto(self, room: memoryview) -> int:
            raise OSError(5, "Input/output error")

    (tmp_path / "stream").write_bytes(b"")
    opened = Inflated(Plain(Failing(tmp_path / "stream", "rb")), GZIP, gzip.compress(DATA)[:100])
    everything(opened, 4096)
    assert opened.damage == "reading failed: Input/output error"


def test_what_is_read_at_once_is_counted(tmp_path: Path) -> None:
    opened = plain(tmp_path, b"abcdef")
    assert (opened.read(4), opened.position, opened.read(4), opened.read(4)) == (b"abcd", 4, b"ef", b"")
    assert (opened.position, opened.damage) == (6, "")
