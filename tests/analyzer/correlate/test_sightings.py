"""One packet or two: by capture, and by the time between."""

import pytest

from analyzer.correlate.sightings import Sightings, again
from sample_pcaps.story import Story

MS = 10**6


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


def test_other_octets_are_another_packet():
    seen = Sightings()
    assert seen.first("a", b"1", 0, 0) is None
    assert seen.first("b", b"2", 0, 0) is None
    assert seen.first("c", b"2", 0, 0) == "b"


def test_messages_by_their_payload(tell):
    story = Story("messages", by_sip=False)
    story.bootstrap()
    story.msk(v=False)
    time, packet = story.tape.packets[-1]
    story.tape.packets += [(time + 5 * MS, packet), (time + 500 * MS, packet)]
    sent = tell(story).story.traffic.mikey
    assert len(sent) == 3
    assert again(sent) == {id(sent[1]): sent[0]}
