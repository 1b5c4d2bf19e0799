"""What two reports differ in, as text and JSON."""

import json

from analyzer.changes import Change, Changes
from analyzer.findings import Finding
from analyzer.views.changes import show, show_json

NEW = Finding("a" * 32, "one\x1b", "MS-16", "fail", "user@home", "msk-delivery", "the MAC\nfails")
GONE = Finding("b" * 32, "two", "MS-17", "inconc", "", "", "")
FOUND = Changes((NEW,), (GONE,), 4, (Change("two", "inconc", "pass"), Change("three", None, "pass")))


def test_text():
    assert show(FOUND).splitlines() == [
        "~ two: inconc → pass",
        "~ three: no such case → pass",
        "+ one\\x1b: MS-16 fail (msk-delivery, user@home)",
        "    the MAC\\nfails",
        "- two: MS-17 inconc",
        "    ",
        "findings: 1 new, 1 gone, 4 the same; verdicts: 2 cases changed",
    ]


def test_json():
    document = json.loads(show_json(FOUND))
    assert document["same"] == 4
    assert document["new"][0]["rule"] == "MS-16"
    assert document["gone"][0]["fingerprint"] == "b" * 32
    assert document["cases"][1] == {"case": "three", "old": None, "new": "pass"}
