"""Runs of Ub: their steps, their outcome, and which of them gave a B-TID."""

import pytest

from analyzer.procedures.bootstrapping import answers_a_challenge, maker, of_run
from dissectors.digest import parse_auth
from sample_pcaps.story import Story

KIND = "gba-bootstrapping"


def runs(analysis):
    return [run for _, run in analysis.runs if run.procedure.kind == KIND]


def begun(**more):
    story = Story("ub", by_sip=False)
    story.bootstrap(**more)
    return story


class TestRun:
    def test_has_its_four_steps(self, tell):
        (run,) = runs(tell(begun()))
        assert [len(run.all(name)) for name in ("request", "challenge", "response", "info", "refusal")] == [
            1,
            1,
            1,
            1,
            0,
        ]
        assert run.outcome == "success"

    def test_holds_a_resynchronisation(self, tell):
        (run,) = runs(tell(begun(resync=True)))
        assert [len(run.all(name)) for name in ("request", "challenge", "response", "info")] == [1, 2, 2, 1]

    @pytest.mark.parametrize("last", ["first", "challenge", "second"])
    def test_without_an_end_is_incomplete(self, tell, last):
        (run,) = runs(tell(begun(stop_after=last)))
        assert run.outcome == "incomplete"

    def test_with_a_refusal_has_failed(self, tell):
        (run,) = runs(tell(begun(status="403 Forbidden")))
        assert run.outcome == "failure"
        assert len(run.all("refusal")) == 1

    def test_belongs_to_its_ue(self, tell):
        story = Story("ub", by_sip=False, ues=2)
        for ue in story.ues:
            story.bootstrap(ue)
        assert [run.ue.impi for run in runs(tell(story))] == [(ue.impi,) for ue in story.ues]


class TestMaker:
    def test_is_the_run_that_gave_the_b_tid(self, tell):
        story = begun()
        story.wait(1)
        story.bootstrap()
        analysis = tell(story)
        made = [maker(analysis.story, run.b_tid) for run in story.ue.gba]
        assert made == list(analysis.story.traffic.bootstrappings)
        assert made == [of_run(run) for run in runs(analysis)]

    @pytest.mark.parametrize("b_tid", [None, "", "AAAA@bsf.home1.net"])
    def test_of_a_b_tid_never_given_is_nobody(self, tell, b_tid):
        assert maker(tell(begun(stop_after="challenge")).story, b_tid) is None


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ('Digest username="u", nonce="", response=""', False),
        ('Digest username="u", nonce="bg==", response=""', False),
        ('Digest username="u", nonce="", response="0a"', False),
        ('Digest username="u", nonce="bg==", response="0a"', True),
        ('Digest username="u", nonce="bg==", auts="eA=="', True),
        ("Digest", False),
    ],
)
def test_only_credentials_with_a_nonce_answer_a_challenge(given, answers):
    assert answers_a_challenge(parse_auth(given)) is answers
