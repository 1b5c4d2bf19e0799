"""The unit and the Containerfile call commands that are there, with options that these have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from analyzer.cli import cli

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "keyshark-watch@.service"
CONTAINER = ROOT / "packaging" / "Containerfile"


def options(name: str) -> set[str]:
    command = cli.get_command(None, name)
    return {option for parameter in command.params for option in parameter.opts}


def test_the_unit_calls_the_command():
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text(), re.MULTILINE)
    program, name, *rest = line.split()
    assert (program, name) == ("/opt/keyshark/bin/keyshark", "watch")
    assert {word for word in rest if word.startswith("--")} <= options("watch")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_unit(tmp_path):
    unit = tmp_path / "keyshark-watch@a.service"
    text = (
        UNIT.read_text()
        .replace("/opt/keyshark/bin/keyshark", sys.executable)
        .replace("User=keyshark\nGroup=keyshark\n", "")
    )
    unit.write_text(text.replace("Documentation=man:keyshark-watch(1)\n", ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False, timeout=60
    )
    assert [line for line in done.stderr.splitlines() if unit.name in line or "Unknown" in line] == []


def test_the_container_starts_the_command():
    text = CONTAINER.read_text()
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    (words,) = re.findall(r"^CMD (.*)$", text, re.MULTILINE)
    assert json.loads(entry) == ["keyshark"]
    name, _, *rest = json.loads(words)
    assert {word for word in rest if word.startswith("--")} <= options(name)
    extras = set(re.search(r"/src\[([a-z,]+)\]", text)[1].split(","))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert extras <= set(project["optional-dependencies"])
    (version,) = set(re.findall(r"python:(\d+\.\d+)-slim", text))
    assert f">={version}" in project["requires-python"]
