"""What keyshark says of the samples is what it said when it was last looked at."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sample_pcaps import golden
from sample_pcaps.casebook import Case, cases
from sample_pcaps.make import REPORT

ROOT = Path(__file__).parents[2]
CASES = cases()
WITH_MEDIA = ("http_good", "sip_good", "two_ues", "ipv6", "mid_capture")


@pytest.fixture(scope="module")
def said():
    """Return what keyshark prints for a case, run once for each."""
    kept: dict[str, str] = {}

    def run(name: str) -> str:
        if name not in kept:
            kept[name] = golden.report(CASES[name])
        return kept[name]

    return run


# Keyrings that begin below what some rules want to look at: nothing fails, not all can be told
BELOW = {"keyed_from_muk", "keyed_from_msks", "keyed_from_mtks"}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.good])
def test_good_case_passes_and_all_its_media_opens(said, name):
    (case,) = json.loads(said(name))["cases"]
    assert case["verdict"] == ("inconc" if name in BELOW else "pass")
    assert case["malformed"] == []
    assert all(media["authenticated"] == media["packets"] for media in case["media"] if media["key_domain"])
    assert name not in WITH_MEDIA or case["media"]


@pytest.mark.parametrize("name", CASES)
def test_report_is_the_golden_one(said, name):
    kept = (ROOT / "sample_pcaps" / name / REPORT).read_text(encoding="utf-8")
    assert json.loads(said(name)) == json.loads(kept), f"python -m sample_pcaps.golden {name}, and read the difference"


def test_main_writes_the_reports_that_it_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(golden, "report", lambda case: f"report of {case.name}")
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    (tmp_path / "http_good").mkdir()
    golden.main(["http_good"])
    assert (tmp_path / "http_good" / REPORT).read_text() == "report of http_good"
    assert capsys.readouterr().out == "http_good\n"


def test_report_is_that_of_the_command():
    command = [sys.executable, "-m", "analyzer", "validate", "--format", "json", "sample_pcaps/http_good"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == golden.report(CASES["http_good"])


def test_a_case_that_cannot_be_read_is_told():
    lost = Case("lost", (), "Not there.", CASES["http_good"].tell)
    with pytest.raises(SystemExit, match="lost: keyshark ended with 3"):
        golden.report(lost)
