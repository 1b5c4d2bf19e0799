"""Results: in the order of cases whatever order they come in, in memory or in a file, and those of a state again."""

import errno

import pytest

from analyzer.analysis import Options
from analyzer.codes import USAGE
from analyzer.executors import Job, Task, results
from analyzer.executors.packing import packed
from analyzer.executors.results import Results
from analyzer.executors.state import Spool, StateError, open_state
from analyzer.executors.work import lost, work
from analyzer.report import Verdict
from analyzer.views import view

JOB = Job(Options(), shown=("json", "jsonl", "text"), whole=True)


@pytest.fixture
def found(cases):
    return [work(JOB, Task(*each)) for each in enumerate(cases)]


@pytest.mark.parametrize("keep", [0, 2, 64])
@pytest.mark.parametrize("as_octets", [True, False])
def test_any_order_and_any_place_give_the_report(keep, as_octets, found, cases, monkeypatch):
    monkeypatch.setattr(results, "KEEP", keep)
    all_ = Results(cases)
    assert (len(all_), all_.missing, all_.notes) == (0, 5, [])
    for number in (3, 0, 4, 2, 1):
        all_.add(number, packed(found[number]) if as_octets else found[number])
    assert (len(all_), all_.missing, all_.full) == (5, 0, "")
    assert all_.notes == [result.note for result in found]
    assert list(all_) == found
    for name in JOB.shown:
        assert "".join(all_.pieces(name)) == view(name)(all_.report)
    assert all_.report.cases[4].verdict is all_.totals.verdict.FAIL
    assert len(all_.report.cases) == 5


def test_what_is_missing_is_left_out(found, cases):
    some = Results(cases)
    some.add(4, found[4])
    assert some.missing == 4
    assert [case.name for case in some.report.cases] == [cases[4].name]
    assert '"verdict": "fail"' in "".join(some.pieces("json"))
    assert [task.number for task in some.tasks] == [0, 1, 2, 3]


def test_no_cases_are_a_report_too():
    none = Results([])
    for name in JOB.shown:
        assert "".join(none.pieces(name)) == view(name)(none.report)
    assert none.totals.verdict is Verdict.NONE


def test_a_state_gives_again_what_could_be_judged(found, cases, tmp_path):
    path = str(tmp_path / "state")
    state = open_state(path, JOB)
    first = Results(cases, state)
    first.add(4, found[4])
    first.add(0, lost(JOB, Task(0, cases[0]), USAGE, "no"))
    state.spool.close()
    state = open_state(path, JOB)
    again = Results(cases, state)
    assert [task.number for task in again.tasks] == [0, 1, 2, 3]
    assert list(again) == [found[4]]
    state.spool.append(b"x" * 16, b"nonsense")
    state.places = {**state.places, results.digest(cases[1]): state.spool.append(b"x" * 16, b"nonsense")}
    with pytest.raises(StateError):
        Results(cases, state)


def test_a_full_disk_costs_memory_and_no_result(found, cases, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "append", full)
    all_ = Results(cases)
    for number, result in enumerate(found):
        all_.add(number, packed(result))
    assert all_.full == "No space left on device"
    assert list(all_) == found
