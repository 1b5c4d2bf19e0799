"""`keyshark export`: what it writes, what it says, and what it refuses."""

import pytest

from analyzer import cli
from analyzer.capture.reader import open_capture


def run(capsys, *args):
    code = cli.run(["export", *map(str, args)])
    _, err = capsys.readouterr()
    return code, [line for line in err.splitlines() if not line.startswith("warning: ")]


def test_media_in_the_clear(capsys, samples, tmp_path):
    out = tmp_path / "clear.pcapng"
    code, err = run(capsys, samples / "http_good", "--decrypted", out)
    assert code == 0
    assert [line.split(" ", 1)[1] for line in err] == ["media packets decrypted"]
    assert out.stat().st_mode & 0o077 == 0
    capture = open_capture(str(out), 0)
    assert len(list(capture)) > 50
    assert capture.facts.problems == []


def test_frames_that_a_filter_selects(capsys, samples, tmp_path):
    out = tmp_path / "mikey.pcapng"
    code, err = run(capsys, samples / "http_good", "--frames", out, "--filter", "mikey")
    assert (code, err) == (0, [])
    chosen = list(open_capture(str(out), 0))
    (path,) = (samples / "http_good").glob("*.pcap*")
    assert 0 < len(chosen) < len(list(open_capture(str(path), 0)))


def test_keys_only_with_show_keys(capsys, samples, entered, tmp_path):
    for more, shown in (((), False), (("--show-keys",), True)):
        out = tmp_path / f"{shown}.pcapng"
        _, err = run(capsys, samples / "http_good", "--decrypted", out, *more)
        assert any("MIKEY messages decrypted" in line for line in err) is shown


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "give --decrypted"),
        (("--decrypted", "a", "--frames", "b"), "give --decrypted"),
        (("--frames", "a", "--filter", "&&"), "--filter"),
    ],
)
def test_usage(capsys, samples, args, told):
    code, err = run(capsys, samples / "http_good", *args)
    assert code == 2
    assert told in err[0]


def test_a_capture_is_not_overwritten(capsys, samples):
    (path,) = (samples / "http_good").glob("*.pcap*")
    before = path.read_bytes()
    code, err = run(capsys, samples / "http_good", "--decrypted", path)
    assert code == 2
    assert "name another file" in err[0]
    assert path.read_bytes() == before


def test_one_case_at_a_time(capsys, samples, tmp_path):
    code, err = run(capsys, samples / "http_good", samples / "ipv6", "--frames", tmp_path / "x")
    assert code == 2
    assert "2 cases" in err[0]


def test_a_place_that_cannot_be_written(capsys, samples, tmp_path):
    code, err = run(capsys, samples / "http_good", "--frames", tmp_path / "no" / "x")
    assert code == 2
    assert "cannot be written" in err[0]
