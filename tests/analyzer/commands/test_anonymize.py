"""`keyshark anonymize`: what it writes, says and refuses."""

import json
import shutil
from pathlib import Path

import pytest

from analyzer.anonymous import Anonymiser
from analyzer.anonymous.sealed import Sealed
from analyzer.cli import run

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"


def test_a_case_is_written_and_judged_again(tmp_path, capsys):
    out = tmp_path / "shared"
    assert run(["anonymize", str(SAMPLES / "http_good"), str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["capture1.pcapng", "keyring.toml"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.iterdir())
    assert capsys.readouterr().out.startswith("http_good: 2")
    assert run(["validate", str(out)]) == 0


def test_what_became_different_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Sealed, "contents", lambda *packet: None)
    assert run(["anonymize", str(SAMPLES / "posts_in_esp"), str(tmp_path / "out"), "--format", "json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert told["case"] == "posts_in_esp"
    assert told["verdicts"]["lost"]["SB-07 pass"] == 1
    assert told["verdicts"]["new"] == {}
    assert told["blanked"]["octets of IP protocol 50 blanked"] > 1000
    assert run(["anonymize", str(SAMPLES / "posts_in_esp"), str(tmp_path / "text")]) == 1
    text = capsys.readouterr().out
    assert "are not there any more: " in text
    assert "octets of IP protocol 50 blanked" in text


def test_several_cases_have_one_name_for_one_user(tmp_path, capsys):
    source = tmp_path / "in"
    source.mkdir()
    for name in ("http_good", "wrong_digest"):
        shutil.copytree(SAMPLES / name, source / name)
    assert run(["anonymize", str(source), str(tmp_path / "out")]) == 0
    keyrings = [(tmp_path / "out" / f"case{n}" / "keyring.toml").read_text() for n in (1, 2)]
    impis = [next(line for line in text.splitlines() if line.startswith("impi =")) for text in keyrings]
    assert impis[0] == impis[1]
    assert "user1" not in impis[0]


def test_case_toml_goes_along(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for name in ("capture.pcapng", "keyring.toml"):
        (source / name).write_bytes((SAMPLES / "http_good" / name).read_bytes())
    (source / "keyring.toml").chmod(0o600)
    (source / "case.toml").write_text('[nodes]\nbm-sc = ["10.0.0.5"]\n[capture."capture.pcapng"]\nclock_offset = 0.5\n')
    out = tmp_path / "out"
    assert run(["anonymize", str(source), str(out)]) == 0
    text = (out / "case.toml").read_text()
    assert '[capture."capture1.pcapng"]' in text
    assert "10.0.0.5" not in text


@pytest.mark.parametrize("taken", ["a folder with a file", "a file"])
def test_what_is_there_is_not_overwritten(tmp_path, capsys, taken):
    out = tmp_path / "out"
    if taken == "a file":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "mine").write_text("mine")
    assert run(["anonymize", str(SAMPLES / "http_good"), str(out)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_standard_input_and_a_folder_that_cannot_be_made(tmp_path, capsys):
    assert run(["anonymize", "-", str(tmp_path / "out")]) == 2
    (tmp_path / "file").write_text("")
    assert run(["anonymize", str(SAMPLES / "http_good"), str(tmp_path / "file" / "out")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_leak_leaves_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Anonymiser, "secrets", lambda self: iter([b"keyshark"]))
    out = tmp_path / "out"
    assert run(["anonymize", str(SAMPLES / "http_good"), str(out)]) == 3
    assert "nothing of it was kept" in capsys.readouterr().err
    assert list(out.iterdir()) == []
