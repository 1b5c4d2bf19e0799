"""Diagnoses as text and JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from analyzer.report import Report, Verdict
from analyzer.views import diagnoses


def test_text_tells_who_what_why_and_what_to_do(case):
    shown = diagnoses.show(Report("1", (case,)))
    assert shown.splitlines()[0] == f"{case.name}: 1 diagnosis, 2 rules broken without harm"
    assert "ue1: msk-not-usable because msk-wrong-key (likely), frame 3" in shown
    assert "      it is so" in shown
    assert "      → do this" in shown


def test_a_case_without_any_says_so(case):
    shown = diagnoses.show(Report("1", (replace(case, diagnoses=(), judgements=(), verdict=Verdict.PASS),)))
    assert shown.startswith(f"{case.name}: {diagnoses.HEALTHY}\n  ue1 ")


def test_lines_fit_the_terminal(case):
    shown = diagnoses.show(Report("1", (case,)), 60)
    assert max(map(len, shown.splitlines())) <= 60


def test_a_ue_says_first_what_works_and_those_that_fail_come_first(sample):
    lines = diagnoses.case(sample("authorization_missing").report).splitlines()
    assert lines[1] == "  ue2 10.1.0.12 user2_private@home1.net: 2 of 4 procedures fine (bootstrapping, Zn)"
    assert lines[2].startswith("  » ue2: registration-failed")
    assert lines[-1].startswith("  ue1 10.1.0.11 user1_private@home1.net: all of 5 procedures fine")


def test_many_ues_that_fail_alike_are_told_of_once(sample):
    report = sample("storm_without_answers").report
    shown = diagnoses.case(report)
    assert shown.count("  » ue") == diagnoses.MAX_ALIKE < len(report.diagnoses)
    alike = "  » registration-failed because server-unavailable (likely): 8 UEs in all, ue3, ue4, ue5, ue6, ue7, ue8, ue9, ue10"
    assert alike in shown.splitlines()


def test_one_that_fails_otherwise_among_many_is_told_of_at_length(sample):
    report = sample("storm_without_answers").report
    other = replace(report.diagnoses[-1], cause="expired-ks-naf")
    shown = diagnoses.case(replace(report, diagnoses=(*report.diagnoses[:-1], other)))
    assert "  » ue10: registration-failed because expired-ks-naf (likely)" in shown
    assert "7 UEs in all, ue3, ue4, ue5, ue6, ue7, ue8, ue9" in shown


def test_many_ues_that_broke_rules_are_counted(sample):
    report = sample("wrong_requesttype").report
    many = replace(report, ues=tuple(replace(report.ues[0], id=f"ue{n}") for n in range(1, 41)))
    assert "and 20 UEs more that broke a rule or have no end" in diagnoses.case(many)


def test_many_ues_that_are_well_are_counted(case):
    ue = replace(case.ues[0], procedures=())
    many = replace(case, ues=tuple(replace(ue, id=f"ue{n}") for n in range(1, 31)), diagnoses=(), judgements=())
    shown = diagnoses.show(Report("1", (many,)))
    assert "and 10 UEs more of which all is fine" in shown


def test_json_has_the_diagnoses_of_the_report_and_what_did_no_harm(case):
    shown = json.loads(diagnoses.show_json(Report("1", (case,))))
    assert shown["tool"] == {"name": "keyshark", "version": "1"}
    (told,) = shown["cases"]
    assert set(told) == {"name", "captures", "verdict", "problems", "diagnoses", "harmless"}
    assert told["captures"] == [capture.path for capture in case.captures]
    assert told["diagnoses"][0]["evidence"] == [{"capture": 0, "frame": 3}]


def test_what_was_broken_without_harm_stands_below(sample):
    shown = diagnoses.case(sample("wrong_requesttype").report)
    lines = shown.splitlines()
    assert lines[0] == f"wrong_requesttype: {diagnoses.HEALTHY}, 1 rule broken without harm"
    assert lines[2] == f"  {diagnoses.NO_HARM}"
    assert lines[3] == "    · ue1: RG-01 registration-has-its-form (shall), may be wrong-request-uri, frames 30, 32"
    assert lines[4].startswith(
        "        At 00:00:00 the UE sent “POST /keymanagement?requesttype=registration” to the BM-SC"
    )
    assert "Where it does harm: A BM-SC tells its requests apart by these" in lines[4]
    assert lines[5].startswith("        → UE: ")


def test_a_diagnosis_names_the_rules_that_it_rests_on(sample):
    report = sample("msk_under_another_muk").report
    assert diagnoses.case(report).splitlines()[-1].startswith("      breaks MS-16 mac-verifies-under-muk: TS 33.246 ")
    (told,) = json.loads(diagnoses.show_json(Report("1", (report,))))["cases"]
    assert told["diagnoses"][0]["rules"] == ["MS-16"]


def test_what_a_diagnosis_rests_on_is_not_fine_though_no_specification_demands_it(sample):
    shown = diagnoses.case(sample("another_key_under_one_mtk_id").report)
    assert "ue1 10.1.0.11 user1_private@home1.net: 5 of 6 procedures fine" in shown


def test_what_has_no_end_and_no_diagnosis_is_named(sample):
    shown = diagnoses.case(sample("msk_under_the_older_muk").report).splitlines()
    assert shown[1].endswith("; without an end that the capture shows: MSK delivery (frame 56)")


def test_a_waived_diagnosis_says_so(case):
    told = replace(case.diagnoses[0], waived="known, until 2030-01-01")
    assert "      waived: known, until 2030-01-01" in diagnoses.case(replace(case, diagnoses=(told,)))


def test_json_has_a_timeline_only_where_it_is_wanted(case):
    (plain,) = json.loads(diagnoses.show_json(Report("1", (case,))))["cases"]
    assert "timeline" not in plain
    (timed,) = json.loads(diagnoses.show_json(Report("1", (case,)), [[{"ue": "ue1"}]]))["cases"]
    assert timed["timeline"] == [{"ue": "ue1"}]
