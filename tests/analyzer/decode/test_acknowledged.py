"""What arrived and was not captured: told by the acknowledgements of the other end alone."""

from analyzer.decode import acknowledged, packets
from analyzer.decode.acknowledged import Acknowledged
from analyzer.decode.packets import DecodeFacts, Origin

ENDS = ("10.0.0.2", 80, "10.0.0.1", 40000)


def missed(*numbers: int, reached: int | None = None) -> int:
    facts = DecodeFacts()
    told = Acknowledged(facts)
    for number in numbers:
        told.note(ENDS, number)
    told.close(ENDS, reached)
    assert told.directions() == ()
    return facts.missed.get(ENDS, 0)


def test_a_direction_without_a_segment_is_measured_from_its_first_acknowledgement() -> None:
    assert missed(5001, 5101) == 99  # of the 100 one may be a FIN
    assert missed(5001) == 0
    assert missed(5001, 5002) == 0  # a FIN


def test_what_was_captured_is_not_missed() -> None:
    assert missed(5001, 5101, reached=5101) == 0
    assert missed(5001, 5101, reached=5100) == 0
    assert missed(5001, 5101, reached=5051) == 49
    assert missed(5001, reached=5901) == 0  # the acknowledgement comes after the capture


def test_the_highest_counts_whatever_comes_after_it() -> None:
    assert missed(5001, 5101, 5051) == 99


def test_numbers_go_round() -> None:
    assert missed(0xFFFF_FFF0, 0x10) == 31
    assert missed(0xFFFF_FFF0, 0x10, reached=0x10) == 0


def test_a_number_of_another_connection_says_nothing() -> None:
    assert missed(5001, reached=5001 - acknowledged.MAX_AHEAD - 2) == 0
    assert missed(5001, reached=5001 - acknowledged.MAX_AHEAD - 1) == acknowledged.MAX_AHEAD


def test_no_more_are_kept_than_the_limits(monkeypatch) -> None:
    monkeypatch.setattr(acknowledged, "MAX_DIRECTIONS", 2)
    monkeypatch.setattr(packets, "MAX_MISSED", 1)
    facts = DecodeFacts()
    told = Acknowledged(facts)
    for port in range(3):
        told.note(("10.0.0.2", port, "10.0.0.1", 1), 1)
    assert [port for _, port, *_ in told.directions()] == [1, 2]
    for port in (1, 2):
        told.note(("10.0.0.2", port, "10.0.0.1", 1), 101)
        told.close(("10.0.0.2", port, "10.0.0.1", 1), None)
    assert list(facts.missed) == [("10.0.0.2", 1, "10.0.0.1", 1)]


class TestOvertaken:
    def overtaken(
        self, *reached: tuple[int, int], capture: int = 0, begun: int | None = 100
    ) -> dict[tuple[int, int], int]:
        """What stands before octets that come later: how far they come, and after how many ms."""
        facts = DecodeFacts()
        told = Acknowledged(facts)
        told.note(ENDS, 100)
        told.expect(ENDS, 200, begun, Origin(0, 5, 0, (5,)))
        for number, (to, after) in enumerate(reached, 6):
            told.reach(ENDS, to, Origin(capture, number, after * 10**6, (number,)))
        return facts.overtaken

    def test_is_what_acknowledges_octets_before_they_come(self) -> None:
        assert self.overtaken((150, 10), (200, 20), (300, 30)) == {(0, 5): 20 * 10**6}
        assert self.overtaken((150, 10), (200, 20), begun=None) == {(0, 5): 20 * 10**6}  # nothing of it came before

    def test_is_not_what_was_sent_again_later_or_is_in_another_capture(self) -> None:
        assert self.overtaken((200, 101)) == {}
        assert self.overtaken((200, 20), capture=1) == {}
        assert self.overtaken((150, 20)) == {}

    def test_needs_more_than_the_end_of_a_connection(self) -> None:
        facts = DecodeFacts()
        told = Acknowledged(facts)
        told.note(ENDS, 100)
        told.expect(ENDS, 101, 100, Origin(0, 5, 0, (5,)))
        told.reach(ENDS, 500, Origin(0, 6, 1, (6,)))
        assert facts.overtaken == {}

    def test_is_kept_for_the_last_ones(self, monkeypatch) -> None:
        monkeypatch.setattr(acknowledged, "MAX_WAITING", 1)
        facts = DecodeFacts()
        told = Acknowledged(facts)
        for frame in (5, 6):
            told.expect(ENDS, 200, 100, Origin(0, frame, 0, (frame,)))
        told.reach(ENDS, 200, Origin(0, 7, 1, (7,)))
        assert facts.overtaken == {(0, 6): 1}
