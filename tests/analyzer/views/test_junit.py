"""JUnit XML as Jenkins and GitLab take it.

The schema of Jenkins (junit-10.xsd of its xunit plugin) is told here in our own words: which elements may stand in
which, and which attributes they must and may have. All samples were held against the schema itself, once.
"""

import re
from xml.etree import ElementTree

import pytest

from analyzer.report import Report
from analyzer.views.junit import show

# element → elements in it, attributes that it must have, attributes that it may have beside them
ELEMENTS = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"},
    ),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, set()),
    "testcase": (
        {"skipped", "error", "failure", "system-out", "system-err"}, {"name"}, {"time", "classname", "group"},
    ),
    "failure": (set(), set(), {"type", "message"}),
    "error": (set(), set(), {"type", "message"}),
    "skipped": (set(), set(), {"type", "message"}),
    "system-out": (set(), set(), set()),
    "system-err": (set(), set(), set()),
}  # fmt: skip
WITH_TEXT = {"failure", "error", "skipped", "system-out", "system-err"}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")


def complaints(root):
    """What the schema has against a document."""
    if root.tag != "testsuites":
        yield f"the root is {root.tag}"
    for element in root.iter():
        inside, must, may = ELEMENTS[element.tag]
        yield from (f"{child.tag} in {element.tag}" for child in element if child.tag not in inside)
        yield from (f"{element.tag} without {name}" for name in must - set(element.attrib))
        yield from (f"{element.tag} with {name}" for name in set(element.attrib) - must - may)
        if element.tag in ("testsuites", "testsuite") and not TIME.fullmatch(element.get("time", "")):
            yield f"time {element.get('time')}"
        text = "".join((element.text or "", *(child.tail or "" for child in element)))
        if element.tag not in WITH_TEXT and text.strip():
            yield f"text in {element.tag}"


@pytest.mark.parametrize("name", ["http_good", "msk_under_another_muk", "missed_update", "no_tmpi", "two_probes"])
def test_samples_are_as_the_schema_of_jenkins_says(sample, name):
    assert list(complaints(ElementTree.fromstring(show(Report("0.1.0", (sample(name).report,)))))) == []


def test_all_that_can_occur_is_as_the_schema_of_jenkins_says(report):
    root = ElementTree.fromstring(show(report))
    assert list(complaints(root)) == []
    assert {element.tag for element in root.iter()} == set(ELEMENTS) - {"system-err"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<testcase ", "<testcase file='x' "), (' tests="6"', ""), ("<properties>", "<failure/><properties>"),
        ('time="0.0">\n\t\t<properties>', 'time="0.0001">\n\t\t<properties>'), ("<testcase ", "text<testcase "),
    ],
)  # fmt: skip
def test_what_the_schema_forbids_is_seen(report, old, new):
    text = show(report)
    assert old in text
    assert list(complaints(ElementTree.fromstring(text.replace(old, new, 1))))


def test_counts_are_those_of_the_tests(report):
    (suite,) = ElementTree.fromstring(show(report))
    for name, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        assert int(suite.get(name)) == len(suite.findall(f"testcase/{tag}"))
    assert int(suite.get("tests")) == len(suite.findall("testcase"))


def test_gitlab_finds_what_it_reads(report):
    """Its page "Unit test reports": class, name and time of a test, and the text of its result.

    It shows the class as the suite, and of tests with one class and name the first.
    """
    root = ElementTree.fromstring(show(report))
    tests = root.findall("testsuite/testcase")
    assert root.tag == "testsuites"
    assert len({(test.get("classname"), test.get("name")) for test in tests}) == len(tests)
    assert all(float(test.get("time")) == 0 for test in tests)
    results = [result for test in tests for result in test if result.tag != "system-out"]
    assert {result.tag for result in results} == {"failure", "error", "skipped"}
    for result in results:
        assert result.get("message") in result.text
    assert "[[ATTACHMENT|" not in show(report)  # it would look for a picture
