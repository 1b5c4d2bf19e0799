"""Cases of the same name are told apart."""

import os

import pytest

from analyzer.capture.alike import told_apart
from analyzer.capture.case import CaseFiles, find_cases
from sample_pcaps import forge

CAPTURE = forge.pcap([(10**9, b"packet")])


def case(name, *captures):
    return CaseFiles(name, captures)


def names(*cases):
    return [found.name for found in told_apart(cases)]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/n/mon/x.pcap", "/n/tue/x.pcap"], ["mon/x", "tue/x"]),
        (["/n/mon/1/x.pcap", "/n/tue/1/x.pcap", "/n/tue/2/x.pcap"], ["mon/1/x", "tue/1/x", "tue/2/x"]),
        (["/n/x.pcap", "/n/x.pcapng"], ["n/x.pcap", "n/x.pcapng"]),
        (["/n/x.pcap"], ["x"]),
        (["/n/x.pcap", "/n/./x.pcap"], ["x", "x"]),
        (["https://a.lab/mon/x.pcap", "s3://b/tue/x.pcap"], ["mon/x", "tue/x"]),
        (["/x.pcap", "/n/x.pcap"], ["//x", "n/x"]),
    ],
)
def test_files(paths, expected):
    assert names(*(case("x", path) for path in paths)) == expected


def test_others_keep_their_name_and_their_place():
    cases = [case("x", "/n/mon/x.pcap"), case("y", "/n/y.pcap"), case("x", "/n/tue/x.pcap"), case("stdin", "-")]
    assert names(*cases) == ["mon/x", "y", "tue/x", "stdin"]


def test_standard_input_twice_is_no_failure():
    assert names(case("stdin", "-"), case("stdin", "-")) == ["stdin", "stdin"]


def test_folders_with_a_keyring_and_rolling_files(tmp_path):
    for day in ("mon", "tue"):
        for name in ("story/a.pcap", "probe_00001_20261124101500.pcap", "probe_00002_20261124101600.pcap"):
            path = tmp_path / day / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(CAPTURE)
        (tmp_path / day / "story" / "keyring.toml").touch()
    found = told_apart(find_cases([str(tmp_path)]))
    assert [one.name for one in found] == ["mon/probe", "mon/story", "tue/probe", "tue/story"]


def test_relative_paths_are_as_absolute_ones(tmp_path, monkeypatch):
    (tmp_path / "mon").mkdir()
    monkeypatch.chdir(tmp_path / "mon")
    assert names(case("x", "x.pcap"), case("x", os.path.join("..", "tue", "x.pcap"))) == ["mon/x", "tue/x"]
