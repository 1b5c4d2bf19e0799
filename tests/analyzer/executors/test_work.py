"""One task: what is made of it, and of one that nobody could finish."""

import os

from analyzer.capture.case import CaseFiles
from analyzer.codes import UNREADABLE
from analyzer.executors import Job, Task
from analyzer.executors import work as module
from analyzer.executors.work import Here, lost, result_of, stays, work
from analyzer.report import Verdict
from analyzer.views import view


def test_views_are_made_as_they_were_asked_for(cases, job):
    result = work(job, Task(0, cases[-1]))
    assert [name for name, _ in result.shown] == ["json", "text"]
    assert result.note.verdict is Verdict.FAIL
    assert result.outcome.report.verdict is Verdict.FAIL
    assert "MS-16" in dict(result.shown)["text"]
    bare = result_of(Job(job.options), result.outcome)
    assert (bare.note, bare.shown, bare.outcome) == (result.note, (), None)


def test_a_task_that_nobody_finished_is_an_error_that_says_why(cases, job):
    result = lost(job, Task(0, cases[0]), UNREADABLE, "took too long")
    assert result.note.fault.text == "case 0: took too long"
    assert result.note.verdict is Verdict.ERROR
    assert result.outcome.report.captures[0].problems == ("took too long",)


def test_only_what_others_cannot_read_stays(cases, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert stays(CaseFiles("stdin", ("-",)))
    assert stays(CaseFiles("two", (cases[0].captures[0], str(tmp_path / "pipe"))))
    assert not any(map(stays, cases))
    assert not stays(CaseFiles("missing", (str(tmp_path / "missing"), "a\0b")))


def test_here_is_in_order_and_tells_octets(cases, job, run):
    seen = []
    _, came = run(Here(), job, cases, lambda *told: seen.append(told))
    assert came == list(range(len(cases)))
    assert {number for number, _, _ in seen} == {len(cases) - 1}
    assert seen[-1][1] == seen[-1][2] == os.stat(cases[-1].captures[0]).st_size


def test_cycles_are_looked_for_now_and_then(cases, job, run, monkeypatch):
    looked = []
    monkeypatch.setattr(module, "SWEEP", 2)
    monkeypatch.setattr(module.gc, "collect", lambda: looked.append(1))
    run(Here(), job, cases)
    assert len(looked) == len(cases) // 2


def test_texts_are_those_of_the_views(cases, job, run):
    results, _ = run(Here(), job, cases)
    from analyzer.batch import collect

    report = collect("0", [result.outcome for result in results])
    assert "".join(dict(result.shown)["text"] for result in results) in view("text")(report)
