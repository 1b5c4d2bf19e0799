"""Every format: what it makes of one report, of names that a network made up, and of nothing at all."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest

from analyzer.report import CaptureReport, CaseReport, Report, Verdict
from analyzer.views import VIEWS, view

GOLDEN = Path(__file__).parent / "golden"
PAGES = {"sarif"}  # holds pages of rules, which have tests of their own
HOSTILE = "a\x1b[31m\x00<b>&amp;%0A::error::,\n# | `x` ]]> \ufffe\udc80'\"="


@pytest.mark.parametrize("name", sorted(set(VIEWS) - PAGES))
def test_the_report_reads_as_in_its_golden_file(name, report):
    assert view(name)(report) == (GOLDEN / f"report.{name}").read_bytes().decode()


@pytest.mark.parametrize("name", VIEWS)
def test_no_name_of_a_network_steers_a_terminal_or_breaks_a_format(name, case):
    judgements = tuple(j._replace(message=HOSTILE, remedy=HOSTILE) for j in case.judgements)
    (ue,) = case.ues
    step = ue.procedures[0].steps[0]._replace(summary=HOSTILE)
    bad = replace(ue, procedures=(replace(ue.procedures[0], steps=(step,)),), impi=(HOSTILE,))
    captures = (replace(case.captures[0], path=HOSTILE, problems=(HOSTILE,)),)
    told = view(name)(Report("1", (replace(case, name=HOSTILE, captures=captures, ues=(bad,), judgements=judgements),)))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", told)
    told.encode("utf-8")
    if name in ("json", "jsonl", "sarif", "gitlab"):
        json.loads(told)
    if name == "junit":
        ElementTree.fromstring(told.encode())
    if name == "html":
        html5lib.HTMLParser(strict=True).parse(told)
    if name == "github":
        assert len(re.findall("^::", told, re.MULTILINE)) == 4  # no line begins a command of its own


@pytest.mark.parametrize("name", VIEWS)
def test_a_case_that_cannot_be_read_is_told_and_nothing_is_too(name):
    capture = CaptureReport("a.pcap", "", 0, 0, None, None, (), False, ("a.pcap: a text file",))
    unread = CaseReport("a", Verdict.ERROR, (capture,), (), (), (), (), ())
    assert isinstance(view(name)(Report("1", ())), str)
    told = view(name)(Report("1", (unread,)))
    assert ("a text file" in told) is (name not in ("csv-keys", "csv-messages"))  # they list what is in captures


@pytest.mark.parametrize("name", ["junit", "tap", "github", "gitlab", "csv", "sarif", "markdown", "text", "html"])
def test_a_capture_that_was_cut_is_told_beside_what_was_judged(name, case):
    """The exit code says so; what CI shows must not be green alone."""
    captures = (replace(case.captures[0], truncated=True, problems=("cut after packet 7",)),)
    told = view(name)(Report("1", (replace(case, captures=captures),)))
    assert "cut after packet 7" in told
    assert "MS-21" in told


def test_what_a_capture_that_was_cut_is_called(case):
    captures = (replace(case.captures[0], truncated=True, problems=("cut",)),)
    told = Report("1", (replace(case, captures=captures),))
    assert view("github")(told).startswith("::error file=story.pcapng,line=1,title=capture cannot be read::cut\n")
    first = json.loads(view("gitlab")(told))[0]
    assert (first["check_name"], first["severity"], first["location"]["path"]) == (
        "capture",
        "critical",
        "story.pcapng",
    )
    assert view("csv")(told).splitlines()[1] == "story,,capture-can-be-read,error,,,,,cut,,story.pcapng,,"
    assert "not ok 1 - story: captures can be read\n" in view("tap")(told)
    suite = ElementTree.fromstring(view("junit")(told).encode())[0]
    assert next((test.get("name"), test[0].tag) for test in suite.iter("testcase")) == ("captures can be read", "error")
