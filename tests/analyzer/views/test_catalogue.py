"""The pages of rules."""

import json
import re

from analyzer.judging import Procedure, rule
from analyzer.procedures.samples import samples
from analyzer.profiles import DIFFERENCES, PROFILES
from analyzer.tolerances import TOLERANCES
from analyzer.views.catalogue import LEVELS, markdown, page, plain_rule, profiles

DELIVERY = Procedure("msk-delivery", "TS 33.246 6.3.2.3", (), lambda procedure, story: ())


@rule("MS-02", DELIVERY, clause="RFC 3830 6.1", level="info", remedy="BM-SC: use <own FQDN> and `<this>`.")
def second_of_them(run):
    """The second | of them.

    Why it is so, and a `2*3`
    on two lines.
    """


@rule("MS-01", DELIVERY, clause="RFC 3830 6.2", level="shall", remedy="BM-SC: mend it.")
def first_of_them(run):
    """The first of them."""


@rule("UB-01", DELIVERY, clause="TS 24.109 4.2", level="should", remedy="UE: mend it.")
def another(run):
    """Another."""


EXPECTED = """\
**[MS: MSK delivery and verification](#ms-msk-delivery-and-verification)**

| Code | Level | Rule |
|---|---|---|
| [MS-01](#ms-01-first-of-them) | shall | The first of them. |
| [MS-02](#ms-02-second-of-them) | info | The second \\| of them. |

**[UB: GBA bootstrapping (Ub)](#ub-gba-bootstrapping-ub)**

| Code | Level | Rule |
|---|---|---|
| [UB-01](#ub-01-another) | should | Another. |

## MS: MSK delivery and verification

### MS-01 first-of-them

**The first of them.**

* Clause: RFC 3830 6.2
* Level: shall
* Looks at: msk-delivery
* Profiles: all
* When broken: BM-SC: mend it.
* Samples: @MS-01@

### MS-02 second-of-them

**The second | of them.**

Why it is so, and a `2*3`
on two lines.

* Clause: RFC 3830 6.1
* Level: info
* Looks at: msk-delivery
* Profiles: all
* When broken: BM-SC: use \\<own FQDN> and `<this>`.
* Samples: @MS-02@

## UB: GBA bootstrapping (Ub)

### UB-01 another

**Another.**

* Clause: TS 24.109 4.2
* Level: should
* Looks at: msk-delivery
* Profiles: all
* When broken: UE: mend it.
* Samples: @UB-01@
"""


def test_the_document_has_a_section_a_rule_in_the_order_of_codes():
    text = markdown((another, second_of_them, first_of_them))
    assert text.startswith("# Rules\n")
    assert "by 3 rules" in text
    assert all(f"* **{level}** is {meaning}." in text for level, meaning in LEVELS.items())
    named = {code: ", ".join(samples()[code]) for code in ("MS-01", "MS-02", "UB-01")}
    head, _, pages = EXPECTED.partition("## MS")
    expected = "## MS" + re.sub("@(.*?)@", lambda found: named[found[1]], pages)
    assert head in text
    assert text.endswith(expected)


def test_a_page():
    assert page(second_of_them) == (
        "MS-02 second-of-them\n\nThe second | of them.\n\nWhy it is so, and a `2*3`\non two lines.\n\n"
        "Clause:      RFC 3830 6.1\nLevel:       info, demanded by no specification: shown, and never changes a verdict\n"
        "Looks at:    msk-delivery\nProfiles:    all\nWhen broken: BM-SC: use <own FQDN> and `<this>`.\n"
        f"Samples:     {', '.join(samples()['MS-02'])}\n"
    )


def test_as_values():
    assert json.loads(json.dumps(plain_rule(first_of_them))) == {
        "code": "MS-01", "name": "first-of-them", "level": "shall", "procedures": ["msk-delivery"],
        "clause": "RFC 3830 6.2", "title": "The first of them.", "page": "The first of them.", "remedy": "BM-SC: mend it.",
        "profiles": list(PROFILES), "differences": [], "samples": list(samples()["MS-01"]),
    }  # fmt: skip


def test_the_document_has_all_profiles_what_differs_and_all_times():
    lines = markdown((another,)).splitlines()
    assert all(any(line.startswith(f"* **{name}**: {p.told}") for line in lines) for name, p in PROFILES.items())
    rows = [line for line in lines if line.startswith("| ")]
    assert all(
        any(row.startswith(f"| {d.demand} | ") and d.why in row and d.clause in row for row in rows)
        for d in DIFFERENCES
    )
    assert all(
        any(row.startswith(f"| `{t.name}` | ") and t.told in row and t.source in row for row in rows)
        for t in TOLERANCES
    )


def test_the_profiles_of_a_rule():
    assert profiles("MS-01") == "all"
    assert profiles("UB-12") == "rel11, rel16"
    assert profiles("SB-16") == "all; cr-2009 without: B-TID in the re-INVITE that asks for an MSK"
