"""One direction by itself: order, holes, limits. The messages are of a toy protocol: "M", a length octet, octets."""

import re
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import stream
from analyzer.decode.packets import DecodeFacts, Origin
from analyzer.decode.stream import Stream
from dissectors import Cursor, Dissector, Malformed, Payload

ENDS = ("10.0.0.1", 1000, "10.0.0.2", 2000)
SECOND = 1_000_000_000
HEAD = 6


@pytest.fixture(autouse=True, scope="module")
def _start_line() -> Iterator[None]:
    """What SIP and HTTP have in every start line, this protocol has in its head."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "_VERSION", re.compile(rb"M \d"))
        yield


def parse(cursor: Cursor) -> int:
    if cursor.left < HEAD or cursor.left != int(cursor.data[2:5]):
        raise Malformed("toy", 0, "is cut")
    return cursor.left


def length(data: bytes, closed: bool) -> int | None:
    """`M 123 ` and as many octets in all; closed, what is there."""
    if not b"M ".startswith(data[:2]) or (len(data) >= HEAD and not data[2:5].isdigit()):
        return 0
    if len(data) < HEAD:
        return None
    return min(int(data[2:5]), len(data)) if closed else int(data[2:5])


def matches(payload: Payload) -> bool:
    return payload.data[:2] == b"M " and payload.data[2:5].isdigit()


TOY = Dissector("toy", matches, parse, length=length)


def message(size: int, fill: str = "x") -> bytes:
    return f"M {size:03} ".encode() + fill.encode() * (size - HEAD)


def new(base: int | None = 0, facts: DecodeFacts | None = None) -> Stream:
    made = Stream(ENDS, (TOY,), facts or DecodeFacts())
    if base is not None:
        assert made.begin(base, at(0))
    return made


def at(frame: int, time: int = 0, capture: int = 0) -> Origin:
    return Origin(capture, frame, time, (frame,))


def run(made: Stream, segments: Iterable[tuple[int, bytes]], *, fin: int | None = None) -> list[Payload]:
    """Feed segments as frames 1, 2, … a millisecond apart, then finish."""
    found: list[Payload] = []
    for frame, (sequence, data) in enumerate(segments, 1):
        found += made.add(sequence & 0xFFFF_FFFF, data, 0, False, at(frame, frame * 1_000_000))
    if fin is not None:
        found += made.add(fin, b"", 0, True, at(999))
    return found + list(made.finish())


def test_nothing_gives_nothing() -> None:
    assert run(new(), []) == []
    assert run(new(None), [], fin=5) == []


def test_several_messages_in_a_segment() -> None:
    found = run(new(), [(0, message(20, "a") + message(30, "b") + message(6))])
    assert [payload.data for payload in found] == [message(20, "a"), message(30, "b"), message(6)]
    assert {payload.frame for payload in found} == {1}


def test_a_message_over_segments_belongs_to_the_frame_that_completes_it() -> None:
    text = message(30)
    (found,) = run(new(), [(0, text[:3]), (3, text[3:20]), (20, text[20:])])
    assert (found.data, found.frame, found.frames, found.time) == (text, 3, (1, 2, 3), 3_000_000)
    assert (found.src, found.sport, found.dst, found.dport, found.transport) == (*ENDS, "tcp")


def test_the_segment_that_came_last_completes_and_not_the_one_at_the_end() -> None:
    text = message(30)
    (found,) = run(new(), [(20, text[20:]), (0, text[:10]), (10, text[10:20])])
    assert (found.data, found.frame, found.frames) == (text, 3, (1, 2, 3))


def test_retransmissions_and_overlaps_change_nothing() -> None:
    text = message(30) + message(20)
    sent = [(0, text[:10]), (0, text[:10]), (5, b"XXXXX" + text[10:25]), (0, text)]
    assert [payload.data for payload in run(new(), sent)] == [message(30), message(20)]


def test_keep_alives_change_nothing() -> None:
    one, two = message(30), message(20)
    sent = [(0, one), (29, b"\x00"), (29, b""), (30, two)]
    assert [payload.data for payload in run(new(), sent)] == [one, two]


def test_blank_lines_between_messages_belong_to_none() -> None:
    found = run(new(), [(0, b"\r\n\r\n"), (4, b"\r\n" + message(20))])
    assert [(payload.data, payload.frames) for payload in found] == [(message(20), (2,))]


def test_sequence_numbers_wrap() -> None:
    text = message(30)
    base = 0xFFFF_FFF0
    sent = [(base + 20, text[20:]), (base, text[:20])]
    assert [payload.data for payload in run(new(base), sent)] == [text]


def test_a_stream_without_its_begin_waits_for_what_was_overtaken() -> None:
    text = message(30) + message(20)
    sent = [(120, text[20:]), (100, text[:20])]
    assert [payload.data for payload in run(new(None), sent)] == [message(30), message(20)]


def test_a_syn_that_its_data_overtook_tells_the_begin() -> None:
    made = new(None)
    list(made.add(130, message(20), 0, False, at(1)))
    assert made.begin(100, at(2))
    assert [payload.data for payload in made.add(100, message(30), 0, False, at(3))] == [message(30), message(20)]


def test_another_syn_is_of_another_connection() -> None:
    made = new(100)
    assert made.begin(100, at(1))  # sent again
    assert not made.begin(5000, at(2))
    late = new(None)
    list(late.add(100, message(30), 0, False, at(1)))
    assert not late.begin(110, at(2))  # within the data


def test_a_capture_that_begins_within_a_message_finds_the_next() -> None:
    facts = DecodeFacts()
    found = run(new(None, facts), [(500, b"rest of a message" + message(30)), (547, message(20))])
    assert [payload.data for payload in found] == [message(30), message(20)]
    assert facts.counts == {stream.UNCLAIMED: 17}
    assert facts.problems == []


def test_a_hole_costs_the_message_it_is_in_and_is_told() -> None:
    facts = DecodeFacts()
    text = message(40) + message(20, "b")
    sent = [(0, message(10)), (10, text[:10]), (30, text[20:])]
    found = run(new(0, facts), sent)
    assert [payload.data for payload in found] == [message(10), message(20, "b")]
    (problem,) = facts.problems
    assert (problem.frame, problem.protocol, problem.offset) == (3, "tcp", 20)
    assert problem.reason.startswith("10 octets")
    assert facts.counts == {stream.MISSING: 10}


def test_after_a_hole_a_begin_within_the_cut_message_is_not_taken() -> None:
    """Where the length of the cut message is known, the next begins after it and not at what looks like one."""
    inside = message(100)[:30] + message(20, "i") + message(100)[50:]
    sent = [(0, inside[:10]), (20, inside[20:] + message(30, "n"))]
    assert [payload.data for payload in run(new(), sent)] == [message(30, "n")]


def test_a_hole_of_unknown_extent_is_followed_by_the_next_begin() -> None:
    sent = [(0, message(20)), (27, b"tail" + message(30)), (61, message(20))]
    assert [payload.data for payload in run(new(), sent)] == [message(20), message(30), message(20)]


def test_octets_that_a_capture_cut_off_are_a_hole() -> None:
    facts = DecodeFacts()
    made = new(0, facts)
    found = list(made.add(0, message(30)[:10], 20, False, at(1)))
    found += made.add(30, message(20), 0, False, at(2))
    assert [payload.data for payload in (*found, *made.finish())] == [message(20)]
    assert facts.counts == {stream.MISSING: 20}
    assert "a message of which 10 octets were is lost" in facts.problems[0].reason


def test_a_hole_is_given_up_after_a_while() -> None:
    made = new()
    list(made.add(0, message(20), 0, False, at(1, 0)))
    assert list(made.add(30, message(20), 0, False, at(2, SECOND))) == []
    found = list(made.add(50, message(20), 0, False, at(3, 62 * SECOND)))
    assert [payload.frame for payload in found] == [2, 3]


def test_fin_ends_a_message() -> None:
    facts = DecodeFacts()
    found = run(new(0, facts), [(0, message(30)[:10])], fin=10)
    assert [payload.data for payload in found] == [message(30)[:10]]
    assert facts.problems == []  # what the sender did wrong its message says


def test_nothing_counts_after_the_fin() -> None:
    made = new()
    list(made.add(20, message(20, "z"), 0, False, at(1)))
    found = list(made.add(0, message(20), 0, True, at(2)))
    found += made.add(20, message(30), 0, False, at(3))
    assert [payload.data for payload in (*found, *made.finish())] == [message(20)]


def test_a_capture_that_ends_within_a_message_says_so() -> None:
    facts = DecodeFacts()
    assert run(new(0, facts), [(0, message(30)[:10])]) == []
    (problem,) = facts.problems
    assert "cut after 10 octets" in problem.reason
    assert problem.frame == 1


def test_a_message_that_only_the_end_ends_is_given_at_the_end() -> None:
    until_close = Dissector(
        "toy", matches, lambda cursor: cursor.left, length=lambda data, closed: len(data) if closed else None
    )
    made = Stream(ENDS, (until_close,), DecodeFacts())
    made.begin(0, at(0))
    assert list(made.add(0, b"M 999 until the end", 0, False, at(1))) == []
    (found,) = made.finish()  # of the capture
    assert found.data == b"M 999 until the end"
    made = Stream(ENDS, (until_close,), DecodeFacts())
    made.begin(0, at(0))
    (found,) = made.add(0, b"M 999 until the end", 0, True, at(1))  # of the stream
    assert found.data == b"M 999 until the end"


def test_a_segment_far_away_is_a_stray_and_three_are_a_new_stream() -> None:
    facts = DecodeFacts()
    made = new(0, facts)
    far = stream.MAX_WINDOW * 4
    found = list(made.add(0, message(20), 0, False, at(1)))
    found += made.add(far, b"?", 0, False, at(2))
    found += made.add(20, message(30), 0, False, at(3))
    assert [payload.data for payload in found] == [message(20), message(30)]
    found = []
    for number in range(4):
        found += made.add(far + 20 * number, message(20), 0, False, at(4 + number, SECOND * number))
    assert [payload.frame for payload in (*found, *made.finish())] == [6, 7]
    assert facts.counts[stream.STRAY] == 4


def test_a_message_beyond_the_limit_is_stepped_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_MESSAGE", 100)
    facts = DecodeFacts()
    found = run(new(0, facts), [(0, message(500)[:300]), (300, message(500)[300:] + message(20))])
    assert [payload.data for payload in found] == [message(20)]
    assert facts.counts == {stream.LONG: 1}


def test_octets_held_back_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_STREAM_OCTETS", 1000)
    facts = DecodeFacts()
    endless = Dissector("toy", matches, parse, length=lambda data, closed: None)
    made = Stream(ENDS, (endless,), facts)
    made.begin(0, at(0))
    for number in range(100):
        list(made.add(number * 100, b"a" * 100, 0, False, at(number)))
        assert made.octets <= 1100
    for number in range(100):  # and with a hole before them
        list(made.add(20_000 + number * 200, b"a" * 100, 0, False, at(number)))
        assert made.octets <= 1100


def test_a_stream_that_nobody_knows_is_only_counted() -> None:
    facts = DecodeFacts()
    assert run(new(None, facts), [(0, bytes(range(256)) * 10)]) == []
    assert facts.counts == {stream.UNCLAIMED: 2560}
    assert facts.problems == []


def test_starts_that_come_to_nothing_cost_bounded_work() -> None:
    hostile = b"M \n" * 200_000
    assert run(new(), [(0, hostile)]) == []


@given(
    st.lists(st.integers(HEAD, 90), min_size=1, max_size=8),
    st.integers(0, 0xFFFF_FFFF),
    st.data(),
    st.booleans(),
)
def test_any_order_any_cut_any_overlap_gives_the_same_messages(
    sizes: list[int], base: int, data: st.DataObject, begun: bool
) -> None:
    sent = [message(size, "abcdefgh"[number]) for number, size in enumerate(sizes)]
    text = b"".join(sent)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=8))) if len(text) > 1 else []
    spans = list(zip([0, *cuts], [*cuts, len(text)], strict=True))
    spans += data.draw(
        st.lists(
            st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda t: (min(t), max(t))), max_size=4
        )
    )
    spans = data.draw(st.permutations(spans))
    found = run(new(base if begun else None), [(base + start, text[start:end]) for start, end in spans])
    assert [payload.data for payload in found] == sent
    for payload in found:
        assert payload.frame == max(payload.frames)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=40), st.booleans()), max_size=12))
def test_no_segments_raise(segments: list[tuple[int, bytes, bool]]) -> None:
    made = new(None)
    for frame, (sequence, data, fin) in enumerate(segments):
        list(made.add(sequence, data, 0, fin, at(frame)))
    list(made.finish())
    assert made.octets == 0


def octet_by_octet(text: bytes, start: int = 0) -> list[tuple[int, bytes]]:
    return [(start + number, text[number : number + 1]) for number in range(len(text))]


@pytest.mark.parametrize("junk", [b"", b"Aa " * 100], ids=["begin", "search"])
def test_a_message_that_was_not_asked_for_yet_is_given_at_the_end_and_before_a_hole(junk: bytes) -> None:
    """Its end is not known before it is there, and it comes in more segments than are asked after one by one."""
    size = stream.EAGER_ASKS * 4
    end = b"M 999 " + b"x" * (size - 7) + b"\n"
    until_line = Dissector(
        "toy", matches, lambda cursor: cursor.left, length=lambda data, closed: data.find(b"\n") + 1 or None
    )
    for after in ([], octet_by_octet(b"M 1", size), [(size + 1, b"?"), (size + 2, b"M 999 \n")]):
        made = Stream(ENDS, (until_line,), DecodeFacts())
        assert made.begin(0, at(0))
        assert run(made, octet_by_octet(end) + after)[0].data == end
    made = new()
    text = junk + message(20) + b"M 020"
    made._searching = bool(junk)
    assert [payload.data for payload in run(made, octet_by_octet(text))] == [message(20)]
