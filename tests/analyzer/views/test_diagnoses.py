"""Diagnoses as text and JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from analyzer.report import Report, Verdict
from analyzer.views import diagnoses


def test_text_tells_who_what_why_and_what_to_do(case):
    shown = diagnoses.show(Report("1", (case,)))
    assert shown.splitlines()[0] == f"{case.name}: 1 diagnosis"
    assert "ue1: msk-not-usable because msk-wrong-key (likely), frame 3" in shown
    assert "      it is so" in shown
    assert "      → do this" in shown


def test_a_case_without_any_says_so(case):
    shown = diagnoses.show(Report("1", (replace(case, diagnoses=(), verdict=Verdict.PASS),)))
    assert shown == f"{case.name}: {diagnoses.HEALTHY}\n"


def test_json_has_the_diagnoses_of_the_report_and_nothing_else(case):
    shown = json.loads(diagnoses.show_json(Report("1", (case,))))
    assert shown["tool"] == {"name": "keyshark", "version": "1"}
    (told,) = shown["cases"]
    assert set(told) == {"name", "diagnoses"}
    assert told["diagnoses"][0]["evidence"] == [{"capture": 0, "frame": 3}]
