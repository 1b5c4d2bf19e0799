"""TCP connections: octets in any order, connections one after the other, and an end to the memory."""

import random
from collections import Counter

import pytest

from analyzer.anonymous.http2_frames import Told
from analyzer.anonymous.streams import MAX_CONNECTIONS, MAX_HOLE, SEQUENCE, Stream, Streams
from sample_pcaps.forge_http2 import DATA, frame
from sample_pcaps.forge_websocket import TEXT, upgrade
from sample_pcaps.forge_websocket import frame as frame_of_websocket

ENDS = ("10.0.0.1", 1, "10.0.0.2", 2)
OCTETS = bytes(range(200))


def filled(streams, pieces):
    counts = Counter()
    left = streams.fill([(ENDS, before, after) for before, after in pieces], {}, lambda data: None, counts)
    assert counts == {}
    return left


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("first", [1, SEQUENCE - 50])
def test_segments_in_any_order(seed, first):
    drawn = random.Random(seed)
    cuts = sorted(drawn.sample(range(1, 200), 12))
    segments = [
        (start, OCTETS[start : end + drawn.randint(0, 9)]) for start, end in zip([0, *cuts], [*cuts, 200], strict=True)
    ]
    drawn.shuffle(segments)
    streams = Streams()
    for at, data in segments + segments[:3]:
        streams.add(ENDS, (first + at) % SEQUENCE, data)
    (stream,) = streams.kept[ENDS]
    assert stream.octets == OCTETS
    assert stream.holes == []
    assert filled(streams, [(OCTETS[20:180], OCTETS[20:180][::-1])]) == 40
    expected = bytes(20) + OCTETS[20:180][::-1] + bytes(20)
    for at, data in segments:
        assert streams.piece(ENDS, (first + at) % SEQUENCE, len(data)) == expected[at : at + len(data)]


def test_a_hole_that_nothing_fills_is_no_octet_of_anybody():
    stream = Stream(1)
    stream.add(1, b"abc")
    stream.add(11, b"xyz")
    stream.add(5, b"EF")
    assert stream.octets == b"abc\0EF\0\0\0\0xyz"
    assert stream.holes == [(3, 4), (6, 10)]


def test_the_first_octets_count():
    stream = Stream(1)
    stream.add(1, b"abcdef")
    stream.add(3, b"XYZxyz")
    assert stream.octets == b"abcdefyz"[:6] + b"yz"


def test_a_keep_alive_before_the_first_octet_is_none_of_it():
    streams = Streams()
    streams.begin(ENDS, 100)
    streams.add(ENDS, 99, b"\0")
    streams.add(ENDS, 100, b"hello")
    streams.begin(ENDS, 100)  # the SYN again
    assert streams.kept[ENDS][0].octets == b"hello"
    assert filled(streams, [(b"hello", b"olleh")]) == 0
    assert streams.piece(ENDS, 99, 3) == b"\0ol"
    assert streams.piece(ENDS, 99, 1) == b"\0"


def test_connections_of_the_same_ports_one_after_the_other():
    streams = Streams()
    for base, data in ((5, b"first message"), (0x7000_0000, b"second message"), (0xE000_0000, b"first message")):
        streams.begin(ENDS, base)
        streams.add(ENDS, base, data)
    assert len(streams.kept[ENDS]) == 3
    assert (
        filled(
            streams,
            [
                (b"first message", b"FIRST MESSAGE"),
                (b"second message", b"SECOND MESSAGE"),
                (b"first message", b"THIRD MESSAGE"),
            ],
        )
        == 0
    )
    assert streams.piece(ENDS, 5, 5) == b"FIRST"
    assert streams.piece(ENDS, 0x7000_0000, 6) == b"SECOND"
    assert streams.piece(ENDS, 0xE000_0000, 5) == b"THIRD"
    assert streams.piece(("10.0.0.9", 1, "10.0.0.2", 2), 5, 5) == bytes(5)


def test_the_memory_has_an_end():
    streams = Streams()
    for number in range(MAX_CONNECTIONS + 9):
        streams.add(ENDS, number * 3 * MAX_HOLE, b"x")
    assert len(streams.kept[ENDS]) == MAX_CONNECTIONS
    assert all(len(stream.octets) == 1 for stream in streams.kept[ENDS])


def test_http_2_in_each_of_them():
    streams, octets = Streams(), frame(DATA, 0, 1, b"12345")
    for base in (5, 0x7000_0000):
        streams.add(ENDS, base, octets)
    assert streams.fill([], {ENDS: {1: Told({}, b"another")}}, bytes, Counter()) == 0
    assert streams.piece(ENDS, 0x7000_0000 + 9, 5) == streams.piece(ENDS, 5 + 9, 5) == b"anoth"


def test_sip_in_websocket_is_written_where_it_is_masked():
    octets = upgrade("ws.home1.net", bytes(16)) + frame_of_websocket(TEXT, b"ACK sip:bob", mask=b"abcd")
    streams = Streams()
    streams.add(ENDS, 1, octets)
    streams.add((*ENDS[2:], *ENDS[:2]), 1, frame_of_websocket(TEXT, b"ACK sip:amy"))
    found = {b"ACK sip:bob": b"ACK sip:xyz", b"ACK sip:amy": b"ACK sip:uvw"}
    pieces = [
        (ENDS, b"ACK sip:bob", found[b"ACK sip:bob"]),
        ((*ENDS[2:], *ENDS[:2]), b"ACK sip:amy", found[b"ACK sip:amy"]),
    ]
    assert streams.fill(pieces, {}, found.get, Counter()) == len(upgrade("ws.home1.net", bytes(16)))
    made = streams.piece(ENDS, 1, len(octets))
    assert made.endswith(frame_of_websocket(TEXT, b"ACK sip:xyz", mask=b"abcd"))
    assert streams.piece((*ENDS[2:], *ENDS[:2]), 1, 13) == frame_of_websocket(TEXT, b"ACK sip:uvw")
