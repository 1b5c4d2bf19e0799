"""Which files one probe wrote one after the other: by name, number and time."""

import gzip
from pathlib import Path

import pytest

from analyzer.capture.rolling import rolled, stem
from sample_pcaps import forge

SECOND = 10**9


def write(folder: Path, **begins):
    """Write captures that begin at these seconds; None has no packet. Names have `__` for a dot."""
    for name, begin in begins.items():
        packets = [] if begin is None else [(begin * SECOND, b"packet")]
        (folder / name.replace("__", ".")).write_bytes(forge.pcap(packets))
    return [folder / name.replace("__", ".") for name in begins]


def told(folder, **begins):
    return [[path.name for path in run] for run in rolled(sorted(write(folder, **begins)))]


def test_of_dumpcap(tmp_path):
    names = {f"gm_0000{n}_2026112410150{n}__pcapng": n for n in (3, 1, 2)}
    assert told(tmp_path, **names) == [
        ["gm_00001_20261124101501.pcapng", "gm_00002_20261124101502.pcapng", "gm_00003_20261124101503.pcapng"]
    ]


def test_with_the_time_first_and_without_a_suffix(tmp_path):
    assert told(tmp_path, gm_20261124101501_00009=1, gm_20261124101501_00010=2) == [
        ["gm_20261124101501_00009", "gm_20261124101501_00010"]
    ]


def test_a_ring_that_lost_its_oldest_files_and_whose_last_is_empty(tmp_path):
    names = {f"gm_{n:05}_202611241015{n - 99990:02}__pcap": n for n in (99998, 99999, 100000)}
    (run,) = told(tmp_path, **names | {"gm_100001_20261124101511__pcap": None})
    assert [name.split("_")[1] for name in run] == ["99998", "99999", "100000", "100001"]


def test_of_tcpdump_by_number_not_by_letters(tmp_path):
    names = {"x__pcap": 0} | {f"x__pcap{n}": n for n in range(1, 12)}
    (run,) = told(tmp_path, **names)
    assert run == ["x.pcap", *(f"x.pcap{n}" for n in range(1, 12))]


def test_a_ring_of_tcpdump_that_came_round(tmp_path):
    assert told(tmp_path, x__pcap0=30, x__pcap1=40, x__pcap2=10, x__pcap3=20) == [
        ["x.pcap2", "x.pcap3", "x.pcap0", "x.pcap1"]
    ]


def test_compressed_files_too(tmp_path):
    paths = write(tmp_path, x__pcap=1, x__pcap1=2)
    packed = tmp_path / "x.pcap1.gz"
    packed.write_bytes(gzip.compress(paths[1].read_bytes(), mtime=0))
    assert rolled([paths[0], packed]) == [[paths[0], packed]]


@pytest.mark.parametrize(
    ("begins", "runs"),
    [
        ({"gm_00001_20261124101501__pcap": 1, "gm_00003_20261124101503__pcap": 3}, 2),  # one is missing between
        ({"gm_00001_20261124101501__pcap": 5, "gm_00002_20261124101502__pcap": 3}, 2),  # begins before the first
        ({"gm_00001_20261124101501__pcap": 1, "gn_00002_20261124101502__pcap": 2}, 2),  # another probe
        ({"gm_00001_20261124101501__pcap": 1, "gm_00002_20261124101502__pcapng": 2}, 2),
        ({"gm_00001_20261124101501__pcap": 1, "gm_00001_20261124101601__pcap": 2}, 2),  # begun anew
        ({"call1__pcap": 1, "call2__pcap": 2}, 2),  # a number before the suffix is a name
        ({"trace": 1, "trace1": 2}, 2),
        ({"x__pcap": 2, "x__pcap1": 1}, 2),
        ({"x__pcap": 1, "x__pcap2": 2}, 2),
        ({"x__pcap": 1, "x__pcapng1": 2}, 2),
        ({"gm_1_20261124101501__pcap": 1, "gm_2_20261124101502__pcap": 2}, 2),
    ],
)
def test_what_does_not_follow_stands_alone(tmp_path, begins, runs):
    assert len(told(tmp_path, **begins)) == runs


def test_two_runs_of_one_probe_are_two(tmp_path):
    names = {"gm_00001_20261124101501__pcap": 1, "gm_00002_20261124101502__pcap": 2}
    later = {"gm_00001_20261125101501__pcap": 101, "gm_00002_20261125101502__pcap": 102}
    assert [len(run) for run in told(tmp_path, **names, **later)] == [2, 2]


def test_other_files_keep_their_places(tmp_path):
    assert told(tmp_path, a__pcap=1, b__pcap=5, b__pcap1=6, c__pcap=1) == [
        ["a.pcap"], ["b.pcap", "b.pcap1"], ["c.pcap"]
    ]  # fmt: skip


def test_what_is_no_file_is_not_opened(tmp_path):
    (tmp_path / "x.pcap").write_text("no capture")
    assert rolled([Path("-"), tmp_path / "x.pcap", tmp_path / "x.pcap1"]) == [
        [Path("-")], [tmp_path / "x.pcap"], [tmp_path / "x.pcap1"]
    ]  # fmt: skip
    assert rolled([]) == []


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("gm_00001_20261124101501.pcapng", "gm"),
        ("gm_20261124101501_00001.pcap.gz", "gm"),
        ("x.pcap12", "x"),
        ("-", "-"),
    ],
)
def test_stem(name, begin):
    assert stem(Path(name)) == begin
