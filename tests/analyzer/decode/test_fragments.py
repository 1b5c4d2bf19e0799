import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import fragments
from analyzer.decode.fragments import Fragments
from analyzer.decode.ip import IpPacket
from analyzer.decode.packets import Broken, DecodeFacts, Origin

WHOLE = bytes(range(256)) * 2


def piece(start: int, end: int, *, ident: int = 1, version: int = 4, lost: int = 0) -> IpPacket:
    data = WHOLE[start:end]
    return IpPacket(version, "10.0.0.1", "10.0.0.2", 17, data, lost, ident, start, end < len(WHOLE))


def at(frame: int, time: int = 0, capture: int = 0) -> Origin:
    return Origin(capture, frame, time, (frame,))


def test_fragments_make_the_packet_again() -> None:
    found = Fragments(DecodeFacts())
    assert found.add(piece(0, 200), at(3)) is None
    assert found.add(piece(200, 512), at(5, 9)) == (17, WHOLE, Origin(0, 5, 9, (3, 5)))


def test_packets_are_told_apart() -> None:
    found = Fragments(DecodeFacts())
    found.add(piece(0, 200, ident=1), at(1))
    assert found.add(piece(200, 512, ident=2), at(2)) is None
    assert found.add(piece(200, 512, ident=1, version=6), at(3)) is None


def test_frames_of_another_capture_are_not_named() -> None:
    found = Fragments(DecodeFacts())
    found.add(piece(0, 200), at(3, capture=1))
    assert found.add(piece(200, 512), at(5)) == (17, WHOLE, Origin(0, 5, 0, (5,)))


def test_the_first_octets_win() -> None:
    found = Fragments(DecodeFacts())
    found.add(piece(0, 200), at(1))
    forged = IpPacket(4, "10.0.0.1", "10.0.0.2", 17, b"X" * 64, 0, 1, 64, True)
    found.add(forged, at(2))
    whole = found.add(piece(200, 512), at(3))
    assert whole is not None
    assert whole[1] == WHOLE


@pytest.mark.parametrize(
    "packet",
    [
        piece(0, 200, lost=8),
        piece(0, 199),
        piece(0, 0),
        IpPacket(4, "10.0.0.1", "10.0.0.2", 17, bytes(100), 0, 1, 65_528, False),
    ],
)
def test_fragments_that_cannot_be(packet: IpPacket) -> None:
    with pytest.raises(Broken):
        Fragments(DecodeFacts()).add(packet, at(1))


def test_what_stays_incomplete_is_counted() -> None:
    facts = DecodeFacts()
    found = Fragments(facts)
    found.add(piece(0, 200), at(1))
    found.add(piece(208, 256), at(2))
    found.finish()
    assert facts.counts == {fragments.INCOMPLETE: 2}


def test_fragments_are_not_awaited_for_ever() -> None:
    facts = DecodeFacts()
    found = Fragments(facts)
    found.add(piece(0, 200), at(1))
    assert found.add(piece(200, 512), at(2, fragments.FRAGMENT_TIMEOUT + 1)) is None
    assert facts.counts == {fragments.INCOMPLETE: 1}


def test_memory_is_bounded() -> None:
    facts = DecodeFacts()
    found = Fragments(facts)
    for ident in range(fragments.MAX_FRAGMENT_GROUPS + 10):
        found.add(piece(0, 200, ident=ident), at(ident))
    assert facts.counts == {fragments.INCOMPLETE: 10}


@given(st.permutations(range(0, 512, 64)), st.lists(st.integers(0, 7), max_size=4))
def test_any_order_with_duplicates_gives_the_packet_once(order: list[int], again: list[int]) -> None:
    found = Fragments(DecodeFacts())
    sent = list(order)
    for at_place in again:  # a duplicate of what was sent already
        sent.insert(at_place + 1, sent[at_place])
    results = [found.add(piece(start, start + 64), at(n)) for n, start in enumerate(sent)]
    wholes = [result[1] for result in results if result is not None]
    assert wholes == [WHOLE]
