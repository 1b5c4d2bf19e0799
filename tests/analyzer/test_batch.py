"""One case of many: what goes wrong with it is its own outcome."""

from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

from analyzer import batch
from analyzer.analysis import Options
from analyzer.batch import collect, judge_case, note, without_passes
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.codes import UNREADABLE, USAGE
from analyzer.keys.keyring import KeyringError
from analyzer.report import CaseReport, Evidence, Judgement, Verdict

GOOD = next((Path(__file__).parents[2] / "sample_pcaps" / "http_good").glob("*.pcap*"))
CASES = [CaseFiles(name, (f"{name}.pcap",)) for name in "abcde"]


def judgement(verdict):
    return Judgement("MS-01", "name", verdict, "shall", None, None, "clause", "text", "", (Evidence(0, 1),))


JUDGED = (judgement(Verdict.PASS), judgement(Verdict.FAIL), judgement(Verdict.INCONC))


def fake(case, options, progress=None, live=None, helpers=None):
    """Stands in for `analyse`."""
    if progress is not None:
        progress(1, 2)
    report = CaseReport(case.name, Verdict.FAIL, (), (), JUDGED, (), (), ())
    return SimpleNamespace(expired=(), report=report, keyring=SimpleNamespace(warnings=(f"{case.name}: take care",)))


def broken(case, options, progress=None, live=None, helpers=None):
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


def test_what_goes_wrong_is_told_and_costs_no_other_case(monkeypatch):
    monkeypatch.setattr(batch, "analyse", broken)
    outcomes = [judge_case(case, Options()) for case in CASES]
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
    def fake(case, options, progress=None, live=None, helpers=None):
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


def test_the_octets_of_a_case_are_told_and_what_is_wanted_of_its_analysis_is_taken(monkeypatch):
    monkeypatch.setattr(batch, "analyse", fake)
    seen = []
    outcome = judge_case(
        CASES[0], Options(), progress=lambda *told: seen.append(told), look=attrgetter("report.verdict")
    )
    assert seen == [(1, 2)]
    assert outcome.taken is Verdict.FAIL
    assert outcome.warnings == ("a: take care",)
    assert collect("1", [outcome]).totals.verdict is Verdict.FAIL


def test_a_note_tells_what_the_exit_code_hangs_on(monkeypatch):
    monkeypatch.setattr(batch, "analyse", fake)
    told = note(judge_case(CASES[0], Options()))
    assert (told.name, told.verdict, told.fault, told.warnings) == ("a", Verdict.FAIL, None, ("a: take care",))
    assert (told.failing, told.unclear, told.unread) == ({"shall"}, {"shall"}, ())
    monkeypatch.setattr(batch, "analyse", broken)
    told = note(judge_case(CASES[1], Options()))
    assert told.fault is not None
    assert told.unread
