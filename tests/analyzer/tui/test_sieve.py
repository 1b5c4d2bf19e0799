"""Filters of all frames: held against tshark, and the shortcuts against looking at each frame."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import open_capture
from analyzer.decode.headercolumns import HeaderColumns
from analyzer.decode.headers import read_headers
from analyzer.filters import BARE
from analyzer.tui import sieve as module
from analyzer.tui.model import index
from analyzer.tui.roll import Roll
from analyzer.tui.seen import OF_HEADERS
from analyzer.tui.sieve import Sieve

SAMPLES = ("http_good", "ipv6", "http_in_gtp")
OTHERS = ("posts_in_esp", "http_in_fragments", "media_in_the_clear")
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

    return {name: make(name) for name in (*SAMPLES, *OTHERS)}


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


class OneByOne(HeaderColumns):
    """Columns that know nothing: each frame is looked at by itself."""

    def __init__(self, frames):
        super().__init__(frames)
        self.plain = [False] * len(frames)


NAMES = sorted(OF_HEADERS | {"sip.Method", "http.response.code", "mikey.type", "keyshark.verdict", "frame.comment"})
WHOLE = sorted(name for name in OF_HEADERS if "." not in name)
VALUES = (
    "0", "1", "2", "6", "17", "20", "60", "64", "80", "300", "1400", "2048", "0x86dd", "2269", "40001", "65500",
    "0x4d424d53", "10.1.0.11", "10.0.0.0/8", "239.1.2.3", "2001:db8::1", "ff:ff", '"INVITE"', '"pass"', "0.2",
)  # fmt: skip
comparisons = st.builds(
    lambda name, operator, value: f"{name} {operator} {value}",
    st.sampled_from([name for name in NAMES if name not in BARE and name != "frame.time"]),
    st.sampled_from(("==", "!=", "===", "!==", "<", ">=", "contains")),
    st.sampled_from(VALUES),
)
filters = st.recursive(
    st.sampled_from(NAMES) | comparisons | comparisons,
    lambda parts: st.builds(
        lambda one, word, other: f"({one}) {word} !({other})" if word == "and" else f"({one}) {word} ({other})",
        parts, st.sampled_from(("&&", "||", "and")), parts,
    ),
    max_leaves=4,
)  # fmt: skip


def by_both(found, roll, text):
    quick = passed(found, roll, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HeaderColumns", OneByOne)
        return quick, passed(found, roll, text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from((*SAMPLES, *OTHERS)), filters)
def test_columns_and_frames_one_by_one_pass_the_same(listed, name, text):
    quick, slow = by_both(*listed[name], text)
    assert quick == slow


EACH = [name for name in NAMES if "." in name and name not in ("frame.time", "frame.comment")]


@pytest.mark.parametrize("text", [*WHOLE, *(f"{name} >= 0" for name in EACH)])
def test_each_name_by_columns_passes_what_it_passes_frame_by_frame(listed, text):
    for name in SAMPLES:
        quick, slow = by_both(*listed[name], text)
        assert quick == slow


def test_media_are_found_by_the_fields_of_their_headers(listed):
    found, roll = listed["http_good"]
    rtp = passed(found, roll, "rtp")
    streams = {each.ssrc for each in found.analysis.story.media if each.protocol == "srtp"}
    assert rtp
    assert rtp == passed(found, roll, " || ".join(f"rtp.ssrc == {ssrc}" for ssrc in streams))
    assert 0 < len(passed(found, roll, "rtp.seq > 65499")) < len(rtp)
    assert passed(found, roll, "rtp.p_type != 200") == rtp
    assert set(passed(found, roll, "srtp")) == set(rtp)


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
