"""Samples anonymised once for all tests that look at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from analyzer.analysis import Analysis, analyse
from analyzer.anonymous import Anonymiser, Pseudonyms
from analyzer.capture.case import CaseFiles, find_cases
from analyzer.capture.writer import PcapngWriter

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"


@dataclass(frozen=True)
class Both:
    """A sample before and after, and what was written."""

    before: Analysis
    after: Analysis
    anonymiser: Anonymiser
    written: bytes


@cache
def _anonymised(name: str) -> Both:
    (case,) = find_cases([str(SAMPLES / name)])
    return both(case)


def both(case: CaseFiles) -> Both:
    """Anonymise a case, and analyse what became of it."""
    before = analyse(case)
    anonymiser = Anonymiser(before, Pseudonyms(b"a secret of the tests"))
    with TemporaryDirectory() as place:
        for index, path in enumerate(case.captures):
            with (Path(place) / Path(path).name).open("wb") as stream:
                anonymiser.write(index, PcapngWriter(stream, "test"))
        files = anonymiser.outcome({})
        for name_, text in (("keyring.toml", files.keyring), ("case.toml", files.config)):
            if text is not None:
                (Path(place) / name_).write_text(text)
                (Path(place) / name_).chmod(0o600)
        written = b"".join(path.read_bytes() for path in sorted(Path(place).iterdir()))
        (again,) = find_cases([place])
        return Both(before, analyse(again), anonymiser, written)


@pytest.fixture
def anonymised() -> Callable[[str], Both]:
    return _anonymised


@pytest.fixture
def anonymise() -> Callable[[CaseFiles], Both]:
    return both
