"""What a program gets: cases to ask and to assert, and pictures that run nothing."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from analyzer import VERSION, analyse
from analyzer.report import Verdict
from analyzer.views import view
from sample_pcaps.forge import pcapng

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
GOOD, WRONG = SAMPLES / "http_good", str(SAMPLES / "msk_under_another_muk")


@pytest.fixture(scope="module")
def found():
    return analyse(WRONG, GOOD)


def test_cases_come_in_order_with_their_reports(found):
    assert [(case.name, case.verdict, case.fault) for case in found.cases] == [
        ("msk_under_another_muk", Verdict.FAIL, ""),
        ("http_good", Verdict.PASS, ""),
    ]
    assert found.verdict is Verdict.FAIL
    assert found.report.version == VERSION
    assert found.to("json") == view("json")(found.report)
    assert str(found) == found.to("text")


def test_a_failing_test_does_not_show_megabytes(found):
    assert repr(found) == "<Analysed 2 cases: 1 fail, 1 pass>"
    assert repr(found.cases[1]) == "<Case 'http_good': pass>"
    assert "http_good</td>" in found.cases[1]._repr_html_()
    assert "MS-16" not in found.cases[1]._repr_html_()


def test_an_empty_path_is_not_this_folder():
    with pytest.raises(ValueError, match="one of the paths is empty"):
        analyse("")


def test_problems_are_what_is_broken(found):
    (line,) = found.problems()
    assert line.startswith("msk_under_another_muk: MS-16 mac-verifies-under-muk fail, frame 44: the MAC fails")
    assert found.problems(ignore=["MS-16"]) == found.problems(ignore="ms") == []
    assert len(found.problems(strict=True)) == 3
    assert len(found.problems(fail_on="shall")) == 1


def test_what_is_broken_is_asserted(found):
    with pytest.raises(AssertionError, match="MS-16 mac-verifies-under-muk"):
        found.assert_pass()
    found.assert_pass(ignore=["MS-16"])


def test_what_cannot_be_read_is_a_problem_and_none_to_judge_too(tmp_path):
    path = tmp_path / "x.pcap"
    path.write_text("text")
    bad = analyse(path)
    assert bad.cases[0].fault == f"{path}: is no pcap or pcapng capture: text"
    with pytest.raises(AssertionError, match="is no pcap or pcapng capture"):
        bad.assert_pass(ignore=["MS"])
    silent = tmp_path / "silent.pcapng"
    silent.write_bytes(pcapng([]))
    for nothing in (analyse(silent), analyse()):
        with pytest.raises(AssertionError, match="nothing to judge"):
            nothing.assert_pass()


def test_options_are_those_of_the_command():
    assert {j.rule for j in analyse(WRONG, select=["MS-16"]).report.cases[0].judgements} == {"MS-16"}
    assert not [j for j in analyse(WRONG, ignore=["MS"]).report.cases[0].judgements if j.rule.startswith("MS")]
    assert len(analyse(WRONG, GOOD, merge=True).cases) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda _: analyse(GOOD, select=["QQ"]),
        lambda _: analyse(GOOD, ignore=[""]),
        lambda _: analyse(GOOD, media="some"),
        lambda _: analyse(GOOD, profile="rel99"),
        lambda found: found.problems(fail_on="info"),
        lambda found: found.problems(ignore=["nonsense"]),
        lambda found: found.to("pdf"),
    ],
)
def test_what_cannot_be_is_a_value_error(ask, found):
    with pytest.raises(ValueError):
        ask(found)


def test_a_notebook_shows_tables_and_pictures_that_run_nothing(found, tmp_path):
    hostile = tmp_path / "<script>alert(1)</script>.pcap"
    hostile.parent.mkdir(parents=True, exist_ok=True)
    hostile.write_text("text")
    shown = [found, analyse(str(hostile)), *(part for case in found.cases for part in (case.ladder, case.timeline))]
    for part in shown:
        html = part._repr_html_()
        ET.fromstring(f"<div>{html}</div>")
        assert "<script" not in html
        assert "http://" not in html.replace("http://www.w3.org/", "")
    assert "MS-16" in found._repr_html_()
    assert "<svg" in found.cases[0].ladder._repr_html_()
    (chart,) = found.cases[0].timeline.charts
    assert chart[0] == "ue1"
    assert chart[1] in found.cases[0].timeline._repr_html_()
    assert "MSK 00010001" in chart[1]
    assert "POST" in str(found.cases[0].ladder)
    assert str(found.cases[1].timeline) in found.cases[1].timeline.text


def test_importing_the_package_loads_next_to_nothing():
    code = "import sys, analyzer; print(sorted(m for m in sys.modules if m.startswith(('analyzer.', 'numpy', 'click', 'dissectors'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
