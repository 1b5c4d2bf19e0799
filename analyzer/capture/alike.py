"""Cases of the same name, told apart: reports, tests of CI and baselines know a case by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from analyzer.capture.case import CaseFiles, is_url


def told_apart(cases: Sequence[CaseFiles]) -> list[CaseFiles]:
    """Return the cases, those of one name with as many folders before it as tell them apart, else with the suffix.

    Those of the same files keep their name. What is alone with its name keeps it, so it is the same in the next run.
    """
    groups: dict[str, list[int]] = {}
    for number, case in enumerate(cases):
        groups.setdefault(case.name, []).append(number)
    found = list(cases)
    for numbers in groups.values():
        if len(numbers) > 1:
            for number, name in zip(numbers, _names([cases[number] for number in numbers]), strict=True):
                found[number] = replace(cases[number], name=name)
    return found


def _names(alike: Sequence[CaseFiles]) -> Sequence[str]:
    places = [_place(case) for case in alike]
    different = len(set(places))
    if different > 1:
        for names in _tries(alike, places):
            if len(set(names)) == different:
                return names
    return [case.name for case in alike]


def _tries(alike: Sequence[CaseFiles], places: Sequence[tuple[str, ...]]) -> Iterator[list[str]]:
    deepest = max(map(len, places))
    for whole in (False, True):
        for count in range(1, deepest):
            yield [
                "/".join((*place[-1 - count : -1], place[-1] if whole else case.name))
                for case, place in zip(alike, places, strict=True)
            ]


def _place(case: CaseFiles) -> tuple[str, ...]:
    """Return the folders that lead to what a case is called after, and that: a file, or a folder of captures."""
    path = case.captures[0]
    parts = tuple(filter(None, path.split("/"))) if is_url(path) else PurePath(os.path.abspath(path)).parts
    return parts if parts[-1].startswith(case.name) else parts[:-1]
