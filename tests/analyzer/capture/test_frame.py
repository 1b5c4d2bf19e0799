from analyzer.capture.frame import CaptureFacts, Frame


def test_a_frame_shows_no_octets() -> None:
    assert "secret" not in repr(Frame(0, 1, 0, 1, b"secret", 6))


def test_facts_of_two_captures_share_nothing() -> None:
    one, other = CaptureFacts("a"), CaptureFacts("b")
    one.problems.append("cut")
    one.link_types.append("RAW")
    assert (other.problems, other.link_types) == ([], [])
