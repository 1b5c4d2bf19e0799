"""`keyshark diff`, and baselines on the command line: what is new fails, what was there does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import cli

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
WRONG, OTHER, GOOD = (str(SAMPLES / name) for name in ("msk_under_another_muk", "msk_of_mikey_version_2", "http_good"))


@pytest.fixture
def report(tmp_path, capsys):
    def written(*cases):
        cli.run(["validate", *cases, "--format", "json"])
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        path.write_text(capsys.readouterr().out)
        return str(path)

    return written


def test_reports_are_compared_and_the_exit_code_is_that_of_diff(report, capsys):
    old, new = report(GOOD, WRONG), report(GOOD, OTHER)
    assert cli.run(["diff", old, old]) == 0
    assert capsys.readouterr().out.startswith("findings: 0 new, 0 gone, ")
    assert cli.run(["diff", old, new]) == 1
    out = capsys.readouterr().out
    assert "+ msk_of_mikey_version_2: MS-02 fail" in out
    assert "- msk_under_another_muk: MS-16 fail" in out
    assert cli.run(["diff", old, new, "--format", "json"]) == 1
    assert {finding["rule"] for finding in json.loads(capsys.readouterr().out)["new"]} >= {"MS-02"}


def test_what_is_no_report_is_2(report, tmp_path, capsys):
    (tmp_path / "x.json").write_text("{}")
    assert cli.run(["diff", str(tmp_path / "x.json"), report(GOOD)]) == 2
    assert "is no report of keyshark" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_only_what_is_new_fails(jobs, tmp_path, capsys):
    baseline = str(tmp_path / "baseline.json")
    assert cli.run(["validate", WRONG, GOOD, "--write-baseline", baseline, "--jobs", jobs]) == 0
    assert "1 fail" in capsys.readouterr().out
    assert cli.run(["validate", WRONG, GOOD, "--baseline", baseline, "--strict", "--jobs", jobs]) == 0
    assert "waived: known from the baseline" in capsys.readouterr().out
    assert cli.run(["validate", WRONG, GOOD, OTHER, "--baseline", baseline, "--jobs", jobs]) == 1
    assert "2 pass" in capsys.readouterr().out
    again = str(tmp_path / "again.json")
    assert cli.run(["validate", WRONG, GOOD, "--baseline", baseline, "--write-baseline", again]) == 0
    assert Path(again).read_text() == Path(baseline).read_text()


def test_a_capture_that_is_followed_has_its_baseline_too(tmp_path):
    baseline, octets = str(tmp_path / "baseline.json"), (Path(WRONG) / "capture.pcapng").read_bytes()
    args = ["validate", "-", "--follow", "--keys", f"{WRONG}/keyring.toml"]
    for code, more in ((0, ["--write-baseline", baseline]), (0, ["--baseline", baseline]), (1, [])):
        line = [sys.executable, "-m", "analyzer", *args, *more]
        done = subprocess.run(line, input=octets, capture_output=True, check=False, timeout=60)
        assert done.returncode == code, done.stderr


def test_a_capture_that_cannot_be_read_is_never_known(tmp_path, capsys):
    baseline, bad = str(tmp_path / "baseline.json"), tmp_path / "bad.pcap"
    bad.write_text("text")
    assert cli.run(["validate", str(bad), "--write-baseline", baseline]) == 3
    assert cli.run(["validate", str(bad), "--baseline", baseline]) == 3


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["--baseline", "/no/such"], 2, "--baseline /no/such: cannot be read: No such file"),
        (["--write-baseline", "/no/such/folder/x"], 2, "/no/such/folder/x cannot be written: there is no such folder"),
    ],
)
def test_what_cannot_be_read_or_written_is_said(args, code, told, capsys):
    assert cli.run(["validate", GOOD, *args]) == code
    assert told in capsys.readouterr().err
