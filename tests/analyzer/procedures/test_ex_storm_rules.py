"""EX-09: what a BM-SC does when many ask at once."""

import pytest

from analyzer.procedures.ex_storm_rules import STORM, Asking
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

SECOND = 10**9


@pytest.fixture(scope="module")
def storm():
    """Return a story of UEs that register within half a second, a number of them served."""

    def made(ues=10, served=2, linger=15, apart=0.05):
        story = Story("storm", by_sip=False, ues=ues)
        for number, ue in enumerate(story.ues):
            story.at(number * apart)
            more = {} if number < served else {"retry": False, "edits": {"challenge": Edit(drop=True)}}
            run = story.bootstrap(ue, stop_after="first")  # its messages are of no interest here
            assert run is ue.last
            story.register(ue, **more)
        if linger:
            story.linger(linger)
        return story

    return made


def test_is_answered(tell, verdicts, storm):
    assert verdicts(tell(storm(served=10)), "EX-09") == ["pass"] * 10


def test_ends_in_silence(tell, verdicts, storm):
    assert verdicts(tell(storm()), "EX-09") == ["pass"] * 2 + ["fail"] * 8


def test_of_few_is_none(tell, verdicts, storm):
    assert verdicts(tell(storm(ues=STORM - 1)), "EX-09") == []


def test_of_many_one_after_the_other_is_none(tell, verdicts, storm):
    assert verdicts(tell(storm(apart=0.5)), "EX-09") == []


def test_may_lose_an_answer_on_the_way(tell, verdicts, storm):
    assert verdicts(tell(storm(served=9)), "EX-09") == ["pass"] * 9 + ["inconc"]


def test_cannot_be_told_where_no_answer_is_seen_at_all(tell, verdicts, storm):
    assert verdicts(tell(storm(served=0)), "EX-09") == ["inconc"] * 10


def test_cannot_be_told_at_the_end_of_a_capture(tell, verdicts, storm):
    assert verdicts(tell(storm(linger=0)), "EX-09") == ["pass"] * 2 + ["inconc"] * 8


def test_counts_clients_and_not_requests():
    times = tuple(number * SECOND // 10 for number in range(20))
    silent = (0,) * 21
    assert Asking(times, tuple(f"ue{number}" for number in range(20)), silent).is_storm(SECOND)
    assert not Asking(times, ("ue1", "ue2") * 10, silent).is_storm(SECOND)
