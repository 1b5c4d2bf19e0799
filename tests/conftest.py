"""What many tests share: stories told to the analyzer, and the committed samples analysed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, Options, analyse
from analyzer.capture.case import find_cases
from sample_pcaps.story import Story

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_pcaps"


@pytest.fixture
def tell(tmp_path: Path) -> Callable[..., Analysis]:
    """Analyse a story; `keyring` replaces the one of the story, with "" there is none."""
    count = iter(range(1000))

    def told(story: Story, keyring: str | None = None, options: Options = Options()) -> Analysis:  # noqa: B008
        folder = tmp_path / f"case{next(count)}"
        folder.mkdir()
        (folder / "capture.pcapng").write_bytes(story.capture())
        path = folder / "keyring.toml"
        path.write_text(story.keyring() if keyring is None else keyring)
        path.chmod(0o600)
        (case,) = find_cases([str(folder)])
        return analyse(case, options)

    return told


@cache
def _sample(name: str) -> Analysis:
    (case,) = find_cases([str(SAMPLES / name)])
    return analyse(case)


@pytest.fixture
def sample() -> Callable[[str], Analysis]:
    """Return the analysis of a committed sample; analysed once a run."""
    return _sample
