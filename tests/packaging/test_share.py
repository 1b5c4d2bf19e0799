"""Man pages and completions say what the command line has."""

import os
import re
import shutil
import subprocess
import sys

import click
import pytest

from analyzer.cli import COMMANDS, cli


@pytest.fixture
def share(script, tmp_path):
    script("share").write(tmp_path / "share")
    return tmp_path / "share"


def test_every_command_has_a_page_with_its_options(share):
    pages = share / "man" / "man1"
    for name, (_, summary) in COMMANDS.items():
        page = (pages / f"keyshark-{name}.1").read_text().replace("\\-", "-")
        assert summary.rstrip(".") in page
        for parameter in cli.get_command(None, name).params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[-1] in page
    main = (pages / "keyshark.1").read_text()
    assert all(f"keyshark-{name}" in main.replace("\\-", "-") or name in main for name in COMMANDS)
    assert not any("\b" in page.read_text() for page in pages.iterdir())


def test_pages_have_names_and_examples_that_can_be_read(share):
    pages = share / "man" / "man1"
    assert "captures of the key management of IMS-based" in (pages / "keyshark.1").read_text().replace("\\-", "-")
    page = (pages / "keyshark-validate.1").read_text()
    assert page.startswith('.TH "KEYSHARK-VALIDATE" "1" ')
    assert (pages / "keyshark-derive-ks.1").read_text().startswith('.TH "KEYSHARK-DERIVE-KS" "1" ')
    examples, codes = re.findall(r"^\.nf\n(.*?)^\.fi$", page, re.MULTILINE | re.DOTALL)
    assert all(line.startswith(("keyshark validate ", "find ")) for line in examples.splitlines())
    assert codes.startswith("Exit codes: 0 ")


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not here")
def test_man_shows_a_page(share):
    shown = subprocess.run(
        ["man", "-l", str(share / "man" / "man1" / "keyshark-validate.1")],
        capture_output=True, check=False, env=os.environ | {"MANWIDTH": "100", "LC_ALL": "C.UTF-8"}, timeout=30,
    )  # fmt: skip
    if shown.returncode == 0 and shown.stdout:  # images without man pages have a man that only says so
        assert b"--fail-on" in shown.stdout or b"minimized" in shown.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_bash_completes_a_command(share, tmp_path):
    program = tmp_path / "keyshark"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m analyzer "$@"\n')
    program.chmod(0o755)
    asked = (
        f"source {share}/bash-completion/completions/keyshark; COMP_WORDS=(keyshark val); COMP_CWORD=1; "
        "_keyshark_completion keyshark; echo ${COMPREPLY[@]}"
    )
    told = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True, check=True, timeout=60,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert told.stdout.split() == ["validate"]


def test_the_scripts_of_all_shells_ask_the_program(share):
    scripts = [path for path in share.rglob("*keyshark*") if path.is_file() and path.suffix != ".1"]
    assert len(scripts) == 3
    assert all("_KEYSHARK_COMPLETE=" in path.read_text() for path in scripts)


def test_a_page_that_is_no_more_goes(script, tmp_path):
    (tmp_path / "man").mkdir()
    (tmp_path / "man" / "old.1").write_text("")
    script("share").write(tmp_path)
    assert not (tmp_path / "man" / "old.1").exists()
