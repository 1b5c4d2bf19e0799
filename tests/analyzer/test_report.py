"""The report as values."""

import dataclasses
import json
from pathlib import Path

import pytest

from analyzer import report
from analyzer.report import CaseReport, KeyReport, Report, Verdict

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())


def case(verdict):
    return CaseReport("x", verdict, (), (), (), (), (), ())


def test_verdicts_are_ordered_from_good_to_bad():
    assert [str(verdict) for verdict in sorted(Verdict)] == ["none", "pass", "inconc", "fail", "error"]
    assert SCHEMA["$defs"]["verdict"]["enum"] == [str(verdict) for verdict in Verdict]


def test_a_report_is_as_bad_as_its_worst_case():
    assert Report("1", ()).verdict is Verdict.NONE
    assert Report("1", (case(Verdict.PASS), case(Verdict.FAIL), case(Verdict.NONE))).verdict is Verdict.FAIL


def test_no_key_value_in_what_a_key_says_of_itself():
    key = KeyReport("MSK", {}, "supplied", "9f86d081", "0011223344556677", "keyring", {}, None, None)
    assert "00112233" not in repr(key)
    assert "00112233" not in repr([key])


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (report.CaptureReport, "capture"), (report.StepReport, "step"), (report.ProcedureReport, "procedure"),
        (report.KeyReport, "key"), (report.UeReport, "ue"), (report.Judgement, "judgement"), (report.Diagnosis, "diagnosis"),
        (report.MediaReport, "media"), (report.MalformedReport, "malformed"), (report.CaseReport, "case"),
        (report.Evidence, "evidence"),
    ],
)  # fmt: skip
def test_values_and_schema_have_the_same_names_in_the_same_order(value, name):
    is_tuple = issubclass(value, tuple)
    fields = value._fields if is_tuple else [field.name for field in dataclasses.fields(value)]
    assert [field.rstrip("_") for field in fields] == list(SCHEMA["$defs"][name]["properties"])
    assert is_tuple or value.__dataclass_params__.frozen
