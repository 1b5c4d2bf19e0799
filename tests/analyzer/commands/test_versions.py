"""The versions of keyshark and its parts."""

import platform
import sys

import pytest

from analyzer import VERSION
from analyzer.commands import versions


def test_what_is_installed_and_what_is_not():
    assert versions.installed("dpkt")[0].isdigit()
    assert versions.installed("no-such-distribution") == "not installed"


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("print('TShark (Wireshark) 4.2.2 (Git v4.2.2 packaged).')", "tshark 4.2.2"),
        ("print('nothing of use')", "tshark of unknown version"),
        ("print()", "tshark of unknown version"),
        ("import time; time.sleep(30)", "tshark does not answer"),
    ],
)
def test_tshark_is_asked(says, told, tmp_path, monkeypatch):
    tshark = tmp_path / "tshark"
    tshark.write_text(f"#!{sys.executable}\n{says}\n")
    tshark.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(versions, "TSHARK_WITHIN", 1)
    lines = versions.versions().splitlines()
    assert lines[0] == f"keyshark {VERSION}"
    assert lines[1] == f"Python {platform.python_version()}"
    assert lines[-1] == told


@pytest.mark.parametrize(
    ("says", "told"), [("print('Capinfos (Wireshark) 4.0.17')", "tshark 4.0.17"), ("print()", "tshark 4.2.2")]
)
def test_a_smaller_program_beside_tshark_is_asked_first(says, told, tmp_path, monkeypatch):
    for name, line in ((versions.SMALLER, says), ("tshark", "print('TShark (Wireshark) 4.2.2')")):
        (tmp_path / name).write_text(f"#!{sys.executable}\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert versions.versions().splitlines()[-1] == told


def test_without_tshark_there_is_no_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [line.split()[0] for line in versions.versions().splitlines()] == ["keyshark", "Python", *versions.PARTS]
