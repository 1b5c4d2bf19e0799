from dataclasses import replace

from analyzer.tui.cells import Mark
from analyzer.tui.diagnosistree import diagnosis_nodes


def text(node):
    return "".join(cell.text for cell in node.line)


def test_a_diagnosis_tells_why_what_to_do_and_where(found):
    case = found("expired_b_tid_http")
    (node,) = diagnosis_nodes(case, case.sessions[0])
    (told,) = case.analysis.report.diagnoses
    assert text(node) == f"✗ {told.symptom} because {told.cause} (certain)"
    assert node.mark is Mark.FAIL
    lines = [text(child) for child in node.children]
    assert " ".join(line.strip() for line in lines if line[0] not in "→f" and not line.startswith("  ")).startswith(
        "At 00:01:10 UE"
    )
    assert any(line.startswith("→ UE:") for line in lines)
    assert [child.target for child in node.children if child.target] == [(e.capture, e.frame) for e in told.evidence]


def test_every_ue_has_its_own_and_those_of_all(found):
    case = found("authorization_missing")
    first, second = case.sessions
    assert diagnosis_nodes(case, first) == ()
    assert len(diagnosis_nodes(case, second)) == 1


def test_a_good_case_has_none(found):
    case = found("http_good")
    assert diagnosis_nodes(case, case.sessions[0]) == ()


def test_a_waived_one_is_advice_and_says_so(found):
    case = found("expired_b_tid_http")
    report = case.analysis.report
    waived = tuple(replace(one, waived="known, until 2030-01-01") for one in report.diagnoses)
    told = replace(case, analysis=replace(case.analysis, report=replace(report, diagnoses=waived)))
    (node,) = diagnosis_nodes(told, told.sessions[0])
    assert node.mark is Mark.ADVICE
    assert text(node).endswith("(certain, waived)")
    assert any(text(child) == "waived: known, until 2030-01-01" for child in node.children)


def test_a_time_without_a_key_is_told_where_nothing_failed(found):
    case = found("missed_update")
    assert case.analysis.report.diagnoses == ()
    (node,) = diagnosis_nodes(case, case.sessions[0])
    assert text(node) == "✗ no picture 00:00:02 to 00:00:06, MKI 000100020001"
    assert node.mark is Mark.FAIL
    told = " ".join(text(child).strip() for child in node.children)
    assert "cannot decrypt for 3.6 s" in told
    assert "MSK 00010002 came late" in told
    assert [child.target for child in node.children if child.target] == [(0, 83), (0, 87)]
