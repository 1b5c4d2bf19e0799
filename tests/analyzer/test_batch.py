"""Many cases: in order, whatever the number of processes; and what goes wrong with one costs no other."""

import os
import time
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

import pytest

from analyzer import batch
from analyzer.analysis import Options
from analyzer.batch import UNREADABLE, USAGE, collect, judge_case, judge_cases, without_passes
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.keys.keyring import KeyringError
from analyzer.report import CaseReport, Evidence, Judgement, Verdict

GOOD = next((Path(__file__).parents[2] / "sample_pcaps" / "http_good").glob("*.pcap*"))
CASES = [CaseFiles(name, (f"{name}.pcap",)) for name in "abcde"]


def judgement(verdict):
    return Judgement("MS-01", "name", verdict, "shall", None, None, "clause", "text", "", (Evidence(0, 1),))


JUDGED = (judgement(Verdict.PASS), judgement(Verdict.FAIL), judgement(Verdict.INCONC))


def fake(case, options, progress=None, live=None):
    """Stands in for `analyse`: the first case takes longest, and the report tells who made it."""
    if progress is not None:
        progress(1, 2)
    if case.name == "a":
        time.sleep(0.5)
    report = CaseReport(case.name, Verdict.FAIL, (), (), JUDGED, (), (), ())
    return SimpleNamespace(expired=(), report=report, keyring=SimpleNamespace(warnings=(f"{case.name}: take care",)))


def broken(case, options, progress=None, live=None):
    match case.name:
        case "a":
            raise KeyringError("a.toml", "ue[1]", "k", "is odd")
        case "b":
            raise CaptureError("b.pcap", 0, "there is no such file")
        case "c":
            raise ConfigError("case.toml", "nodes", "x", "unknown")
        case "d":
            raise RuntimeError("0123456789abcdef0123456789abcdef is a key")
    return fake(case, options, progress)


def test_each_case_has_an_outcome_in_the_order_given(monkeypatch):
    monkeypatch.setattr(batch, "analyse", fake)
    seen = []
    outcomes = list(judge_cases(CASES, Options(), progress=lambda done, total: seen.append((done, total))))
    assert [outcome.report.name for outcome in outcomes] == list("abcde")
    assert [outcome.warnings for outcome in outcomes] == [(f"{name}: take care",) for name in "abcde"]
    assert seen == [(1, 2)] * 5
    assert collect("1", outcomes).verdict is Verdict.FAIL


def test_what_goes_wrong_is_told_and_costs_no_other_case(monkeypatch):
    monkeypatch.setattr(batch, "analyse", broken)
    outcomes = list(judge_cases(CASES, Options()))
    assert [outcome.fault and outcome.fault.code for outcome in outcomes] == [
        USAGE,
        UNREADABLE,
        USAGE,
        UNREADABLE,
        None,
    ]
    texts = [outcome.fault.text for outcome in outcomes if outcome.fault]
    assert all(part in texts[0] for part in ("a.toml", "ue[1]", "k", "is odd"))
    assert texts[1] == "b.pcap: there is no such file"
    assert texts[3] == "d: keyshark failed: RuntimeError; see it with --debug"  # never what it said: it may be a key
    for outcome in outcomes[:4]:
        assert outcome.report.verdict is Verdict.ERROR
        assert outcome.report.captures[0].problems[0] in outcome.fault.text
        assert "Traceback" in outcome.fault.trace
    assert outcomes[4].report.judgements == JUDGED


def test_of_several_captures_the_one_that_cannot_be_read_is_told(monkeypatch):
    def fake(case, options, progress=None, live=None):
        raise CaptureError("two.pcap", 0, "is empty")

    monkeypatch.setattr(batch, "analyse", fake)
    outcome = judge_case(CaseFiles("case", ("one.pcap", "two.pcap")), Options())
    assert [capture.problems for capture in outcome.report.captures] == [(), ("is empty",)]


def test_failures_only_leaves_out_what_passed_and_nothing_else(monkeypatch):
    monkeypatch.setattr(batch, "analyse", fake)
    outcome = judge_case(CASES[1], Options(), failures_only=True)
    assert [j.verdict for j in outcome.report.judgements] == [Verdict.FAIL, Verdict.INCONC]
    assert outcome.report.verdict is Verdict.FAIL
    assert without_passes(outcome.report) == outcome.report


def test_no_cases_no_outcomes():
    assert list(judge_cases([], Options(), jobs=0)) == []


@pytest.fixture
def damaged(tmp_path):
    """Cases that really are read, by processes that know no fake: none of them is a capture."""
    found = []
    for number, octets in enumerate((b"", b"hello", b"PK\x03\x04....", b"\xff" * 40)):
        path = tmp_path / f"{number}.pcap"
        path.write_bytes(octets)
        found.append(CaseFiles(f"case {number}", (str(path),)))
    return found


@pytest.mark.parametrize("jobs", [0, 2, 9])
def test_any_number_of_processes_gives_the_same(damaged, jobs):
    alone = list(judge_cases(damaged, Options()))
    spread = list(judge_cases(damaged, Options(), jobs=jobs))
    assert [outcome.report for outcome in spread] == [outcome.report for outcome in alone]
    assert [(o.fault.code, o.fault.text) for o in spread] == [(o.fault.code, o.fault.text) for o in alone]


@pytest.mark.skipif(os.name != "posix", reason="signals as of POSIX")
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_taken_of_an_analysis_comes_along(damaged, jobs):
    good = CaseFiles("good", (str(GOOD),))
    outcomes = list(judge_cases([*damaged, good], Options(), jobs=jobs, look=attrgetter("case.name")))
    assert [outcome.taken for outcome in outcomes] == [None] * len(damaged) + ["good"]


def test_a_process_that_dies_is_told_and_ends_nothing_else(damaged, monkeypatch):
    class Dying:
        """A case that kills the process that takes it up, as one would that eats all memory."""

        name, captures = "dying", ("x.pcap",)

        def __reduce__(self):
            return os._exit, (9,)

    outcomes = list(judge_cases([Dying(), damaged[0]], Options(), jobs=2))
    assert outcomes[0].fault.code == UNREADABLE
    assert "a worker process died" in outcomes[0].fault.text
    assert len(outcomes) == 2


def test_the_taker_may_leave_early(damaged):
    outcomes = judge_cases(damaged, Options(), jobs=2)
    assert next(outcomes).fault.code == UNREADABLE
    outcomes.close()  # as an interrupt does; it must not wait for the rest
