"""The judge: what each outcome of a rule becomes, what evidence is shown, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from analyzer.judging import MAX_EVIDENCE, CannotTell, NotHere, Problem, Procedure, Rule, Run, judge, once, rule, wrong
from analyzer.judging import Story as Told
from analyzer.media import Group
from analyzer.report import Evidence, Verdict
from sample_pcaps import good

KIND = Procedure("srtp", "clause", (), lambda procedure, story: ())
OTHER = Procedure("other", "clause", (), lambda procedure, story: ())


@pytest.fixture
def story(tell) -> Told:
    whole = tell(good.http_good()).story
    return Told(whole.traffic, whole.chain)


def run_at(story: Told, frame: int = 7, capture: int = 0) -> Run:
    group = Group("srtp", "232.0.0.1", 5000, 1, b"123456", capture=capture, frame=frame)
    return Run(KIND, story, {}, "success", media=(group,))


def made(code: str, *problems: Problem, ends: Exception | None = None) -> Rule:
    @rule(code, KIND, clause="1.2", level="shall", remedy="Mend it.")
    def some_rule(run: Run) -> Iterator[Problem]:
        """First line.

        More.
        """
        yield from problems
        if ends is not None:
            raise ends

    return some_rule


def test_a_rule_without_problems_passes_with_its_title_and_no_remedy(story):
    (judgement,) = judge([made("X-01")], [("p1", run_at(story))])
    assert (judgement.verdict, judgement.message, judgement.remedy) == (Verdict.PASS, "First line.", "")
    assert (judgement.rule, judgement.name, judgement.procedure) == ("X-01", "some-rule", "p1")
    assert judgement.evidence == (Evidence(0, 7),)


def test_problems_fail_each_text_once(story):
    item = made("X-01", wrong("a"), wrong("b"), wrong("a"))
    (judgement,) = judge([item], [("p1", run_at(story))])
    assert (judgement.verdict, judgement.message, judgement.remedy) == (Verdict.FAIL, "a; b", "Mend it.")


def test_what_cannot_be_told_is_inconclusive_with_the_reason(story):
    (judgement,) = judge([made("X-01", ends=CannotTell("no key"))], [("p1", run_at(story))])
    assert (judgement.verdict, judgement.message, judgement.remedy) == (Verdict.INCONC, "no key", "Mend it.")
    assert judgement.traceback is None


def test_what_is_not_here_gives_no_judgement(story):
    assert judge([made("X-01", ends=NotHere("step"))], [("p1", run_at(story))]) == ()


@pytest.mark.parametrize("ends", [NotHere("step"), CannotTell("no key")], ids=["not here", "cannot tell"])
def test_what_was_found_stays_found_whatever_is_raised_later(story, ends):
    (judgement,) = judge([made("X-01", wrong("a", frames=[Evidence(0, 3)]), ends=ends)], [("p1", run_at(story))])
    assert (judgement.verdict, judgement.message, judgement.remedy) == (Verdict.FAIL, "a", "Mend it.")
    assert judgement.evidence == (Evidence(0, 3),)


def test_a_crash_is_worse_than_what_was_found_before_it(story):
    (judgement,) = judge([made("X-01", wrong("a"), ends=KeyError())], [("p1", run_at(story))])
    assert judgement.verdict is Verdict.ERROR


def test_a_rule_of_another_procedure_gives_no_judgement(story):
    run = Run(OTHER, story, {}, "success")
    assert judge([made("X-01")], [("p1", run)]) == ()


def test_a_crash_is_an_error_with_traceback_and_the_others_still_run(story):
    crash = made("X-01", ends=ZeroDivisionError("text of the bug"))
    first, second = judge([crash, made("X-02")], [("p1", run_at(story))])
    assert (first.verdict, second.verdict) == (Verdict.ERROR, Verdict.PASS)
    assert "ZeroDivisionError" in first.message
    assert "text of the bug" not in first.message
    assert "some_rule" in (first.traceback or "")


def test_evidence_is_sorted_without_doubles_and_limited(story):
    frames = [Evidence(0, n) for n in range(2 * MAX_EVIDENCE, 0, -1)]
    (judgement,) = judge([made("X-01", wrong("a", frames=[*frames, *frames]))], [("p1", run_at(story))])
    assert judgement.evidence == tuple(Evidence(0, n) for n in range(1, MAX_EVIDENCE + 1))


def test_judgements_come_by_first_evidence_then_rule_then_procedure(story):
    runs = [("p3", run_at(story, 1, capture=1)), ("p2", run_at(story, 9)), ("p1", run_at(story, 9))]
    found = judge([made("X-02"), made("X-01")], runs)
    assert [(j.rule, j.procedure) for j in found] == [
        ("X-01", "p1"), ("X-01", "p2"), ("X-02", "p1"), ("X-02", "p2"), ("X-01", "p3"), ("X-02", "p3"),
    ]  # fmt: skip


def test_judgements_of_several_ues_come_in_the_order_of_frames(story):
    ue, other = story.traffic.sessions[0], replace(story.traffic.sessions[0], id="ue2")
    groups = [Group("srtp", "232.0.0.1", 5000, 1, b"123456", capture=0, frame=frame) for frame in (1, 2, 3, 4)]
    owners = ((ue,), (other,), (ue,), (ue, other))
    runs = [Run(KIND, story, {}, "success", of, (group,)) for of, group in zip(owners, groups, strict=True)]
    found = judge([made("X-01")], [(f"p{number}", run) for number, run in enumerate(runs)])
    assert [(j.procedure, j.ue) for j in found] == [("p0", ue.id), ("p1", "ue2"), ("p2", ue.id), ("p3", None)]


def test_what_a_run_remembers_is_gone_when_its_ue_is_judged(story):
    @once
    def remembered(run):
        return run.outcome

    @rule("X-01", KIND, clause="1.2", level="shall", remedy="Mend it.")
    def asks(run: Run) -> Iterator[Problem]:
        """Asks."""
        yield wrong(remembered(run))

    run = run_at(story)
    (judgement,) = judge([asks], [("p1", run)])
    assert (judgement.message, run.made) == ("success", {})


def test_the_messages_of_steps_come_in_the_order_of_time(tell):
    runs = [run for _, run in tell(good.http_good()).runs]
    assert any(len(run.messages) > 1 for run in runs)
    for run in runs:
        assert run.all(*run.steps) == run.messages
        assert list(run.messages) == sorted(run.messages, key=lambda m: (m.time, m.payload.capture, m.frame))
        assert all(run.all(name) == found for name, found in run.steps.items())
        assert run.all("no such step") == ()


def test_a_step_that_is_missing_is_unknown_or_not_here(story):
    run = run_at(story)
    with pytest.raises(CannotTell, match="step request"):
        run.one("request")
    with pytest.raises(NotHere):
        run.needs("request")
    with pytest.raises(CannotTell):
        _ = run.ue


def test_a_story_covers_up_to_the_end_of_the_capture_and_no_further(story):
    end = story.traffic.end
    assert story.covers(end - 5, 5)
    assert not story.covers(end - 5, 6)


def test_what_is_made_once_is_kept_for_each_story_or_run_and_what_it_is_asked_with(story):
    calls = []

    @once
    def made_of(of, *more):
        calls.append((of, *more))
        return []

    run = run_at(story)
    assert made_of(story) is made_of(story)
    assert made_of(run, "a") is made_of(run, "a")
    assert made_of(run, "a") is not made_of(run, "b")
    assert calls == [(story,), (run, "a"), (run, "b")]


def test_what_cannot_be_made_is_asked_again(story):
    @once
    def missing(of):
        raise CannotTell("no key")

    for _ in range(2):
        with pytest.raises(CannotTell, match="no key"):
            missing(story)


def test_where_no_order_can_be_trusted_nothing_fails(story):
    (judgement,) = judge([made("X-01", wrong("a"))], [("p1", run_at(story))], "the clocks differ")
    assert judgement.verdict is Verdict.INCONC
    assert judgement.message == "the clocks differ: a"
    (judgement,) = judge([made("X-01")], [("p1", run_at(story))], "the clocks differ")
    assert judgement.verdict is Verdict.PASS
