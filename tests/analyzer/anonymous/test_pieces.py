"""Fragments: put together in any order, told apart by their octets, and cut again where they were."""

import random
from collections import Counter

import pytest

from analyzer.anonymous.frames import Frames
from analyzer.anonymous.pieces import MAX_KEPT, Pieces
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from sample_pcaps import forge
from sample_pcaps.forge_tunnels import fragments

NAMES = Pseudonyms(b"secret")
NAME = (b"ends", 1, 17)


def test_fragments_in_any_order():
    octets = bytes(range(64))
    parts = [(begin, octets[begin : begin + 16]) for begin in range(0, 64, 16)]
    random.Random(1).shuffle(parts)
    pieces = Pieces()
    told = [pieces.add(NAME, begin, data, begin == 48) for begin, data in parts]
    assert told[:-1] == [None] * 3
    assert told[-1] == octets
    for begin, data in parts:
        assert pieces.piece(NAME, begin, data, lambda whole: whole[::-1]) == octets[::-1][begin : begin + 16]


def test_one_that_is_missing_leaves_the_others_without():
    pieces = Pieces()
    assert pieces.add(NAME, 0, bytes(8), False) is None
    assert pieces.add(NAME, 16, bytes(8), True) is None
    assert pieces.piece(NAME, 0, bytes(8), bytes) is None
    assert pieces.piece((b"others", 1, 17), 0, bytes(8), bytes) is None


def test_an_identification_that_comes_again():
    pieces = Pieces()
    pieces.add(NAME, 0, b"a" * 8, False)
    assert pieces.add(NAME, 8, b"b", True) == b"a" * 8 + b"b"
    assert pieces.add(NAME, 8, b"b", True) is None  # seen again
    pieces.add(NAME, 0, b"c" * 8, False)
    assert pieces.add(NAME, 8, b"d", True) == b"c" * 8 + b"d"
    assert pieces.piece(NAME, 0, b"a" * 8, bytes.upper) == b"A" * 8
    assert pieces.piece(NAME, 8, b"d", bytes.upper) == b"D"


def test_the_memory_has_an_end():
    pieces = Pieces()
    for number in range(MAX_KEPT + 5):
        pieces.add((b"", number, 17), 0, b"x", False)
    assert len(pieces.kept) == MAX_KEPT


@pytest.mark.parametrize("version", [4, 6])
def test_a_datagram_in_fragments(version):
    ends = ("10.0.0.1", "10.0.0.2") if version == 4 else ("2001:db8::1", "2001:db8::2")
    new = [NAMES.address(each) for each in ends]
    body = bytes(range(200))
    packets = [_frame(packet) for packet in fragments(forge.udp(ends[0], 1, ends[1], 2, body), 64, 7)]
    assert len(packets) > 2
    frames = Frames(NAMES, lambda data: data[::-1])
    for packet in packets:
        frames.look(packet)
    made = [frames.made(packet) for packet in packets]
    expected = [bytes(packet) for packet in fragments(forge.udp(new[0], 1, new[1], 2, body[::-1]), 64, 7)]
    assert made == expected
    assert frames.counts == {}


def test_a_segment_in_fragments():
    ends = ("10.0.0.1", "10.0.0.2")
    segment = forge.tcp(ends[0], 1, ends[1], 2, seq=5, ack=0, flags=0x10, payload=bytes(range(100)))
    packets = [_frame(packet) for packet in fragments(segment, 64, 7)]
    frames = Frames(NAMES, lambda data: None)
    for packet in packets:
        frames.look(packet)
    assert (
        frames.streams.fill(
            [((ends[0], 1, ends[1], 2), bytes(range(100)), bytes(range(100))[::-1])], {}, bytes, Counter()
        )
        == 0
    )
    made = b"".join(frames.made(packet)[20:] for packet in packets)
    assert made[20:] == bytes(range(100))[::-1]


def test_a_fragment_alone_is_blanked():
    first, *_ = fragments(forge.udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(range(200))), 64, 7)
    frames = Frames(NAMES, lambda data: data)
    frames.look(_frame(first))
    assert not any(frames.made(_frame(first))[20:])
    assert list(frames.counts) == ["octets of fragments blanked"]


def _frame(packet):
    return Frame(capture=0, number=1, time=10**18, link_type=linktypes.RAW, data=bytes(packet), length=len(packet))
