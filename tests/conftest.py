"""What many tests share: stories told to the analyzer, and the committed samples analysed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from analyzer import medialog, sharing
from analyzer.analysis import Analysis, Options, analyse
from analyzer.capture.case import CaseFiles, find_cases
from sample_pcaps.forge import pcapng
from sample_pcaps.story import Story

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_pcaps"
# Where tests wait for threads, timers and other processes: on a busy machine one may look too early
TIMED = tuple(ROOT / "tests" / "analyzer" / name for name in ("tui", "executors", "commands", "test_landing.py"))
RERUNS = 2  # what is broken fails each time

settings.register_profile("keyshark", deadline=None)  # a machine may be busy; what hangs is ended by pytest-timeout
settings.load_profile("keyshark")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(place) for place in TIMED):
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))


@pytest.fixture(scope="session", autouse=True)
def no_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the UI remembers, and wishes of whoever runs the tests, out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


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


Packets = list[tuple[int, bytes]]


@pytest.fixture
def tell_merged(tmp_path: Path) -> Callable[..., Analysis]:
    """Analyse captures of one case: a list of packets each, named a.pcapng, b.pcapng …; `config` is its case.toml."""
    count = iter(range(1000))

    def told(captures: Sequence[Packets], keyring: str = "", config: str = "", **more: Any) -> Analysis:
        folder = tmp_path / f"merged{next(count)}"
        folder.mkdir()
        for name, packets in zip("abcdef", captures, strict=False):
            (folder / f"{name}.pcapng").write_bytes(pcapng(sorted(packets, key=lambda packet: packet[0])))
        (folder / "case.toml").write_text(config)
        path = folder / "keyring.toml"
        path.write_text(keyring)
        path.chmod(0o600)
        (case,) = find_cases([str(folder)])
        return analyse(case, **more)

    return told


@pytest.fixture
def streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseFiles:
    """A case of three streams under one MTK, each with a packet that is broken; none is kept whole, and 100 pay."""
    monkeypatch.setattr(medialog, "MAX_KEPT", 20)
    monkeypatch.setattr(sharing, "MIN_SHARE", 100)
    story = Story.registered_by_http()
    story.msk()
    story.wait(0.2)
    story.mtk()
    for ssrc, packets in ((0xA, 150), (0xB, 120), (0xC, 60)):
        story.media(
            packets=packets, ssrc=ssrc, report=False, change=lambda n, given: given | {"break_tag": n == 55}
        )  # fmt: skip
    (tmp_path / "streams.pcapng").write_bytes(pcapng(story.tape.sorted()))
    keyring = tmp_path / "streams.keys.toml"
    keyring.touch(mode=0o600)
    keyring.write_text(story.keyring())
    (case,) = find_cases([str(tmp_path / "streams.pcapng")])
    return case


@cache
def _sample(name: str) -> Analysis:
    (case,) = find_cases([str(SAMPLES / name)])
    return analyse(case)


@pytest.fixture
def sample() -> Callable[[str], Analysis]:
    """Return the analysis of a committed sample; analysed once a run."""
    return _sample
