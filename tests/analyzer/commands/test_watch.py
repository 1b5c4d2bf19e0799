"""`keyshark watch`, in this process and as a process of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import date
from pathlib import Path
from urllib.request import urlopen

import pytest

from analyzer.analysis import Options
from analyzer.commands import watch
from analyzer.commands.cases import Failure
from analyzer.commands.metrics import metrics
from analyzer.executors import Limits
from analyzer.executors.processes import Child
from analyzer.landing import Landing

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
GOOD, BAD = SAMPLES / "http_good", SAMPLES / "wrong_digest"


def taken(folder: Path, count: int, act, *, existing: bool = False, poll: bool = False) -> list[str]:
    """Watch a folder until some captures settled; `act` is done once the watcher looks."""
    end, found = threading.Event(), []
    timer = threading.Timer(0.8, act)
    timer.start()
    over = threading.Timer(90, end.set)
    over.start()
    for path in watch.landed(folder, Landing(0.2), existing=existing, poll=poll, end=end):
        found.append(path.relative_to(folder.resolve()).as_posix())
        if len(found) == count:
            end.set()
    timer.join()
    over.cancel()
    return found


def put(folder: Path, name: str, sample: Path = GOOD) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    shutil.copy(sample / "capture.pcapng", folder / name)


@pytest.mark.parametrize("poll", [False, True])
def test_captures_that_land_are_taken_and_nothing_else(tmp_path, poll):
    put(tmp_path, "old.pcapng")

    def act():
        (tmp_path / "note.txt").write_text("no capture")
        put(tmp_path, ".part.pcapng")
        put(tmp_path, "below/new.pcapng")

    assert taken(tmp_path, 1, act, poll=poll) == ["below/new.pcapng"]


def test_what_is_there_already_is_taken_when_asked_for(tmp_path):
    put(tmp_path, "old.pcapng")
    assert taken(tmp_path, 2, lambda: put(tmp_path, "new.pcapng"), existing=True) == ["old.pcapng", "new.pcapng"]


def test_a_file_that_is_moved_into_the_folder_is_taken(tmp_path):
    (tmp_path / "in").mkdir()
    put(tmp_path, "ready.pcapng")
    act = lambda: (tmp_path / "ready.pcapng").rename(tmp_path / "in" / "ready.pcapng")  # noqa: E731
    assert taken(tmp_path / "in", 1, act) == ["ready.pcapng"]


def test_a_name_that_is_no_utf_8_costs_no_other(tmp_path):
    """What tells of changes ends over it."""

    def act():
        for name in ("a.pcapng", "n\udcff.pcapng", "z.pcapng"):
            put(tmp_path, name)

    assert sorted(taken(tmp_path, 3, act)) == ["a.pcapng", "n\udcff.pcapng", "z.pcapng"]


def test_what_is_called_like_a_capture_and_is_none_is_told_of(tmp_path, capsys):
    def act():
        (tmp_path / "a.pcap").write_text("text")
        (tmp_path / "notes.txt").write_text("text")
        put(tmp_path, "z.pcapng")

    assert taken(tmp_path, 1, act) == ["z.pcapng"]
    told = f"warning: {tmp_path}/a.pcap: passed over: is no pcap or pcapng capture: text\n"
    assert capsys.readouterr().err == told


def test_each_capture_is_a_line_and_is_counted(tmp_path, capsys):
    counted = metrics()
    for name, sample in (("good", GOOD), ("bad", BAD)):
        put(tmp_path, f"{name}.pcapng", sample)
        shutil.copy(sample / "keyring.toml", tmp_path / f"{name}.keys.toml")
        (tmp_path / f"{name}.keys.toml").chmod(0o600)
        watch.judge(tmp_path / f"{name}.pcapng", watch.Judge(Options(), True), counted)
    put(tmp_path, "broken.pcapng")
    (tmp_path / "broken.keys.toml").write_text("[[ue")
    watch.judge(tmp_path / "broken.pcapng", watch.Judge(Options(), True), counted)
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [(line["name"], line["verdict"]) for line in lines] == [
        ("good", "pass"),
        ("bad", "fail"),
        ("broken", "error"),
    ]
    assert "broken.keys.toml" in told.err
    value = counted.registry.get_sample_value
    assert [value("keyshark_cases_total", {"verdict": name}) for name in ("pass", "fail", "error")] == [1, 1, 1]
    assert value("keyshark_judgements_total", {"rule": "DG-04", "verdict": "fail"}) is not None or value(
        "keyshark_judgements_total", {"rule": "DG-05", "verdict": "fail"}
    )
    assert value("keyshark_packets_total") > 100
    assert value("keyshark_case_seconds_count") == 3


def test_as_a_service(tmp_path):
    """It says each case at once, answers Prometheus on loopback, and ends with SIGTERM."""
    command = [sys.executable, "-u", "-m", "analyzer", "watch", str(tmp_path), "--settle", "0.2", "--existing"]
    put(tmp_path, "a.pcapng")
    process = subprocess.Popen(
        [*command, "--metrics", "19464"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert json.loads(process.stdout.readline())["name"] == "a"
        put(tmp_path, "b.pcapng", BAD)
        assert json.loads(process.stdout.readline())["name"] == "b"
        with urlopen("http://127.0.0.1:19464/metrics", timeout=10) as answer:
            text = answer.read().decode()
        assert (
            sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("keyshark_cases_total")) == 2
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_case_beyond_the_limits_costs_no_other(tmp_path, capsys):
    """Judged in a process of its own, which ends over a case that takes too long and begins anew for the next."""
    put(tmp_path, "a.pcapng")
    with closing(watch.Judge(Options(), True, Limits(seconds=0.001))) as by:
        watch.judge(tmp_path / "a.pcapng", by, None)
    with closing(watch.Judge(Options(), True, Limits(seconds=60))) as by:
        watch.judge(tmp_path / "a.pcapng", by, None)
        watch.judge(tmp_path / "a.pcapng", by, None)
    told = capsys.readouterr()
    assert [json.loads(line)["verdict"] for line in told.out.splitlines()] == ["error", "inconc", "inconc"]
    assert "--timeout" in told.err


def test_a_day_that_passes_is_a_day_for_waivers(tmp_path, capsys, monkeypatch):
    put(tmp_path, "a.pcapng")
    days = iter([date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2)])
    monkeypatch.setattr(watch, "today", lambda: next(days))
    begun = []
    monkeypatch.setattr(watch, "Child", lambda job, limits: begun.append(job.options.today) or Child(job, limits))
    with closing(watch.Judge(Options(), True, Limits(seconds=60))) as by:
        for _ in range(3):
            watch.judge(tmp_path / "a.pcapng", by, None)
    assert begun == [date(2026, 1, 1), date(2026, 1, 2)]
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_port_that_is_taken(tmp_path):
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        with pytest.raises(Failure, match="cannot be served"):
            metrics().serve(held.getsockname()[1])


def test_packages_that_are_missing_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(Failure, match=r"keyshark\[metrics\]"):
        metrics()
    found = watch.landed(tmp_path, Landing(1), existing=False, poll=False, end=threading.Event())
    with pytest.raises(Failure, match=r"keyshark\[watch\]"):
        next(found)
