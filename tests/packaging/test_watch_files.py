"""The unit and the Containerfile call commands that are there, with options that these have."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from analyzer import VERSION
from analyzer.cli import cli

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "keyshark-watch@.service"
CONTAINER = ROOT / "packaging" / "Containerfile"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT, TOOL = PYPROJECT["project"], PYPROJECT["tool"]


def options(name: str) -> set[str]:
    command = cli.get_command(None, name)
    return {option for parameter in command.params for option in parameter.opts}


def test_the_unit_calls_the_command_and_keeps_what_it_says(tmp_path):
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text().replace("\\\n", ""), re.MULTILINE)
    shell, flag, script, _, program, name, *rest = shlex.split(line)
    assert (program, name) == ("/opt/keyshark/bin/keyshark", "watch")
    assert {word for word in rest if word.startswith("--")} <= options("watch")
    words = [shell, flag, script.replace("$$", "$"), r"srv-a\x20b", "echo", "a line"]
    subprocess.run(words, env={"LOGS_DIRECTORY": str(tmp_path)}, check=True, timeout=60)
    assert (tmp_path / r"srv-a\x20b.jsonl").read_text() == "a line\n"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("command", [["verify", "--man=no"], ["security", "--offline=true", "--threshold=15"]])
def test_systemd_takes_the_unit_and_finds_it_safe(command):
    words = ["systemd-analyze", *command, str(UNIT)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert [line for line in done.stderr.splitlines() if "keyshark" in line or "Unknown" in line] == []
    assert done.returncode == 0


def steps(word: str) -> list[str]:
    text = CONTAINER.read_text().replace("\\\n", " ")
    return re.findall(rf"^{word} (.*)$", text, re.MULTILINE)


def pins() -> dict[str, Version]:
    lines = [Requirement(line) for line in (ROOT / "packaging" / "container.txt").read_text().splitlines()]
    return {canonicalize_name(each.name): Version(str(each.specifier).removeprefix("==")) for each in lines}


def test_the_container_starts_the_command():
    (entry,), (words,) = steps("ENTRYPOINT"), steps("CMD")
    assert json.loads(entry) == ["keyshark"]
    name, _, *rest = json.loads(words)
    assert {word for word in rest if word.startswith("--")} <= options(name)


def test_the_container_has_the_python_and_the_version_that_we_have():
    (base,) = steps("ARG")
    assert f">={re.search(r'python:([0-9.]+)-slim-', base)[1]}" in PROJECT["requires-python"]
    assert set(steps("FROM")) == {"${BASE} AS build", "${BASE}"}
    (labels,) = steps("LABEL")
    assert f'org.opencontainers.image.version="{VERSION}"' in labels
    assert f'org.opencontainers.image.licenses="{PROJECT["license"]}"' in labels


def test_the_container_is_no_root_in_a_way_that_kubernetes_can_see():
    (user,) = steps("USER")
    (uid, gid) = map(int, user.split(":"))
    assert uid
    assert gid
    assert any(f"useradd --uid {uid} --gid {gid} " in step for step in steps("RUN"))


def test_the_container_is_made_of_files_that_are_here_and_are_needed():
    copied = [word for step in steps("COPY") if not step.startswith("--from") for word in step.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    wheel = TOOL["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", PROJECT["readme"], *PROJECT["license-files"], *wheel["packages"]}
    assert {*needed, wheel["hooks"]["custom"]["path"], "packaging/container.txt"} == set(copied)


def test_the_versions_of_the_container_are_those_that_we_take():
    (rule,) = re.findall(r"pip compile .*?pyproject", (ROOT / "Makefile").read_text(), re.DOTALL)
    extras = re.findall(r"--extra (\w+)", rule)
    assert set(extras) == {"brotli", "cluster", "metrics", "remote"}
    wanted = [*PROJECT["dependencies"], *(line for name in extras for line in PROJECT["optional-dependencies"][name])]
    for need in map(Requirement, wanted):
        assert pins()[canonicalize_name(need.name)] in need.specifier, f"{need}: make pins"
