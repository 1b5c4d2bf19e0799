"""Processes that judge: the same whatever their number, and what one case does to one costs no other case."""

import os
import pickle
import signal
import sys
import time
from operator import attrgetter
from pathlib import Path

import pytest

from analyzer.analysis import Options
from analyzer.capture.case import CaseFiles
from analyzer.executors import ExecutorError, Job, Limits, Task, processes
from analyzer.executors.processes import Beside, Child, Processes
from analyzer.executors.work import Here
from analyzer.report import Verdict
from tests.analyzer.executors.conftest import odd

SLOW = "import time; time.sleep(100)"
HUNGRY = f"x = b'x' * 300_000_000; {SLOW}"


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_any_number_gives_the_same(jobs, cases, job, run, told):
    assert told(run(Processes(jobs), job, cases)[0]) == told(run(Here(), job, cases)[0])


def test_what_is_taken_of_an_analysis_comes_along(cases, run):
    results, _ = run(Processes(2), Job(Options(), whole=True, look=attrgetter("case.name")), cases)
    assert [result.outcome.taken for result in results] == [None] * 4 + ["msk_under_another_muk"]


@pytest.mark.skipif(os.name != "posix", reason="signals as of POSIX")
@pytest.mark.parametrize(
    ("code", "limits", "why"),
    [
        ("import os; os._exit(9)", Limits(), "a worker process died with exit code 9"),
        ("import os; os._exit(0)", Limits(), "a worker process died with exit code 0"),
        ("import os; os.kill(os.getpid(), 9)", Limits(), "a worker process died of SIGKILL, out of memory perhaps"),
        ("import os; os.kill(os.getpid(), 11)", Limits(), "a worker process died of SIGSEGV"),
        ("raise SystemExit(3)", Limits(), "a worker process died with exit code 3"),
        (SLOW, Limits(seconds=3), "took more than 3 s, and was ended (--timeout)"),
        (HUNGRY, Limits(memory=250_000_000), "needed more than 250 MB of memory, and was ended (--max-memory)"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_process_that_ends_over_a_case_costs_no_other(jobs, code, limits, why, cases, job, run):
    results, _ = run(Processes(jobs, limits), job, [odd(code), cases[1], odd(code, "again"), cases[-1]])
    assert [result.note.verdict for result in results] == [Verdict.ERROR] * 3 + [Verdict.FAIL]
    assert why in results[0].note.fault.text
    assert results[0].note.fault.text.startswith("odd: ")
    assert results[2].note.fault.text.startswith("again: ")
    assert results[0].outcome.report.captures[0].problems[0] in results[0].note.fault.text


def test_a_case_within_its_limits_is_judged(cases, job, run, told):
    limits = Limits(seconds=60, memory=10**9)
    assert told(run(Processes(1, limits), job, cases)[0]) == told(run(Here(), job, cases)[0])


def test_a_pipe_is_read_here(cases, job, run, tmp_path):
    read, write = os.pipe()
    os.write(write, Path(cases[-1].captures[0]).read_bytes()[:20000])
    os.close(write)
    piped = CaseFiles("piped", (f"/dev/fd/{read}",), cases[-1].keyrings)
    results, came = run(Processes(2), job, [piped, *cases])
    os.close(read)
    assert came[-1] == 0
    assert results[0].outcome.report.captures[0].packets > 10


def test_who_takes_no_more_ends_all_processes(cases, job, monkeypatch):
    begun = []
    begin = Child.begin
    monkeypatch.setattr(Child, "begin", lambda self: (begin(self), begun.append(self._process))[0])
    results = Processes(3).run(job, (Task(*each) for each in enumerate([cases[0], odd(SLOW), odd(SLOW), cases[1]])))
    since = time.monotonic()
    next(results)
    results.close()
    assert time.monotonic() - since < 50
    assert len(begun) >= 3
    assert all(process.poll() is not None for process in begun)


def test_where_no_process_can_begin_it_is_said(cases, job):
    job = Job(Options(), folder="/no/such/folder")
    with pytest.raises(ExecutorError, match=r"cannot begin in /no/such/folder: No such file"):
        list(Processes(2).run(job, [Task(0, cases[0]), Task(1, cases[1])]))


def test_octets_are_told(job, run, tmp_path, cases, monkeypatch):
    """Of a case that takes longer than the time between two words of progress."""
    import gzip
    import struct

    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    packets = (struct.pack("<IIII", 1, 0, 60, 60) + bytes(60)) * 100_000
    path = tmp_path / "long.pcap.gz"
    path.write_bytes(gzip.compress(head) + gzip.compress(packets, 9) * 4)
    seen = []
    (result,), _ = run(Processes(1), job, [CaseFiles("long", (str(path),))], lambda *told: seen.append(told))
    assert result.note.fault is None
    assert seen
    assert all(number == 0 and 0 < done <= total == path.stat().st_size for number, done, total in seen)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_that_does_not_begin_costs_its_case(cases, job, run, monkeypatch):
    monkeypatch.setattr(processes, "BEGIN", f"{SLOW}\n{processes.BEGIN}")
    monkeypatch.setattr(processes, "BEGINS", 0.5)
    results, _ = run(Processes(1), job, cases[:2])
    (capture,) = results[0].outcome.report.captures
    assert capture.problems == ("a worker process did not begin within 0.5 s, and was ended",)


def test_helpers_beside_find_the_same(streams, all_media, run, told, helped):
    alone = told(run(Here(), all_media, [streams])[0])
    assert not helped.shares
    assert told(run(Here(Beside(2)), all_media, [streams])[0]) == alone
    assert sorted(shares[1:] for shares in helped.shares) == [(os.getpid(), 1)] * 2


def test_processes_that_judge_have_helpers_too(streams, all_media, run, told, helped):
    alone = told(run(Here(), all_media, [streams])[0])
    assert told(run(Processes(1, Limits(seconds=60), helpers=2), all_media, [streams])[0]) == alone
    assert len({process for process, *_ in helped.shares}) == 3


def test_a_helper_that_dies_costs_nothing(streams, all_media, run, told, helped, monkeypatch):
    dies = helped.begin.replace("    return follow(share)", "    os._exit(9)")
    alone = told(run(Here(), all_media, [streams])[0])
    monkeypatch.setattr(processes, "BEGIN", dies)
    assert told(run(Here(Beside(2)), all_media, [streams])[0]) == alone
    assert len(helped.shares) == 2


def test_helpers_read_on_in_a_long_capture(streams, all_media, run, told, gleaned):
    alone = told(run(Here(), all_media, [streams])[0])
    assert not gleaned.shares
    assert told(run(Here(Beside(2)), all_media, [streams])[0]) == alone
    assert any(found for _, parent, found in gleaned.shares if parent == os.getpid())


def test_processes_that_judge_have_helpers_who_read_on(streams, all_media, run, told, gleaned):
    alone = told(run(Here(), all_media, [streams])[0])
    assert told(run(Processes(1, Limits(seconds=60), helpers=2), all_media, [streams])[0]) == alone
    assert any(found for *_, found in gleaned.shares)


def test_a_helper_that_dies_over_a_stretch_costs_nothing(streams, all_media, run, told, gleaned, monkeypatch):
    dies = gleaned.begin.replace("    return found", "    os._exit(9)")
    alone = told(run(Here(), all_media, [streams])[0])
    monkeypatch.setattr(processes, "BEGIN", dies)
    assert told(run(Here(Beside(2)), all_media, [streams])[0]) == alone
    assert len(gleaned.shares) > 2


@pytest.mark.parametrize("over", [False, True])
def test_helpers_end_when_they_are_told(over):
    """What they have found by then is lost; where it is over already nothing begins."""
    beside = Beside(1)
    if over:
        beside.end()
    with beside.helping() as ask:
        answer = ask(pickle.dumps(odd(SLOW)))
        beside.end()
        assert answer.result() is None


def test_where_no_helper_can_begin_it_is_done_without(streams, all_media, run, told, monkeypatch):
    alone = told(run(Here(), all_media, [streams])[0])
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert told(run(Here(Beside(2)), all_media, [streams])[0]) == alone


def test_who_takes_no_more_ends_helpers_too(streams, cases, all_media, helped, monkeypatch):
    sleeps = "    import time; time.sleep(100)"
    monkeypatch.setattr(processes, "BEGIN", helped.begin.replace("    return follow(share)", sleeps))
    results = Processes(2, helpers=2).run(all_media, [Task(0, cases[0]), Task(1, streams)])
    next(results)
    deadline = time.monotonic() + 60
    while len(helped.shares) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    results.close()
    for process, *_ in helped.shares:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
