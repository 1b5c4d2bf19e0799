"""Filters of all frames: held against tshark, and the shortcuts against looking at each frame."""

import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import open_capture
from analyzer.decode.headers import read_headers
from analyzer.tui import sieve as module
from analyzer.tui.model import index
from analyzer.tui.roll import Roll
from analyzer.tui.sieve import OF_HEADERS, Sieve

SAMPLES = ("http_good", "ipv6", "http_in_gtp")
ALIKE = [
    "ip.addr == 10.1.0.11", "ip.src == 10.0.0.0/8", "!(ip.dst == 239.1.2.3)", "ip.dst != 10.1.0.11", "udp.port == 2269",
    "tcp.srcport in {40001..40003}", "tcp.flags == 2", "tcp", "udp && frame.number > 20", "frame.len > 400",
    "frame.number in {3..5, 9}", "frame.time_relative < 0.2", "eth.type == 0x800", "ip.ttl < 64", "ip.proto == 17",
    "ipv6", "ipv6.addr == 2001:db8::1", "udp.length >= 300", "sip", "sip.Method == \"INVITE\"", "mikey",
    "http.response.code == 401", "ip.addr == 10.1.0.11 && sip", "!udp && !tcp", "frame",
]  # fmt: skip


@pytest.fixture(scope="module")
def listed():
    """The frames of a sample, found; with its analysis."""

    def make(name):
        path = f"sample_pcaps/{name}/capture.pcapng"
        roll = Roll((path,))
        list(roll.frames.fill())
        roll.begun = roll.ended = 1.0
        return index(analyse(CaseFiles(name, (path,)))), roll

    return {name: make(name) for name in SAMPLES}


def passed(found, roll, text):
    sieve = Sieve(text, roll, found)
    sieve.run(lambda: False)
    assert sieve.over
    assert sieve.looked == roll.frames.count
    return [roll.frames.place(row)[1] for row in sieve.passed]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", SAMPLES)
def test_filters_select_the_frames_that_tshark_selects(listed, name):
    found, roll = listed[name]
    for text in ALIKE:
        command = [
            "tshark",
            "-n",
            "-r",
            roll.frames.paths[0],
            "-Y",
            _theirs(text),
            "-T",
            "fields",
            "-e",
            "frame.number",
        ]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        assert done.returncode == 0, (text, done.stderr)
        assert passed(found, roll, text) == [int(line) for line in done.stdout.split()], text


def _theirs(text):
    """MIKEY on its port has to be told to tshark by a decode rule elsewhere: the port stands for it."""
    return text.replace("mikey", "(udp.port == 2269 && !icmp)")


def test_names_of_headers_are_all_known(listed):
    for _, roll in listed.values():
        for frame in open_capture(roll.frames.paths[0]):
            names = {each.name for top in read_headers(frame).fields for each in top.walk()}
            assert {name for name in names if name not in ("data", "link", "tunnel")} <= OF_HEADERS


@pytest.mark.parametrize("name", SAMPLES)
def test_the_shortcut_by_flow_finds_the_same(listed, name, monkeypatch):
    found, roll = listed[name]
    texts = ("ip.addr == 10.1.0.11", "udp.port == 2269 || tcp.dstport == 80", "!udp", "ip.src == 10.4.0.1 && udp")
    quick = [passed(found, roll, text) for text in texts]
    monkeypatch.setattr(module, "_flow", lambda frame: None)
    assert [passed(found, roll, text) for text in texts] == quick
    assert any(quick)


def test_what_the_list_knows_is_not_read_from_the_file(listed, monkeypatch):
    found, roll = listed["http_good"]
    monkeypatch.setattr(roll.frames, "_octets", lambda *where: pytest.fail("octets were read"))
    assert passed(found, roll, "frame.number < 4 && frame.len > 10") == [1, 2, 3]


def test_several_captures_wait_for_their_order_and_frames_that_come_are_looked_at(found, tmp_path):
    octets = Path("sample_pcaps/http_good/capture.pcapng").read_bytes()
    paths = []
    for part in "ab":
        (tmp_path / part).write_bytes(octets)
        paths.append(str(tmp_path / part))
    case, roll = found("http_good"), Roll(paths)
    filling = roll.frames.fill()
    next(filling)
    looks = []

    def fill_on():
        looks.append(sieve.looked)
        if len(looks) == 2:
            list(filling)
            roll.ended = 1.0
        return False

    sieve = Sieve("udp.port == 2269", roll, case)
    sieve.run(fill_on)
    assert looks[:2] == [0, 0]
    places = [roll.frames.place(row) for row in sieve.passed]
    assert len(places) % 2 == 0
    assert places[0::2] == [(0, frame) for _, frame in places[1::2]]


def test_who_wants_it_no_longer_is_not_waited_for(listed):
    found, roll = listed["http_good"]
    sieve = Sieve("udp", roll, found)
    sieve.run(lambda: True)
    assert (sieve.looked, sieve.over) == (0, False)
    assert sieve.told() == "0 of 0 frames pass · 0 % · Esc stops"
