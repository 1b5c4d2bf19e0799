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
        assert len(re.findall("^::", told, re.MULTILINE)) == 3  # no line begins a command of its own


@pytest.mark.parametrize("name", VIEWS)
def test_a_case_that_cannot_be_read_is_told_and_nothing_is_too(name):
    capture = CaptureReport("a.pcap", "", 0, 0, None, None, (), False, ("a.pcap: a text file",))
    unread = CaseReport("a", Verdict.ERROR, (capture,), (), (), (), (), ())
    assert isinstance(view(name)(Report("1", ())), str)
    told = view(name)(Report("1", (unread,)))
    if name not in ("gitlab", "csv", "csv-keys", "csv-messages"):  # they list judgements and what is in captures
        assert "a text file" in told or name == "github"
