import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import sctp as reading
from analyzer.decode.ip import IpPacket, read_ip
from analyzer.decode.packets import Broken, DecodeFacts, Origin
from analyzer.decode.sctp import Messages, encapsulated
from dissectors import Payload, dissect
from sample_pcaps import forge_tls
from sample_pcaps.forge_tunnels import chunk, data_chunk, sctp

A, B = ("10.0.0.1", 3868), ("10.0.0.2", 3868)
OTHER_PATH = ("10.1.0.1", "10.1.0.2")
FIRST, MIDDLE, LAST, UNORDERED = 2, 0, 1, 4
SACK, INIT, HEARTBEAT, I_DATA = 3, 1, 4, 64


def packet(*chunks: bytes, tag: int = 7, ends: tuple[str, str] = (A[0], B[0])) -> IpPacket:
    return read_ip(sctp(ends[0], A[1], ends[1], B[1], *chunks, tag=tag))


def run(*packets: IpPacket, facts: DecodeFacts | None = None, step: int = 1) -> list[Payload]:
    made = Messages(facts or DecodeFacts())
    found = [
        payload
        for number, one in enumerate(packets, 1)
        for payload in made.add(one, Origin(0, number, number * step, (number,)))
    ]
    made.finish()
    return found


def pieces(message: bytes, size: int, tsn: int = 100, **kind: int) -> list[bytes]:
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    last = len(parts) - 1
    flags = [(FIRST if i == 0 else 0) | (LAST if i == last else 0) for i in range(len(parts))]
    return [data_chunk(tsn + i, part, flags=flags[i], **kind) for i, part in enumerate(parts)]


def test_a_message_in_one_chunk() -> None:
    assert run(packet(data_chunk(1, b"hello"))) == [Payload(b"hello", "sctp", *A, *B, 0, 1, 1, (1,))]


def test_nothing_gives_nothing() -> None:
    facts = DecodeFacts()
    assert (
        run(packet(), packet(chunk(INIT, bytes(16)), chunk(SACK, bytes(12)), chunk(HEARTBEAT, b"x")), facts=facts) == []
    )
    assert facts == DecodeFacts()


def test_chunks_bundled_in_one_packet_with_control_between() -> None:
    found = run(
        packet(chunk(SACK, bytes(12)), data_chunk(1, b"one"), chunk(HEARTBEAT, b"abc"), data_chunk(2, b"other"))
    )
    assert [payload.data for payload in found] == [b"one", b"other"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
@pytest.mark.parametrize("unordered", [0, UNORDERED])
@pytest.mark.parametrize("tsn", [100, 0xFFFF_FFFE])
def test_fragments_in_any_order_over_the_wrap(order: tuple[int, ...], unordered: int, tsn: int) -> None:
    parts = [
        data_chunk(tsn + i, bytes((65 + i,)) * 5, flags=unordered | flags)
        for i, flags in enumerate((FIRST, MIDDLE, MIDDLE, LAST))
    ]
    facts = DecodeFacts()
    (found,) = run(*(packet(parts[i]) for i in order), facts=facts)
    assert found.data == b"AAAAABBBBBCCCCCDDDDD"
    assert (found.frame, found.frames) == (4, (1, 2, 3, 4))
    assert facts.counts == {}


def test_messages_of_several_streams_and_of_one_after_the_other() -> None:
    one, other = pieces(b"stream one", 4, 10, stream=1), pieces(b"STREAM TWO", 4, 13, stream=2)
    mixed = [one[0], other[2], other[0], one[2], other[1], one[1]]
    found = run(*(packet(part) for part in mixed))
    assert [payload.data for payload in found] == [b"STREAM TWO", b"stream one"]


def test_fragments_of_two_messages_are_never_put_together() -> None:
    facts = DecodeFacts()
    begin = data_chunk(1, b"a", flags=FIRST, sequence=1)
    for stray in (
        data_chunk(2, b"b", flags=LAST, sequence=2),
        data_chunk(2, b"b", flags=LAST, sequence=1, stream=1),
        data_chunk(2, b"b", flags=LAST | UNORDERED, sequence=1),
        data_chunk(3, b"b", flags=LAST, sequence=1),
    ):
        assert run(packet(begin), packet(stray), facts=facts) == []
    assert facts.counts == {reading.INCOMPLETE: 8, reading.MISSING: 1}


def test_what_is_sent_again_counts_once_on_whatever_path() -> None:
    whole, parts = data_chunk(1, b"hello"), pieces(b"in two", 3, 2)
    packets = [packet(whole), packet(whole), packet(whole, ends=OTHER_PATH), packet(parts[0])]
    packets += [packet(parts[0]), packet(parts[1], ends=OTHER_PATH), packet(*parts)]
    assert [payload.data for payload in run(*packets)] == [b"hello", b"in two"]


def test_another_association_on_the_same_ports_is_another() -> None:
    found = run(packet(data_chunk(1, b"hello")), packet(data_chunk(1, b"hello"), tag=8))
    assert len(found) == 2
    fragment = pieces(b"in two", 3)
    assert run(packet(fragment[0]), packet(fragment[1], tag=8)) == []
    assert len(run(packet(data_chunk(1, b"x"), tag=0), packet(data_chunk(1, b"x"), tag=0, ends=OTHER_PATH))) == 2


def test_octets_under_a_number_used_before_are_another_message() -> None:
    assert [p.data for p in run(packet(data_chunk(1, b"one")), packet(data_chunk(1, b"other")))] == [b"one", b"other"]


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ((5, 6, 7), 0),
        ((5, 7, 6), 0),
        ((7, 6, 5), 0),
        ((5, 7), 1),
        ((5, 9, 6, 6), 2),
        ((0xFFFF_FFFE, 1), 2),
        ((1, 0xFFFF_FFFE), 2),
        ((5, 7, 5 + 10 * reading.MAX_STEP, 8 + 10 * reading.MAX_STEP), 3),
    ],
)
def test_numbers_that_never_came_are_counted(numbers: tuple[int, ...], missing: int) -> None:
    facts = DecodeFacts()
    assert len(run(*(packet(data_chunk(tsn, b"x")) for tsn in numbers), facts=facts)) == len(set(numbers))
    assert facts.counts == ({reading.MISSING: missing} if missing else {})


def test_directions_are_followed_apart_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_DIRECTIONS", 3)
    facts = DecodeFacts()
    made = Messages(facts)
    for tsn in (1, 3):
        for tag in range(1, 6):
            list(made.add(packet(data_chunk(tsn, b"x"), tag=tag), Origin(0, 1, 1, (1,))))
            assert len(made._numbers) <= 3
    made.finish()
    assert facts.counts == {}  # each was left before its second chunk came
    assert len(run(packet(data_chunk(1, b"x")), packet(data_chunk(3, b"x")), facts=facts)) == 2
    assert facts.counts == {reading.MISSING: 1}


def test_fragments_wait_for_a_minute() -> None:
    facts = DecodeFacts()
    first, second = pieces(b"in two", 3)
    assert run(packet(first), packet(second), facts=facts, step=reading.TIMEOUT + 1) == []
    assert facts.counts == {reading.INCOMPLETE: 2}
    assert len(run(packet(first), packet(second), step=reading.TIMEOUT)) == 1


@pytest.mark.parametrize(
    ("ppid", "data", "reason"),
    [
        (18, b"\x00\x0c", "SCTP messages of S1AP"),
        (60, b"\x00\x0c", "SCTP messages of NGAP"),
        (47, b"\x17\xfe\xfd", reading.DTLS),
    ],
)
def test_what_no_dissector_takes_is_counted_by_name(ppid: int, data: bytes, reason: str) -> None:
    facts = DecodeFacts()
    assert run(packet(data_chunk(1, data, ppid=ppid)), facts=facts) == []
    assert facts.counts == {reason: 1}


@pytest.mark.parametrize("kind", [20, 21, 22])
def test_the_handshake_of_dtls_is_read(kind: int) -> None:
    """RFC 6733 2.1, RFC 6083: who shakes hands, and what it comes to, is in the clear."""
    (payload,) = run(packet(data_chunk(1, forge_tls.datagram_record(kind, b"\x02\x28"), ppid=47)))
    message = dissect(payload)
    assert message is not None
    assert message.protocol == "dtls"


@pytest.mark.parametrize("ppid", [0, 46, 47, 12345])
def test_everything_else_is_for_the_dissectors(ppid: int) -> None:
    assert len(run(packet(data_chunk(1, b"\x01\x00\x00\x14", ppid=ppid)))) == 1


def test_interleaved_data_are_counted() -> None:
    facts = DecodeFacts()
    assert run(packet(chunk(I_DATA, bytes(20), 3)), facts=facts) == []
    assert facts.counts == {reading.INTERLEAVED: 1}


def test_what_the_capture_cut_is_counted_and_what_was_whole_is_given() -> None:
    whole = packet(data_chunk(1, b"hello"), data_chunk(2, b"there"))
    for cut in range(1, 22):
        facts = DecodeFacts()
        short = IpPacket(4, A[0], B[0], 132, whole.data[:-cut], cut)
        assert [payload.data for payload in run(short, facts=facts)] == [b"hello", b"there"][: 1 + (cut < 4)]
        assert facts.counts == {reading.CUT: 1}


@pytest.mark.parametrize(
    "data",
    [b"", bytes(11), bytes(12) + b"\x00", bytes(12) + bytes(4), bytes(12) + b"\x00\x03\x00\x20" + bytes(16),
     bytes(12) + b"\x00\x03\x00\x10" + bytes(12)],
)  # fmt: skip
def test_lengths_that_lie_are_broken(data: bytes) -> None:
    with pytest.raises(Broken) as told:
        run(IpPacket(4, A[0], B[0], 132, data, 0))
    assert told.value.protocol == "sctp"


def test_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_WAITING", 4000)
    monkeypatch.setattr(reading, "MAX_FRAGMENTS", 8)
    monkeypatch.setattr(reading, "MAX_RECENT", 4)
    monkeypatch.setattr(reading, "MAX_MESSAGE", 1500)
    facts = DecodeFacts()
    made = Messages(facts)
    for number in range(100):
        origin = Origin(0, number, number, (number,))
        assert list(made.add(packet(data_chunk(3 * number, bytes(1000), flags=MIDDLE)), origin)) == []
        assert made._octets <= 4000
        assert len(made._recent) <= 4
    assert facts.counts == {reading.INCOMPLETE: 96}
    facts.counts.clear()
    for number in range(100):
        list(made.add(packet(data_chunk(1000 + 2 * number, b"x", flags=MIDDLE)), Origin(0, 1, 1, (1,))))
        assert made._fragments <= 8
    long = [packet(part) for part in pieces(bytes(3000), 1000, 5000)]
    assert run(*long, facts=facts) == []
    assert facts.counts[reading.LONG] == 1
    made.finish()
    assert facts.counts[reading.MISSING] > 100
    assert (made._octets, made._fragments, made._firsts, made._lasts) == (0, 0, {}, {})


def test_a_packet_of_empty_chunks_ends() -> None:
    facts = DecodeFacts()
    run(packet(*[chunk(SACK, b"")] * 300), facts=facts)
    assert facts.counts == {}
    run(IpPacket(4, A[0], B[0], 132, bytes(12) + b"\x03\x00\x00\x04" * 16_000, 0), facts=facts)
    assert facts.counts == {reading.CHUNKS: 1}


def test_many_fragments_take_no_more_than_linear_time() -> None:
    parts = pieces(bytes(range(256)) * 160, 4)  # 10,240 of them
    order = list(range(len(parts)))
    for shuffled in (order, order[::-1], random.Random(1).sample(order, len(order))):
        (found,) = run(*(packet(parts[i]) for i in shuffled))
        assert found.data == bytes(range(256)) * 160


@given(
    st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=5),
    st.integers(1, 9),
    st.integers(0, 0xFFFF_FFFF),
    st.randoms(use_true_random=False),
)
def test_messages_come_out_whole_whatever_happens_on_the_way(
    messages: list[bytes], size: int, tsn: int, chance: random.Random
) -> None:
    parts: list[bytes] = []
    for number, message in enumerate(messages):
        parts += pieces(message, size, tsn + len(parts), stream=number % 2, sequence=number)
    parts += chance.sample(parts, len(parts) // 2)
    chance.shuffle(parts)
    packets = []
    while parts:
        taken = chance.randint(1, 3)
        packets.append(packet(*parts[:taken]))
        del parts[:taken]
    facts = DecodeFacts()
    assert sorted(payload.data for payload in run(*packets, facts=facts)) == sorted(messages)


@given(st.binary(max_size=120))
def test_no_octets_raise_anything_else(data: bytes) -> None:
    made = Messages(DecodeFacts())
    for octets in (data, bytes(12) + data, bytes(12) + b"\x00\x03\x00\x18" + data):
        for lost in (0, 9):
            try:
                list(made.add(IpPacket(4, A[0], B[0], 132, octets, lost), Origin(0, 1, 1, (1,))))
            except Broken:
                continue
    made.finish()


IN_UDP = sctp(*A, *B, data_chunk(1, b"hello"), chunk(3, bytes(12)), udp_port=9899)[28:]


def test_sctp_in_a_datagram_is_told_by_its_chunks() -> None:
    assert encapsulated(IN_UDP)
    assert encapsulated(IN_UDP[:12] + data_chunk(1, b"hello")[:-3])  # the last chunk need not be filled up


@pytest.mark.parametrize(
    "data",
    [
        *(IN_UDP[:size] for size in (0, 11, 12, 15, 20, len(IN_UDP) - 1)),
        IN_UDP + b"more",
        bytes(4) + IN_UDP[4:],
        IN_UDP[:12] + bytes(400),
        IN_UDP[:12] + chunk(3, b"") * 2000 + b"x",
        b"OPTIONS sip:bm-sc.example.com SIP/2.0\r\n\r\n",
        b"\x01\x00\x05\x00" + bytes(20),
    ],
)
def test_other_datagrams_are_none(data: bytes) -> None:
    assert not encapsulated(data)


@given(st.binary(max_size=64))
def test_no_datagram_raises(data: bytes) -> None:
    assert encapsulated(data) in (True, False)
