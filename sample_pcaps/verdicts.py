"""Write docs/verdicts.md out of the golden reports, which sample breaks what: `python -m sample_pcaps.verdicts`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from sample_pcaps.casebook import Case, cases
from sample_pcaps.make import FOLDER, REPORT

PAGE = FOLDER.parent / "docs" / "verdicts.md"
DEMANDED = ("shall", "should")


def broken(name: str) -> Mapping[str, str]:
    """Return the rules that a sample breaks, by its golden report: code and level."""
    (case,) = json.loads((FOLDER / name / REPORT).read_text(encoding="utf-8"))["cases"]
    return {j["rule"]: j["level"] for j in case["judgements"] if j["verdict"] in ("fail", "error")}


def off_the_diagonal(case: Case, found: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a sample breaks beyond what it is there to break, and what it does not though it should."""
    demanded = {rule for rule, level in found.items() if level in DEMANDED}
    return tuple(sorted((demanded - set(case.breaks)) | (set(case.breaks) - set(found))))


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    known = cases()
    told = {name: broken(name) for name in known}
    good = [case for case in known.values() if case.good]
    faults = [case for case in known.values() if not case.good]
    strays = [(case.name, rule) for case in known.values() for rule in off_the_diagonal(case, told[case.name])]
    yield from (
        "# Samples and what they break",
        "",
        "Written by `make verdicts` out of the golden reports of the samples; do not edit.",
        "",
        f"{len(good)} good samples break no rule, and each of the {len(faults)} others breaks the rule that it is for. "
        f"{'None breaks another one that a specification demands.' if not strays else f'Off the diagonal: {strays}.'}",
        "",
        "## Good samples",
        "",
        "| sample | shows |",
        "|---|---|",
    )
    for case in good:
        yield f"| {case.name} | {_first(case)} |"
    yield from ("", "## Faults", "", "By the rule; in brackets rules of level *info* that a sample breaks as well.", "")
    yield from ("| rule | sample | shows |", "|---|---|---|")
    for case in sorted(faults, key=lambda case: (case.breaks, case.name)):
        also = sorted(set(told[case.name]) - set(case.breaks))
        rules = " ".join((*case.breaks, *(f"({rule})" for rule in also)))
        yield f"| {rules} | {case.name} | {_first(case)} |"


def _first(case: Case) -> str:
    """The first paragraph of what a case tells, on one line."""
    return " ".join(case.told.split("\n\n", 1)[0].split()).replace("|", "\\|")


def main(path: Path = PAGE) -> None:
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
