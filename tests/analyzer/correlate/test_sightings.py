"""One packet or two: by octets, ends, IP identification, leg, capture, and the time between."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.correlate.sightings import Sighting, Sightings, again, fold
from analyzer.decode.packets import Origin
from dissectors import Leg, Message, Payload
from sample_pcaps.story import Story

MS = 10**6
GTP, SGI, NEXT_HOP = Leg(0, ("GTP-U a > b",), 64), Leg(0, (), 64), Leg(0, (), 63)


def told(*sightings):
    """Which of (capture, ms) are new packets, and whose first sighting the others show."""
    seen = Sightings()
    return [seen.first(n, b"octets", capture, ms * MS) for n, (capture, ms) in enumerate(sightings)]


@pytest.mark.parametrize(
    ("sightings", "first"),
    [
        ([(0, 0), (0, 10)], [None, 0]),
        ([(0, 0), (0, 11)], [None, None]),
        ([(0, 0), (1, 1000)], [None, 0]),
        ([(0, 0), (1, 1001)], [None, None]),
        ([(0, 0), (0, 9), (0, 18)], [None, 0, 0]),  # three interfaces
        ([(0, 0), (1, 0), (0, 500), (1, 500)], [None, 0, None, 2]),  # sent again, both seen twice
        ([(0, 0), (0, 500), (1, 700), (1, 1200)], [None, None, 0, 1]),  # the same with clocks apart
        ([(0, 0), (1, 3), (2, 900)], [None, 0, 0]),
        ([(0, 0), (0, 5000), (1, 5001)], [None, None, 1]),
    ],
)
def test_which_are_one_packet(sightings, first):
    assert told(*sightings) == first


@pytest.mark.parametrize(
    ("sightings", "first"),
    [
        ([(0, GTP), (40, SGI), (200, NEXT_HOP)], [None, 0, 0]),  # a leg each
        ([(0, GTP), (201, SGI)], [None, None]),
        ([(0, SGI), (40, SGI)], [None, None]),  # sent again on the same leg
        ([(0, SGI), (1, NEXT_HOP), (500, SGI), (501, NEXT_HOP)], [None, 0, None, 2]),  # T1 later, on both legs
        ([(0, SGI), (100, Leg(1, (), 64)), (120, Leg(1, (), 63))], [None, 0, 0]),
    ],
)
def test_legs_of_one_capture(sightings, first):
    seen = Sightings()
    assert [seen.first(n, b"octets", 0, ms * MS, leg) for n, (ms, leg) in enumerate(sightings)] == first


@pytest.mark.parametrize(
    ("idents", "first"),
    [
        ((7, 7), [None, 0]),
        ((7, 8), [None, None]),  # sent twice at once
        ((0, 8), [None, 0]),  # IPv6 has none, and many IPv4 stacks leave it 0
        ((0, 8, 9), [None, 0, None]),
        ((7, 8, 7, 8), [None, None, 0, 1]),
    ],
)
def test_another_identification_is_another_packet(idents, first):
    seen = Sightings()
    assert [seen.first(n, b"octets", 0, n * MS, SGI, ident) for n, ident in enumerate(idents)] == first


def test_legs_of_another_capture_with_clocks_apart():
    seen = Sightings()
    assert seen.first("a", b"1", 0, 0, GTP) is None
    assert seen.first("b", b"1", 1, 900 * MS, SGI) == "a"
    assert seen.first("c", b"1", 1, 901 * MS, NEXT_HOP) == "a"
    assert seen.first("d", b"1", 1, 1102 * MS, GTP) is None  # too late after those of its own capture


def test_other_octets_are_another_packet():
    seen = Sightings()
    assert seen.first("a", b"1", 0, 0) is None
    assert seen.first("b", b"2", 0, 0) is None
    assert seen.first("c", b"2", 0, 0) == "b"


def message(ms=0, capture=0, frame=1, frames=(), transport="udp", src="10.0.0.1", sport=1, leg=SGI, ident=0):
    payload = Payload(
        b"octets", transport, src, sport, "10.0.0.2", 2, capture, frame, ms * MS, frames or (frame,), leg, ident
    )
    return Message("sip", payload, None)


def test_a_message_is_kept_once_and_says_where_else_it_was_seen():
    sent = [message(0, frame=1, leg=GTP), message(1, frame=4, frames=(2, 4)), message(900, capture=1, frame=9)]
    found = fold(sent)
    assert found.messages == (sent[0],)
    assert found.seen == tuple(sent)
    assert found.again == {id(sent[1]): sent[0], id(sent[2]): sent[0]}
    assert found.sightings == {
        id(sent[0]): (Sighting(0, (2, 4), 1 * MS, SGI), Sighting(1, (9,), 900 * MS, SGI)),
    }


@pytest.mark.parametrize(
    "other",
    [
        message(1, src="10.0.0.3"),  # a proxy
        message(1, sport=3),
        message(1, ident=5),
        message(500),  # T1
        message(1, transport="tcp"),  # two alike in one stream are two
    ],
)
def test_what_is_no_sighting(other):
    first = message()._replace(payload=message().payload._replace(ident=4, transport=other.payload.transport))
    assert fold([first, other]).messages == (first, other)


def test_files_of_one_probe_are_one_capture_point():
    sent = [message(0), message(500, capture=1)]
    assert len(fold(sent).messages) == 1
    assert len(fold(sent, points=(0, 0)).messages) == 2  # sent again after T1, in the next file


def test_parts_of_a_stream_that_were_seen_again():
    (sent,) = [message(3, frame=4, frames=(1, 4), transport="tcp", ident=9)]

    def origin(frame, ms, leg, ident):
        return Origin(0, frame, ms * MS, (frame,), leg, ident)

    first, last = origin(1, 0, GTP, 8), origin(4, 3, GTP, 9)
    repeats = {
        (0, 1): [(first, origin(2, 1, SGI, 8)), (first, origin(3, 2, NEXT_HOP, 8)), (first, origin(7, 300, GTP, 10))],
        (0, 4): [(last, origin(5, 4, SGI, 9))],
        (0, 6): [(last, origin(8, 4, SGI, 9))],  # of another message
    }
    assert fold([sent], repeats=repeats).sightings == {
        id(sent): (Sighting(0, (2, 5), 4 * MS, SGI), Sighting(0, (3,), 2 * MS, NEXT_HOP)),
    }


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 2), st.sampled_from((GTP, SGI, NEXT_HOP)), st.integers(0, 2)),
        max_size=12,
    )
)
@settings(max_examples=100)
def test_nothing_is_lost_and_nothing_is_counted_twice(sent):
    made = [
        message(ms, capture, n, leg=leg, ident=ident)
        for n, (ms, capture, leg, ident) in enumerate(sorted(sent, key=lambda one: one[0]), 1)
    ]
    found = fold(made)
    places = [(m.payload.capture, m.frame) for m in found.messages]
    places += [(s.capture, s.frames[0]) for others in found.sightings.values() for s in others]
    assert sorted(places) == sorted((m.payload.capture, m.frame) for m in made)
    assert len(found.again) + len(found.messages) == len(made)


def test_rules_take_what_a_translator_passed_on_for_one(tell):
    story = Story("messages", by_sip=False)
    story.bootstrap()
    story.msk(v=False)
    time, packet = story.tape.packets[-1]
    story.tape.packets += [(time + 5 * MS, packet), (time + 500 * MS, packet)]
    sent = tell(story).story.traffic.mikey
    assert len(sent) == 2  # the first was seen twice
    moved = sent[0]._replace(payload=sent[0].payload._replace(dst="10.9.9.9", time=sent[0].time + MS))
    assert again([sent[0], moved, sent[1]]) == {id(moved): sent[0]}
