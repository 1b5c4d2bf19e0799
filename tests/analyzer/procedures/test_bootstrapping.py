"""Bootstrappings as runs, and where a B-TID comes from."""

import pytest

from analyzer.procedures.bootstrapping import answers_a_challenge, maker, of_run
from dissectors.digest import parse_auth
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

RAND = made_up("RAND of a test", 16)


def runs(analysis):
    return [run for _, run in analysis.runs if run.procedure.kind == "gba-bootstrapping"]


def shape(run):
    return {name: len(found) for name, found in run.steps.items()}


def bootstrapped(**more):
    story = Story("bootstrapping", by_sip=False)
    story.bootstrap(**more)
    return story


def test_four_messages_are_one_run(tell):
    (run,) = runs(tell(bootstrapped()))
    assert shape(run) == {"request": 1, "challenge": 1, "response": 1, "info": 1}
    assert run.outcome == "success"
    assert run.ue.impi == ("user1_private@home1.net",)


def test_a_resynchronisation_is_part_of_it(tell):
    (run,) = runs(tell(bootstrapped(resync=True)))
    assert shape(run) == {"request": 1, "challenge": 2, "response": 2, "info": 1}


def test_an_interim_answer_is_no_refusal(tell):
    begun = Edit(mutate=lambda octets: b"HTTP/1.1 100 Continue\r\n\r\n" + octets)
    (run,) = runs(tell(bootstrapped(edits={"challenge": begun, "ok": begun})))
    assert set(run.steps) == {"request", "challenge", "response", "info"}
    assert run.outcome == "success"


def test_a_refusal_is_a_failure(tell):
    refused = Edit(headers={"Authentication-Info": None, "Content-Type": None}, body="")
    (run,) = runs(tell(bootstrapped(status="403 Forbidden", edits={"ok": refused})))
    assert run.outcome == "failure"
    assert shape(run)["refusal"] == 1


@pytest.mark.parametrize("last", ["challenge", "second"])
def test_what_has_no_end_is_incomplete(tell, last):
    (run,) = runs(tell(bootstrapped(stop_after=last)))
    assert run.outcome == "incomplete"


def test_a_first_request_with_a_response_is_still_the_first(tell):
    (run,) = runs(tell(bootstrapped(edits={"first": Edit(claim={"response": "0" * 32})})))
    assert shape(run) == {"request": 1, "challenge": 1, "response": 1, "info": 1}


def test_each_run_has_the_bootstrapping_it_was_made_of(tell):
    """Two UEs at the same time, and one of them again."""
    story = Story("overlap", by_sip=False, ues=2)
    one, other = story.ues
    story.bootstrap(one)
    story.at(0.012)
    story.bootstrap(other)
    story.at(5)
    story.bootstrap(one)
    found = runs(tell(story))
    assert [of_run(run).b_tid for run in found] == [one.gba[0].b_tid, other.gba[0].b_tid, one.gba[1].b_tid]
    assert all(of_run(run).exchanges[0].first is run.messages[0] for run in found)


class TestMaker:
    def test_knows_each_b_tid(self, tell):
        story = bootstrapped()
        story.wait(1)
        story.bootstrap()
        told = runs(tell(story))[0].story
        for gba in story.ue.gba:
            made = maker(told, gba.b_tid)
            assert made is not None
            assert made.rand == gba.vector.rand

    @pytest.mark.parametrize("b_tid", [None, "", "nobody@bsf.home1.net"])
    def test_of_no_b_tid_it_knows_nothing(self, tell, b_tid):
        """A run that failed has no B-TID either: nothing is not its name."""
        assert maker(runs(tell(bootstrapped(stop_after="challenge")))[0].story, b_tid) is None

    def test_the_last_one_counts(self, tell):
        story = bootstrapped(rand=RAND, lifetime=60)
        story.wait(70)
        story.bootstrap(rand=RAND, lifetime=600)
        told = runs(tell(story))[0].story
        made = maker(told, story.ue.last.b_tid)
        assert made is not None
        assert made is told.traffic.bootstrappings[1]


@pytest.mark.parametrize(
    ("credentials", "answers"),
    [
        ('Digest username="u", nonce="", response=""', False),
        ('Digest username="u", nonce="", response="00"', False),
        ('Digest username="u", nonce="n", response=""', False),
        ('Digest username="u", nonce="n", response="00"', True),
        ('Digest username="u", nonce="n", auts="AAAA"', True),
        ("Digest", False),
    ],
)
def test_what_answers_a_challenge(credentials, answers):
    assert answers_a_challenge(parse_auth(credentials)) is answers
