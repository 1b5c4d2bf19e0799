import gzip
import lzma
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.reader import CaptureError, is_capture, open_capture
from sample_pcaps import forge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKETS = [(1_000_000_000 * second, bytes([second]) * 40) for second in range(1, 6)]
PCAP, PCAPNG = forge.pcap(PACKETS), forge.pcapng(PACKETS)
FOREIGN = [
    (b"", "empty"),
    (b"hello, this is no capture\n", "text"),
    (b"PK\x03\x04" + bytes(20), "a zip archive"),
    (b"\x7fELF" + bytes(20), "an ELF program"),
    (b"%PDF-1.7" + bytes(20), "a PDF document"),
    (b"snoop\x00\x00\x00" + bytes(20), "a snoop capture"),
    (b"\x28\xb5\x2f\xfd" + bytes(20), "zstd file, and in it"),
    (b"\x04\x22\x4d\x18" + bytes(20), "lz4 file, and in it nothing can be read"),
    (b"\x00\x01\x02\x03" * 8, "unknown, it begins with 00 01 02 03"),
    (b"\xd4\xc3", "cut within the first 2 octets"),
    (gzip.compress(b"", mtime=0), "gzip file, and in it empty"),
    (gzip.compress(b"just text in it", mtime=0), "gzip file, and in it text"),
    (gzip.compress(PCAP, mtime=0)[:12], "gzip file, and in it nothing can be read"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "misleading.txt"


@pytest.mark.parametrize(
    "data", [PCAP, PCAPNG, gzip.compress(PCAP, mtime=0), gzip.compress(PCAPNG, mtime=0), lzma.compress(PCAPNG)]
)
def test_what_it_is_is_told_from_its_octets(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    capture = open_capture(str(path))
    assert [(frame.time, frame.data) for frame in capture] == PACKETS
    assert (capture.facts.packets, capture.facts.problems, capture.facts.truncated) == (5, [], False)
    assert is_capture(str(path))


def test_a_file_can_be_read_again_and_its_facts_begin_anew(path: Path) -> None:
    path.write_bytes(PCAP)
    capture = open_capture(str(path))
    assert len(list(capture)) == len(list(capture)) == capture.facts.packets


@pytest.mark.parametrize(("data", "told"), FOREIGN)
def test_foreign_files_are_refused_by_what_they_are(path: Path, data: bytes, told: str) -> None:
    path.write_bytes(data)
    with pytest.raises(CaptureError) as error:
        open_capture(str(path))
    assert told in error.value.reason
    assert str(error.value).startswith(str(path))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is a folder"):
        open_capture(str(tmp_path))
    with pytest.raises(CaptureError, match="there is no such file"):
        open_capture(str(tmp_path / "missing"))
    with pytest.raises(CaptureError, match="cannot be opened"):
        open_capture("nul\0name")
    assert not is_capture(str(tmp_path))
    assert not is_capture(str(tmp_path / "missing"))


def test_a_foreign_file_in_a_folder_is_no_capture(path: Path) -> None:
    path.write_bytes(b"hello")
    assert not is_capture(str(path))


PACKERS = {"gzip": gzip.compress, "xz": lzma.compress, "zstd": zstd.compress, "lz4": lz4.frame.compress}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
@pytest.mark.parametrize("data", [PCAP, PCAPNG], ids=["pcap", "pcapng"])
def test_a_capture_in_several_members_is_one(path: Path, data: bytes, pack) -> None:  # type: ignore[no-untyped-def]
    path.write_bytes(b"".join(pack(data[at : at + 100]) for at in range(0, len(data), 100)))
    capture = open_capture(str(path))
    assert [(frame.time, frame.data) for frame in capture] == PACKETS
    assert capture.facts.problems == []


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_a_cut_compressed_capture_is_read_as_far_as_it_goes(path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    packets = [(10**9 * second, os.urandom(2000)) for second in range(1, 200)]
    packed = pack(forge.pcap(packets))
    path.write_bytes(packed[: len(packed) * 3 // 4])
    capture = open_capture(str(path))
    found = [frame.data for frame in capture]
    assert found
    assert found == [data for _, data in packets][: len(found)]
    assert capture.facts.truncated
    assert any("stream is cut" in problem and "offset" in problem for problem in capture.facts.problems)


def test_times_out_of_order_leave_the_facts_right(path: Path) -> None:
    path.write_bytes(forge.pcap([(3 * 10**9, b"b"), (10**9, b"a"), (2 * 10**9, b"c")]))
    capture = open_capture(str(path))
    assert [frame.data for frame in capture] == [b"b", b"a", b"c"]
    assert (capture.facts.first, capture.facts.last) == (10**9, 3 * 10**9)


SCRIPT = "from analyzer.capture.reader import open_capture as o\nprint(sum(1 for _ in o('-')))"


@pytest.mark.parametrize(("data", "said"), [(PCAP, "5"), (gzip.compress(PCAPNG, mtime=0), "5")])
def test_standard_input(data: bytes, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], input=data, capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().strip() == said


def test_standard_input_that_is_empty() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], input=b"", capture_output=True, check=False, timeout=60)
    assert b"CaptureError: -: is no pcap or pcapng capture: empty" in done.stderr


@given(st.binary(max_size=40))
def test_no_octets_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    with suppress(CaptureError):
        assert sum(len(frame.data) for frame in open_capture(str(path))) <= len(data)
