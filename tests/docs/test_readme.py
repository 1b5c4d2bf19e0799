"""What README.md tells a newcomer to type works."""

import re
import shlex
from pathlib import Path

import pytest

from analyzer.cli import run
from analyzer.keys.keyring import load_keyring

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (keyshark .+)$", README, re.MULTILINE)
SAMPLE_COMMANDS = [line for line in COMMANDS if "captures/" not in line and " open " not in line]


def test_there_are_commands():
    assert len(SAMPLE_COMMANDS) >= 7


@pytest.mark.parametrize("line", SAMPLE_COMMANDS)
def test_command(line, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    code = run(shlex.split(line)[1:])
    shown = capsys.readouterr().out
    assert code == (1 if "validate" in line or "diagnose" in line else 0)
    assert len(shown) > 100


def test_the_verdict_shown_is_the_verdict_given(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    block = re.search(r"\$ keyshark validate sample_pcaps/msk_under_another_muk\n(.*?)  …\n", README, re.DOTALL)
    run(["validate", "sample_pcaps/msk_under_another_muk"])
    assert capsys.readouterr().out.startswith(block[1])


def test_the_keyring_loads(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "keyring.toml"
    path.write_text(text)
    assert len(load_keyring(path).ues) == 1


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_are_in_the_makefile(target):
    assert f"make {target}" in README
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
