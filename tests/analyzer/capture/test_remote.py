"""Captures behind URLs: found as in folders, copied to be read, and told of by their URLs."""

import http.server
import json
import os
import shutil
import socket
import threading
from functools import partial
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.analysis import Options
from analyzer.batch import judge_case
from analyzer.capture import remote
from analyzer.capture.case import CaseFiles, find_cases, is_url
from analyzer.capture.reader import CaptureError
from analyzer.capture.remote import copied, find_anywhere
from analyzer.codes import UNREADABLE
from analyzer.report import Verdict

fsspec = pytest.importorskip("fsspec")
SAMPLE = Path(__file__).parents[3] / "sample_pcaps" / "msk_under_another_muk"
CAPTURE, KEYS = SAMPLE / "capture.pcapng", SAMPLE / "keyring.toml"


@pytest.fixture
def memory():
    """A file system that is nowhere but in this process."""
    fs = fsspec.filesystem("memory")
    for name, source in {
        "lab/story/capture.pcapng": CAPTURE, "lab/story/keyring.toml": KEYS, "lab/story/case.toml": None,
        "lab/loose/a.pcapng": CAPTURE, "lab/loose/a.keys.toml": KEYS, "lab/loose/b.pcapng": CAPTURE,
        "lab/loose/notes.txt": None, "lab/.hidden/x.pcapng": CAPTURE,
    }.items():  # fmt: skip
        fs.pipe_file(f"/{name}", b"" if source is None else source.read_bytes())
    yield "memory:///lab"
    fs.rm("/lab", recursive=True)


@pytest.fixture
def served(tmp_path):
    """A folder of a web server on loopback."""
    folder = tmp_path / "www"
    folder.mkdir()
    shutil.copy(CAPTURE, folder / "a.pcapng")
    shutil.copy(KEYS, folder / "a.keys.toml")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["s3://b/x.pcap", "https://h/x", "memory://x", "zip::file:///a.zip", "S3://b"])
def test_urls_are_told_from_files(path):
    assert is_url(path)


@pytest.mark.parametrize("path", ["a.pcap", "/a/b", "-", "a:b.pcap", "./c://d", "12:30:00.pcap"])
def test_files_are_no_urls(path):
    assert not is_url(path)


def test_a_folder_is_searched_as_one_of_this_machine(memory):
    assert find_anywhere([memory]) == [
        CaseFiles("a", (f"{memory}/loose/a.pcapng",), (f"{memory}/loose/a.keys.toml",)),
        CaseFiles("b", (f"{memory}/loose/b.pcapng",)),
        CaseFiles(
            "story",
            (f"{memory}/story/capture.pcapng",),
            (f"{memory}/story/keyring.toml",),
            f"{memory}/story/case.toml",
        ),
    ]


def test_a_pattern_a_file_and_what_is_merged(memory):
    assert [case.name for case in find_anywhere([f"{memory}/**/*.pcapng"])] == ["x", "a", "b", "capture"]
    (one,) = find_anywhere([f"{memory}/loose/a.pcapng"])
    assert one.keyrings == (f"{memory}/loose/a.keys.toml",)
    (both,) = find_anywhere([f"{memory}/loose", str(CAPTURE)], merge=True)
    assert both.captures == (f"{memory}/loose/a.pcapng", f"{memory}/loose/b.pcapng", str(CAPTURE))


def test_it_is_judged_as_a_file_is_and_told_of_by_its_url(memory):
    (far,) = find_anywhere([f"{memory}/story"])
    (near,) = find_cases([str(SAMPLE)])
    told, expected = judge_case(far, Options()), judge_case(near, Options())
    assert told.report.captures[0].path == f"{memory}/story/capture.pcapng"
    assert told.report.judgements == expected.report.judgements
    assert told.report.verdict is Verdict.FAIL
    assert told.warnings == ()  # a copy is for nobody else to read


def test_no_copy_is_left(memory):
    (far,) = find_anywhere([f"{memory}/story"])
    urls = {}
    with copied(far, urls) as near:
        folder = Path(near.captures[0]).parents[1]
        assert Path(near.captures[0]).read_bytes() == CAPTURE.read_bytes()
        assert Path(near.captures[0]).stat().st_mode & 0o077 == 0
        assert urls[near.captures[0]] == far.captures[0]
    assert not folder.exists()


def test_a_file_url_and_one_of_a_web_server_are_read(served, capsys):
    args = [CAPTURE.as_uri(), f"{served}/a.pcapng"]
    assert cli.run(["validate", *args, "--format", "json", "--jobs", "2"]) == 1
    cases = json.loads(capsys.readouterr().out)["cases"]
    assert [case["captures"][0]["path"] for case in cases] == [f"file://{CAPTURE}", f"{served}/a.pcapng"]
    assert [case["verdict"] for case in cases] == ["fail", "fail"]


def test_other_commands_read_them_too(served, capsys):
    assert cli.run(["sessions", f"{served}/a.pcapng"]) == 0
    assert "ue1" in capsys.readouterr().out
    assert cli.run(["info", f"{served}/no.pcapng"]) == 3
    assert f"{served}/no.pcapng: cannot be fetched: ClientResponseError: 404" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("memory://lab/no.pcap", "there is no such file"),
        ("nosuch://x/y.pcap", "cannot be fetched: ValueError: Protocol not known: nosuch"),
        ("http://127.0.0.1:9/x.pcap", "cannot be fetched: Client"),
        ("memory://lab/*.none", "there is no such file"),
    ],
)
def test_what_cannot_be_fetched_is_an_error_of_its_case(url, why, memory):
    (case,) = find_anywhere([url])
    outcome = judge_case(case, Options())
    assert outcome.fault.code == UNREADABLE
    assert outcome.fault.text.startswith(f"{url}: {why}")
    assert outcome.report.captures[0].path == url
    assert outcome.report.captures[0].problems[0].startswith(why)


def test_an_error_within_a_copy_names_the_url(memory):
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/lab/bad.pcap", b"PK\x03\x04")
    fs.pipe_file("/lab/loose/b.keys.toml", b"nonsense = 1")
    (bad,) = find_anywhere([f"{memory}/bad.pcap"])
    assert judge_case(bad, Options()).fault.text == f"{memory}/bad.pcap: is no pcap or pcapng capture: a zip archive"
    (keys,) = find_anywhere([f"{memory}/loose/b.pcapng"])
    assert judge_case(keys, Options()).fault.text.startswith(f"{memory}/loose/b.keys.toml: ")


def test_what_this_machine_has_no_room_for_is_not_begun(memory, monkeypatch):
    monkeypatch.setattr(remote, "RESERVE", 10**18)
    (far,) = find_anywhere([f"{memory}/story"])
    with pytest.raises(CaptureError, match=r"only .* are free here to copy it"), copied(far, {}):
        pass


def test_without_the_extra_it_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    (case,) = find_anywhere(["s3://bucket/x.pcap"])
    told = judge_case(case, Options()).fault.text
    assert told == "s3://bucket/x.pcap: is a URL, which needs fsspec: install keyshark[remote]"
    assert not os.path.exists("s3:")


@pytest.mark.parametrize("command", ["info", "sessions", "validate", "diagnose"])
def test_commands_tell_of_urls_and_not_of_copies(memory, command, capsys):
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/lab/loose/bad.pcap", b"text")
    fs.pipe_file("/lab/loose/cut.pcapng", CAPTURE.read_bytes()[:5000])
    for name, told in {
        "bad.pcap": "is no pcap or pcapng capture: text", "cut.pcapng": "block at offset 4784 after packet 17 is cut"
    }.items():  # fmt: skip
        assert cli.run([command, f"{memory}/loose/{name}"]) == 3
        out, err = capsys.readouterr()
        assert f"{memory}/loose/{name}: {told}" in err
        assert "keyshark-" not in out + err


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(remote, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.pcap"
        (case,) = find_anywhere([url])
        outcome = judge_case(case, Options())
    assert outcome.fault is not None
    assert outcome.fault.text.startswith(f"{url}: cannot be fetched: SocketTimeoutError: Timeout on reading data")


def test_a_capture_may_take_as_long_as_it_wants():
    timeout = remote._patience("https://lab.example/x.pcap")["timeout"]
    assert (timeout.total, timeout.sock_read) == (None, remote.SILENCE)
    assert remote._patience("s3://bucket/x.pcap") == {}


def test_a_page_that_is_no_folder_has_its_name(served):
    (case,) = find_anywhere([f"{served}/empty.x/"])
    assert case == CaseFiles("empty", (f"{served}/empty.x/",))
