"""`keyshark anonymize`: what it writes, says and refuses."""

import json
import shutil
from pathlib import Path

import pytest

from analyzer.anonymous import Anonymiser
from analyzer.anonymous.sealed import Sealed
from analyzer.capture.case import find_cases
from analyzer.capture.frame import CaptureFacts
from analyzer.capture.reader import open_capture
from analyzer.capture.writer import PcapngWriter
from analyzer.cli import run
from analyzer.commands import anonymize

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
    assert not out.exists()


def test_a_leak_in_what_is_unpacked_leaves_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(anonymize, "said", lambda analysis, secrets: 1)
    assert run(["anonymize", str(SAMPLES / "http_good"), str(tmp_path / "out")]) == 3
    assert "1 names or keys would stand" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("wrong", "code"), [(OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)])
def test_what_stops_it_leaves_nothing(tmp_path, capsys, monkeypatch, wrong, code):
    out = tmp_path / "out"
    out.mkdir()

    def write(self, index, writer):
        assert list(out.iterdir()) == [out / "capture1.pcapng"]
        raise wrong

    monkeypatch.setattr(Anonymiser, "write", write)
    assert run(["anonymize", str(SAMPLES / "http_good"), str(out)]) == code
    assert list(out.iterdir()) == []  # it was there before
    if code == 2:
        assert f"{out}: cannot be written: No space left on device" in capsys.readouterr().err


def test_one_case_that_cannot_be_read_leaves_the_others(tmp_path, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("a", "b", "c"):
        shutil.copytree(SAMPLES / "http_good", source / name)
    (source / "b" / "keyring.toml").write_text("no = [toml")
    assert run(["anonymize", str(source), str(out)]) > 1
    told = capsys.readouterr()
    assert [line.partition(":")[0] for line in told.out.splitlines() if "are the same" in line] == ["a", "c"]
    assert f"b: {source / 'b' / 'keyring.toml'}" in told.err
    assert sorted(path.name for path in out.iterdir()) == ["case1", "case3"]


def test_files_that_a_probe_wrote_in_turn_stay_such(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    capture = SAMPLES / "http_good" / "capture.pcapng"
    frames = list(open_capture(str(capture), 0))
    for number in (1, 2, 3):
        with (source / f"alice_{number:05}_2026010100000{number}.pcapng").open("wb") as stream:
            writer = PcapngWriter(stream, "test")
            for frame in frames[(number - 1) * 40 : number * 40 if number < 3 else None]:
                writer.write(frame, CaptureFacts(""))
    (before,) = find_cases([str(source)])
    assert run(["anonymize", str(source), str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        *(f"capture1_{number:05}_20000101000000.pcapng" for number in (1, 2, 3)), "keyring.toml",
    ]  # fmt: skip
    (after,) = find_cases([str(out)])
    assert [Path(path).name for path in after.captures] == sorted(Path(path).name for path in after.captures)
    assert (len(after.captures), after.points) == (3, before.points) == (3, (0, 0, 0))


def test_in_as_out_is_refused(tmp_path, capsys):
    shutil.copytree(SAMPLES / "http_good", tmp_path / "case")
    before = {path.name: path.read_bytes() for path in (tmp_path / "case").iterdir()}
    assert run(["anonymize", str(tmp_path / "case"), str(tmp_path / "case")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "case").iterdir()} == before
