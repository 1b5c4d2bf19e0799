from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import tcp as limits
from analyzer.decode.ip import IpPacket, read_ip
from analyzer.decode.packets import Broken, DecodeFacts, Origin
from analyzer.decode.stream import DROPPED
from analyzer.decode.tcp import Connections
from dissectors import Payload
from sample_pcaps.forge import tcp

A, B = ("10.0.0.1", 40000), ("10.0.0.2", 8080)
SYN, FIN, RST, ACK = 2, 1, 4, 16
GET = b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def segment(seq: int, payload: bytes = b"", flags: int = ACK, *, back: bool = False, ack: int = 0) -> IpPacket:
    one, other = (B, A) if back else (A, B)
    return read_ip(tcp(*one, *other, seq=seq & 0xFFFF_FFFF, ack=ack, flags=flags, payload=payload))


def run(*packets: IpPacket, facts: DecodeFacts | None = None) -> list[bytes]:
    return [payload.data for payload in decoded(Connections(facts or DecodeFacts(), {}), *packets)]


def decoded(connections: Connections, *packets: IpPacket) -> Iterator[Payload]:
    for frame, packet in enumerate(packets, 1):
        yield from connections.add(packet, Origin(0, frame, frame * 1_000_000, (frame,)))
    yield from connections.finish()


def test_both_directions_of_a_connection() -> None:
    packets = (
        segment(99, flags=SYN),
        segment(499, flags=SYN | ACK, back=True, ack=100),
        segment(100, GET),
        segment(500, OK, back=True),
        segment(100 + len(GET), POST, FIN | ACK),
        segment(500 + len(OK), flags=FIN | ACK, back=True),
    )
    assert run(*packets) == [GET, OK, POST]


def test_no_segments_give_nothing() -> None:
    assert run() == []
    assert run(segment(99, flags=SYN), segment(100)) == []


def test_data_on_the_syn() -> None:
    assert run(segment(99, GET, SYN)) == [GET]


def test_data_of_a_reset_is_none_of_the_stream() -> None:
    assert run(segment(99, flags=SYN), segment(100, GET), segment(100 + len(GET), b"go away", RST)) == [GET]
    assert run(segment(100, b"GET / HTTP/1.1\r\n\r\n", RST)) == []


def test_ports_that_are_used_again() -> None:
    packets = (
        segment(99, flags=SYN),
        segment(499, flags=SYN | ACK, back=True, ack=100),
        segment(100, GET),
        segment(500, OK, back=True),
        segment(7_000, flags=SYN),
        segment(9_000, flags=SYN | ACK, back=True, ack=7_001),
        segment(7_001, GET),
        segment(9_001, OK, back=True),
    )
    assert run(*packets) == [GET, OK, GET, OK]


def test_ports_that_are_used_again_with_the_syn_missed() -> None:
    packets = (
        segment(99, flags=SYN),
        segment(499, flags=SYN | ACK, back=True, ack=100),
        segment(100, GET),
        segment(500, OK, back=True),
        segment(9_000, flags=SYN | ACK, back=True, ack=7_001),
        segment(7_001, GET),
        segment(9_001, OK, back=True),
    )
    assert sorted(run(*packets)) == sorted([GET, OK, GET, OK])


def test_a_handshake_sent_again_changes_nothing() -> None:
    packets = (
        segment(99, flags=SYN),
        segment(99, flags=SYN),
        segment(499, flags=SYN | ACK, back=True, ack=100),
        segment(100, GET),
        segment(499, flags=SYN | ACK, back=True, ack=100),
        segment(500, OK, back=True),
        segment(100, GET),
    )
    assert run(*packets) == [GET, OK]


@pytest.mark.parametrize(
    "before", [b"</x>", b"Tail of A body, Long Enough ", b"One\nTwo \n", b"A " * 600, b"\x01\x00\xff"]
)
def test_after_a_lost_segment_the_next_message_is_found(before: bytes) -> None:
    facts = DecodeFacts()
    packets = (
        segment(99, flags=SYN),
        segment(100, GET),
        segment(900, before + OK),
        segment(900 + len(before + OK), POST),
    )
    assert run(*packets, facts=facts) == [GET, OK, POST]
    assert [problem.frame for problem in facts.problems] == [3]


def test_a_start_line_over_two_segments_is_found_after_a_lost_one() -> None:
    for cut in range(1, len(OK)):
        packets = (segment(100, b"<body>, cut " + OK[:cut]), segment(112 + cut, OK[cut:]))
        assert run(*packets) == [OK]


@pytest.mark.parametrize("data", [b"", bytes(19), bytes(12) + b"\x40" + bytes(20), bytes(12) + b"\xf0" + bytes(20)])
def test_broken_headers(data: bytes) -> None:
    with pytest.raises(Broken) as told:
        list(Connections(DecodeFacts(), {}).add(IpPacket(4, A[0], B[0], 6, data, 0), Origin(0, 1, 0, (1,))))
    assert told.value.field == "tcp.hdr_len"


def test_the_dissector_of_a_named_port_comes_first() -> None:
    connections = Connections(DecodeFacts(), {"diameter": (8080,)})
    ends = (*A, *B)
    assert connections._order(ends)[0].protocol == "diameter"
    assert Connections(DecodeFacts(), {})._order(ends)[0].protocol != "diameter"


def test_streams_beyond_the_limit_cost_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_STREAMS", 3)
    facts = DecodeFacts()
    connections = Connections(facts, {})
    for number in range(10):
        packet = read_ip(tcp("10.0.0.1", 1000 + number, *B, seq=1, ack=0, flags=ACK, payload=GET[:10]))
        list(connections.add(packet, Origin(0, number, 0, (number,))))
    assert facts.counts[DROPPED] == 7


def test_octets_beyond_the_limit_cost_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TOTAL_OCTETS", 100)
    facts = DecodeFacts()
    connections = Connections(facts, {})
    for number in range(10):
        packet = read_ip(tcp("10.0.0.1", 1000 + number, *B, seq=1, ack=0, flags=ACK, payload=b"G" * 40))
        list(connections.add(packet, Origin(0, number, 0, (number,))))
    assert facts.counts[DROPPED] == 8


def test_octets_held_are_counted_back_when_streams_end() -> None:
    connections = Connections(DecodeFacts(), {})
    list(decoded(connections, segment(99, flags=SYN), segment(100, GET[:10]), segment(300, GET), segment(5, flags=SYN)))
    assert connections._octets == 0


@given(st.permutations(range(7)), st.integers(0, 0xFFFF_FFFF))
def test_a_connection_in_any_order_with_its_syn(order: list[int], isn: int) -> None:
    text = GET + POST
    cuts = [0, 7, 20, 40, 60, len(text)]
    packets = [segment(isn, flags=SYN)]
    packets += [segment(isn + 1 + one, text[one:two]) for one, two in pairwise(cuts)]
    packets.append(segment(isn + 1 + len(text), flags=FIN | ACK))
    assert run(*(packets[number] for number in order)) == [GET, POST]


@pytest.mark.parametrize("letters", range(1, 5))
def test_what_a_hole_left_of_a_method_begins_no_message(letters: int) -> None:
    rest = POST[letters:]
    assert run(segment(99, flags=SYN), segment(100, GET), segment(100 + len(GET) + letters, rest)) == [GET]
    # nor where the capture begins in the middle of it, and what follows is found
    assert run(segment(100, rest), segment(100 + len(rest), GET)) == [GET]


def test_a_method_that_nobody_knows_is_one_where_nothing_is_missing() -> None:
    purge = b"PURGE / HTTP/1.1\r\n\r\n"
    assert run(segment(99, flags=SYN), segment(100, purge), segment(100 + len(purge), GET)) == [purge, GET]
    # after a hole it may be torn
    assert run(segment(99, flags=SYN), segment(105, purge), segment(105 + len(purge), GET)) == [GET]


def test_an_answer_whose_body_was_not_captured_is_none() -> None:
    asked = (segment(99, flags=SYN), segment(100, GET))
    begun = segment(499, flags=SYN | ACK, back=True, ack=100)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    assert run(*asked, begun, segment(500, head, back=True)) == [GET]
    assert run(*asked, begun, segment(500, head + b"12345", back=True)) == [GET, head + b"12345"]


class TestMissed:
    BACK = (*B, *A)

    def facts(self, *packets: IpPacket) -> DecodeFacts:
        found = DecodeFacts()
        run(*packets, facts=found)
        return found

    def shaken(self, isn: int = 99, back: int = 499) -> tuple[IpPacket, IpPacket]:
        return segment(isn, flags=SYN), segment(back, flags=SYN | ACK, back=True, ack=isn + 1)

    def test_an_answer_that_is_acknowledged_and_not_there(self) -> None:
        request = segment(100, GET, ack=500)
        end = segment(100 + len(GET), flags=FIN | ACK, ack=500 + len(OK) + 1)
        assert self.facts(*self.shaken(), request, end).missed == {self.BACK: len(OK)}
        assert self.facts(self.shaken()[0], request, end).missed == {self.BACK: len(OK)}  # no segment of it at all
        answered = segment(500, OK, back=True, ack=100 + len(GET))
        assert self.facts(*self.shaken(), request, answered, end).missed == {}

    def test_a_request_that_is_acknowledged_and_not_there(self) -> None:
        answer = segment(500, OK, FIN | ACK, back=True, ack=100 + len(GET))
        assert self.facts(self.shaken()[1], answer).missed == {(*A, *B): len(GET) - 1}

    def test_a_capture_that_begins_or_ends_in_the_middle_misses_nothing(self) -> None:
        asked = segment(7000, GET, ack=3000)
        answer = segment(3000, OK, back=True, ack=7000 + len(GET))
        assert self.facts(asked).missed == self.facts(asked, answer).missed == self.facts(answer).missed == {}

    def test_another_connection_of_the_same_ports_begins_anew(self) -> None:
        first = (*self.shaken(), segment(100, GET, FIN | ACK, ack=500))
        later = (segment(900_099, flags=SYN), segment(900_100, GET, ack=700_500))
        assert self.facts(*first, *later).missed == {}
        unseen = segment(900_100 + len(GET), flags=FIN | ACK, ack=700_500 + len(OK))
        assert self.facts(*first, *later, unseen).missed == {self.BACK: len(OK) - 1}


def test_an_answer_that_came_into_the_capture_before_its_request_is_told() -> None:
    shaken = segment(99, flags=SYN), segment(499, flags=SYN | ACK, back=True, ack=100)
    request, answer = segment(100, GET, ack=500), segment(500, OK, back=True, ack=100 + len(GET))
    facts = DecodeFacts()
    assert run(*shaken, answer, request, facts=facts) == [OK, GET]
    assert facts.overtaken == {(0, 3): 1_000_000}
    run(*shaken, request, answer, facts=(facts := DecodeFacts()))
    assert facts.overtaken == {}


def test_no_message_is_there_before_the_one_before_it() -> None:
    """Their segments have changed places."""
    first, second = segment(100, GET), segment(100 + len(GET), POST)
    found = list(decoded(Connections(DecodeFacts(), {}), segment(99, flags=SYN), second, first))
    assert [payload.data for payload in found] == [GET, POST]
    assert [payload.time for payload in found] == [3_000_000, 3_000_001]
    assert [payload.frame for payload in found] == [3, 2]
