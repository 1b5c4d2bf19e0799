"""`keyshark validate`: rule selection, what is told of what cannot be read, outputs."""

from pathlib import Path

import pytest

from analyzer import cli

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "notes.pcap"
    path.write_text("not a capture")
    return str(path)


def test_what_is_no_capture_is_told_of_on_stderr_and_in_the_report(text_file, capsys):
    assert cli.run(["validate", text_file]) == 3
    out, err = capsys.readouterr()
    assert err == f"error: {text_file}: is no pcap or pcapng capture: text\n"
    assert f"  ! {text_file}: is no pcap or pcapng capture: text\n" in out
    assert out.startswith("! error  notes")
    assert out.endswith("1 case: 1 error\n")


def test_a_missing_file_is_3(tmp_path, capsys):
    assert cli.run(["validate", str(tmp_path / "no.pcap")]) == 3
    assert "there is no such file" in capsys.readouterr().err


def test_a_folder_without_captures_is_nothing_to_judge(tmp_path, capsys):
    assert cli.run(["validate", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out == "0 cases: nothing to judge\n"
    assert err == f"no captures in {tmp_path}: name a pcap or pcapng file, or a folder that holds some\n"
    assert cli.run(["validate", "--fail-if-empty", str(tmp_path)]) == 4


def test_outputs_are_written_beside_what_is_shown(text_file, tmp_path, capsys):
    first, second = tmp_path / "a.json", tmp_path / "b.txt"
    args = ["validate", text_file, "--format", "jsonl", "--output", f"json={first}", "--output", f"text={second}"]
    assert cli.run(args) == 3
    assert capsys.readouterr().out.startswith('{"name": "notes"')
    assert first.read_text().startswith('{\n  "schema_version": "1.0"')
    assert second.read_text().startswith("! error  notes")
    assert "\x1b" not in second.read_text()


def test_an_output_that_cannot_be_written_is_2(text_file, tmp_path, capsys):
    target = tmp_path / "report.json"
    target.mkdir()
    assert cli.run(["validate", text_file, "--output", f"json={target}"]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_page_has_the_octets_that_the_report_has_not(tmp_path, capsys, jobs):
    page = tmp_path / "report.html"
    cases = [str(SAMPLES / "msk_under_another_muk"), str(SAMPLES / "http_good")]
    assert cli.run(["validate", *cases, "--jobs", jobs, "--output", f"html={page}"]) == 1
    text = page.read_text(encoding="utf-8")
    assert "0000  01 00 05 80 7c 44 42 10  01 00 01 4d 42 4d 53 00" in text
    assert text.count('<section class="case"') == 2
    assert "hidden: holds a key" in text
    assert cli.run(["validate", *cases, "--format", "html"]) == 1
    assert text in capsys.readouterr().out


def test_a_page_shows_keys_when_it_is_told_to(capsys):
    assert cli.run(["validate", str(SAMPLES / "http_good"), "--format", "html", "--show-keys"]) == 0
    text = capsys.readouterr().out
    assert "Key values are shown." in text
    assert "hidden: holds a key" not in text


def test_a_page_of_what_cannot_be_read_says_so(text_file, capsys):
    assert cli.run(["validate", text_file, "--format", "html"]) == 3
    assert "is no pcap or pcapng capture" in capsys.readouterr().out


def test_a_keyring_for_all_is_told_of_once(text_file, tmp_path, capsys):
    keys = tmp_path / "wrong.toml"
    keys.write_text('[[ue]]\nimpi = "a"\nk = "123"\n')
    assert cli.run(["validate", text_file, text_file.replace("notes", "."), "--keys", str(keys)]) == 2
    err = capsys.readouterr().err
    assert err.count("wrong.toml") == 1
    assert all(part in err for part in ("wrong.toml", "ue", "k", "odd"))


def test_why_it_ends_with_3_is_told_whatever_the_form(tmp_path, capsys):
    cut = tmp_path / "x.pcapng"
    cut.write_bytes((SAMPLES / "http_good" / "capture.pcapng").read_bytes()[:5000])
    assert cli.run(["validate", str(cut), "--format", "csv"]) == 3
    assert capsys.readouterr().err.startswith(f"warning: {cut}: block at offset 4784 after packet 17 is cut")
