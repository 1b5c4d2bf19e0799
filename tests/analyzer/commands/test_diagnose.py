"""`keyshark diagnose`: the diagnoses of cases, with the exit codes of validate."""

from __future__ import annotations

import json


def test_a_faulty_case_is_explained_and_fails(told, samples):
    code, out = told("diagnose", str(samples / "expired_b_tid_http"))
    assert code == 1
    assert "registration-failed because expired-ks-naf (certain)" in out


def test_a_good_case_passes(told, samples):
    assert told("diagnose", str(samples / "http_good")) == (0, "http_good: nothing failed that the capture shows\n")


def test_json_is_one_document(told, samples):
    code, out = told("diagnose", str(samples / "http_good"), str(samples / "pull_unanswered"), "--format", "json")
    assert code == 1
    assert [len(case["diagnoses"]) for case in json.loads(out)["cases"]] == [0, 1]
