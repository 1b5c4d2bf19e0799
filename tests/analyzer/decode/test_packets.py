from analyzer.decode import packets
from analyzer.decode.packets import Broken, DecodeFacts, IcmpError, MediaPacket, Origin

HERE = Origin(2, 7, 99, (6, 7))
BROKEN = Broken("udp", "udp.length", 4, "9 octets")


def test_a_problem_says_where_it_is() -> None:
    facts = DecodeFacts()
    facts.tell(HERE, BROKEN)
    (problem,) = facts.problems
    assert (problem.capture, problem.frame, problem.protocol) == (2, 7, "udp")
    assert (problem.field, problem.offset, problem.reason) == ("udp.length", 4, "9 octets")


def test_problems_beyond_the_limit_are_counted() -> None:
    facts = DecodeFacts()
    for _ in range(packets.MAX_PROBLEMS + 3):
        facts.tell(HERE, BROKEN)
    assert len(facts.problems) == packets.MAX_PROBLEMS
    assert facts.counts == {packets.MORE_PROBLEMS: 3}


def test_reasons_beyond_the_limit_are_counted_together() -> None:
    facts = DecodeFacts()
    for number in range(packets.MAX_REASONS + 5):
        facts.count(f"reason {number}")
    facts.count("reason 0", 2)
    assert facts.counts["reason 0"] == 3
    assert facts.counts[packets.OTHER] == 5
    assert len(facts.counts) == packets.MAX_REASONS + 1


def test_icmp_errors_are_counted_by_kind_and_kept_up_to_a_limit() -> None:
    facts = DecodeFacts()
    error = IcmpError(0, 1, 5, "10.0.0.1", "port unreachable", 3, 3, 17, "10.0.0.2", 1000, "10.0.0.1", 2269)
    for _ in range(packets.MAX_ICMP_ERRORS + 3):
        facts.refuse(error)
    assert facts.icmp_errors == [error] * packets.MAX_ICMP_ERRORS
    assert facts.counts == {"ICMP errors: port unreachable": packets.MAX_ICMP_ERRORS + 3}


def test_media_shows_no_octets() -> None:
    assert "secret" not in repr(MediaPacket(0, 1, 0, "10.0.0.1", "239.1.1.1", 5000, b"secret"))
