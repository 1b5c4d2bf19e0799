"""Every command that a document shows works: those with a prompt on the samples, the others on captures laid out for them."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from analyzer import cli

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
BLOCK = re.compile(r"^```(?:console|sh|)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# They would not end, or go elsewhere: that the command line takes them is enough
ONLY_PARSED = (" open ", " live ", " watch ", " serve ", " --follow ", "://", "--cluster")


def commands(prompt):
    """The commands of each block that has some, with the page that it is on."""
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            lines = [line for line in block.splitlines() if line.startswith("$ ") == prompt]
            told = [line.removeprefix("$ ") for line in lines if re.search(r"(^|\$ |\| )keyshark ", line)]
            if told:
                yield pytest.param(told, id=f"{page.name}: {told[0]}")


def parsed(line):
    """Let the command line take a command, without running it."""
    args = shlex.split(re.search(r"keyshark ([^>]*)", line)[1].replace("/var/spool/captures", "."), comments=True)
    name, command, rest = cli.cli.resolve_command(click.Context(cli.cli), args)
    return command.make_context(name, rest)


@pytest.mark.parametrize("lines", commands(prompt=True))
def test_commands_with_a_prompt_work(lines, tmp_path, monkeypatch, capsys):
    for line in lines:
        if any(word in f"{line} " for word in ONLY_PARSED) or "captures/" in line:
            parsed(line)
            continue
        monkeypatch.chdir(ROOT)
        if "@ks_naf.hex" in line:
            monkeypatch.chdir(tmp_path)
            Path("ks_naf.hex").write_text("d3" * 32)
        assert cli.run(shlex.split(line)[1:]) in (0, 1)
        assert len(capsys.readouterr().out) > 50


@pytest.fixture
def laid_out(tmp_path):
    """A folder with all the names that the documents use."""
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "keyshark"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m analyzer "$@"\n')
    shim.chmod(0o755)
    sample = ROOT / "sample_pcaps" / "http_good"
    for folder in ("captures/a", "more", "nightly/b", "probe"):
        shutil.copytree(sample, tmp_path / folder)
    shutil.copy(sample / "capture.pcapng", tmp_path / "nightly" / "b" / "c.pcap")
    for name in ("capture.pcapng", "keys.toml", "last-run"):
        shutil.copy(sample / ("keyring.toml" if name == "keys.toml" else "capture.pcapng"), tmp_path / name)
    for name in ("monday.json", "tuesday.json"):
        shutil.copy(sample / "report.json", tmp_path / name)
    shutil.copy(sample / "capture.pcapng", tmp_path / "captures" / "failed.pcapng")
    shutil.copy(sample / "keyring.toml", tmp_path / "captures" / "failed.keys.toml")
    for keyring in tmp_path.rglob("*.toml"):
        keyring.chmod(0o600)
    return tmp_path


@pytest.mark.parametrize("lines", commands(prompt=False))
def test_command_lines_work(lines, laid_out):
    """One after the other, as what one writes the next may read."""
    for line in lines:
        if any(word in f"{line} " for word in ONLY_PARSED):
            parsed(line)
            continue
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line.replace(" /probe", " probe").replace(" -newer last-run", "")],
            cwd=laid_out, capture_output=True, text=True, check=False, timeout=60,
            env={"PATH": f"{laid_out / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(laid_out)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "error" not in done.stderr
        assert "warning" not in done.stderr
        for name in re.findall(r"--output [a-z-]+=(\S+)|> (\S+)|--decrypted (\S+)|--frames (\S+)", line):
            assert (laid_out / "".join(name)).stat().st_size > 0


def test_there_are_commands():
    assert sum(len(found.values[0]) for found in commands(prompt=True)) >= 14
    assert sum(len(found.values[0]) for found in commands(prompt=False)) >= 14
