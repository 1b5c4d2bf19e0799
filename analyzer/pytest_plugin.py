"""The fixture `keyshark` of pytest: `keyshark.validate("x.pcap").assert_pass(ignore=["EX-03"])`.

Nothing of keyshark is loaded before a test asks for it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from analyzer.library import Analysed


class Keyshark:
    """Judges captures for a test; relative paths are those of its folder, or else of where pytest runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def validate(self, *paths: str | os.PathLike[str], **options: Any) -> Analysed:
        """Judge cases; the options are those of `analyzer.analyse`."""
        from analyzer import analyse  # noqa: PLC0415

        return analyse(*map(self._found, paths), **options)

    def _found(self, path: str | os.PathLike[str]) -> str:
        beside = self._folder / path
        return str(beside) if beside.exists() else os.fspath(path)


@pytest.fixture
def keyshark(request: pytest.FixtureRequest) -> Keyshark:
    """Judge captures: `keyshark.validate("x.pcap").assert_pass()`."""
    return Keyshark(request.path.parent)
