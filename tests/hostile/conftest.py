"""What anybody may put into a capture, analysed as a user would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer import cli
from sample_pcaps.forge import Tape, pcapng
from sample_pcaps.story import Story


@pytest.fixture(scope="session")
def story() -> Story:
    """A good story of both the Ua interface and the first MSK: short, as many tests cut it up."""
    told = Story.registered_by_http()
    told.msk(told.ue)
    return told


@pytest.fixture
def judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Validate octets that are taken for a capture; gives the exit code and the case of the report."""

    def judge(octets: bytes, keyring: str = "") -> tuple[int, dict[str, Any]]:
        path = tmp_path / "hostile.pcapng"
        path.write_bytes(octets)
        (tmp_path / "hostile.keys.toml").write_text(keyring)
        (tmp_path / "hostile.keys.toml").chmod(0o600)
        code = cli.run(["validate", "--format", "json", str(path)])
        out, err = capsys.readouterr()
        assert "keyshark failed" not in err
        (case,) = json.loads(out)["cases"]
        assert not [judgement for judgement in case["judgements"] if judgement["verdict"] == "error"]
        return code, case

    return judge


@pytest.fixture
def sent(judged: Any) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Validate what goes over the tape that a function writes."""

    def judge(write: Callable[[Tape], object]) -> tuple[int, dict[str, Any]]:
        tape = Tape()
        write(tape)
        return judged(pcapng(tape.sorted()))

    return judge
