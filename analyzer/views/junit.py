"""The report as JUnit XML: a suite for each case, a test for each rule and UE."""

from __future__ import annotations

import re
from io import BytesIO

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from analyzer.report import CaseReport, Evidence, Report, Verdict
from analyzer.views import measure
from analyzer.views.frames import frames
from analyzer.views.ink import clean
from analyzer.views.ruletests import RuleTest, damage, rule_tests

# The characters that XML 1.0 has no way to write; `clean` escapes those of them that steer.
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def show(report: Report) -> str:
    """Return a document that the schema of Jenkins accepts and in which GitLab finds all that it reads.

    Clause and frames stand in the output of a test as `[[PROPERTY|name=value]]`, as the schema of Jenkins has
    properties for suites only.
    """
    document = JUnitXml("keyshark")
    for case in report.cases:
        document.add_testsuite(_suite(case))
    written = BytesIO()
    document.write(written, pretty=True)
    return written.getvalue().decode("utf-8")


def _suite(case: CaseReport) -> TestSuite:
    suite = TestSuite(_text(case.name))
    for number, capture in enumerate(case.captures):
        suite.add_property(f"capture.{number}", _text(capture.path))
    for number, line in enumerate(measure.told(case)):
        suite.add_property(f"measure.{number}", _text(line))
    broken = damage(case)
    if broken:
        whole = TestCase("captures can be read", classname=_text(case.name), time=0)
        whole.result = [_result(Error(_text(broken), "capture"), broken)]
        suite.add_testcase(whole)
    for found in rule_tests(case):
        suite.add_testcase(_test(case, found))
    return suite


def _test(case: CaseReport, found: RuleTest) -> TestCase:
    test = TestCase(f"{found.rule} {found.name}", classname=_text(f"{case.name}.{found.ue}"), time=0)
    if found.skipped:
        test.result = [_result(Skipped(_text(found.skipped)), found.skipped)]
    elif found.verdict in (Verdict.FAIL, Verdict.ERROR):
        kind = Error if found.verdict is Verdict.ERROR else Failure
        told = "\n".join((found.message, *(f"→ {remedy}" for remedy in found.remedies)))
        test.result = [_result(kind(_text(found.message), found.level), told)]
    evidence = sorted({(e.capture, e.frame) for judgement in found.judgements for e in judgement.evidence})
    place = frames((Evidence(*each) for each in evidence), len(case.captures) > 1)
    properties = {"clause": found.clause, "level": found.level, "evidence": place}
    test.system_out = _text("\n".join(f"[[PROPERTY|{name}={value}]]" for name, value in properties.items()))
    return test


def _result(made: FinalResult, text: str) -> FinalResult:
    """Give a result its text: Jenkins shows its message, GitLab its text alone."""
    made.text = _text(text)
    return made


def _text(text: str) -> str:
    return _UNWRITABLE.sub("�", "\n".join(map(clean, text.split("\n"))))
