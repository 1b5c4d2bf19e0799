"""What two reports differ in."""

import json

import pytest

from analyzer.changes import Change, ReportError, Told, changes, load
from analyzer.findings import Finding, countable
from analyzer.report import Report
from analyzer.views import view


def finding(mark, case="a"):
    return Finding(mark * 32, case, "MS-16", "fail", "", "", "")


A, B, C = (finding(mark) for mark in "abc")


def test_what_is_new_what_is_gone_and_what_is_the_same():
    found = changes(Told({"a": "fail"}, (A, B)), Told({"a": "fail"}, (B, C, B)))
    assert (found.new, found.gone, found.same, found.cases) == ((C, B), (A,), 1, ())
    assert found


def test_verdicts_and_cases():
    found = changes(Told({"a": "fail", "b": "pass"}, ()), Told({"a": "pass", "c": "none"}, ()))
    assert found.cases == (Change("a", "fail", "pass"), Change("b", "pass", None), Change("c", None, "none"))


def test_the_same_is_nothing():
    assert not changes(Told({"a": "fail"}, (A,)), Told({"a": "fail"}, (A,)))
    assert not changes(Told({}, ()), Told({}, ()))


def test_a_report_is_read_with_the_fingerprints_that_it_had(sample, tmp_path):
    case = sample("msk_under_another_muk").report
    path = tmp_path / "report.json"
    path.write_text(view("json")(Report("1", (case, case))))
    told = load(str(path))
    assert told.verdicts == {case.name: "fail", f"{case.name} (2)": "fail"}
    assert told.findings == countable(case) * 2


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no report of keyshark"),
        (b"{}", "is no report of keyshark"),
        (b'{"schema_version": "2.0", "cases": []}', r"is of version 2\.0, and 1\.\d+ is known here"),
        (b'{"schema_version": "1.9"}', "is not as the schema of reports says: KeyError: 'cases'"),
        (b'{"schema_version": "1.0", "cases": [1]}', "is not as the schema"),
        (b'{"schema_version": "1.0", "cases": {"a": 1}}', "is not as the schema"),
        (b'{"schema_version": "1.0", "cases": [{"name": "a", "verdict": "maybe"}]}', "is not as the schema"),
        (b'{"schema_version": "1.0", "cases": [{"name": "a", "verdict": [], "ues": []}]}', "is not as the schema"),
    ],
)
def test_what_is_no_report_says_so(octets, why, tmp_path):
    path = tmp_path / "report.json"
    path.write_bytes(octets)
    with pytest.raises(ReportError, match=why):
        load(str(path))


@pytest.mark.parametrize("place", [("ues",), ("ues", 0), ("judgements", 0), ("ues", 0, "procedures"), ("judgements",)])
@pytest.mark.parametrize("value", [None, 1, [1], {"a": 1}, "x"])
def test_a_report_that_lies_says_so_or_is_read(place, value, sample, tmp_path):
    document = json.loads(view("json")(Report("1", (sample("msk_under_another_muk").report,))))
    at = document["cases"][0]
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ReportError):
        load(str(path))


def test_a_missing_report_says_so(tmp_path):
    with pytest.raises(ReportError, match="cannot be read: No such file"):
        load(str(tmp_path / "no.json"))
