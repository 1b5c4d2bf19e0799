"""Many cases: lists, limits, who judges, and what is left where it was cut short."""

import errno
import gzip
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from analyzer import cli
from analyzer.capture.case import CaseFiles
from analyzer.commands import many
from analyzer.commands.many import Octets, cpus, executor, saved, size
from analyzer.executors import ExecutorError, Limits
from analyzer.executors.processes import UNLIMITED, Processes
from analyzer.executors.work import Here

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
GOOD = str(SAMPLES / "msk_under_another_muk")
PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def keyshark(*args, **more):
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *map(str, args)], capture_output=True, check=False, timeout=110, **more
    )


def copies(folder, count):
    """So many captures of one story, each a case."""
    folder.mkdir()
    for number in range(count):
        shutil.copy(Path(GOOD) / "capture.pcapng", folder / f"c{number:03}.pcapng")
        keys = folder / f"c{number:03}.keys.toml"
        shutil.copy(Path(GOOD) / "keyring.toml", keys)
        keys.chmod(0o600)
    return folder


@pytest.mark.parametrize(
    ("text", "octets"), [("500", 500), ("1k", 1000), ("500M", 500_000_000), ("2g", 2 * 10**9), ("1.5 GB".replace(" ", ""), 1_500_000_000)]
)  # fmt: skip
def test_octets_are_read_as_people_write_them(text, octets):
    assert Octets().convert(text, None, None) == octets


@pytest.mark.parametrize("text", ["", "G", "0", "-1", "1x", "1e9", "nan", "1 000"])
def test_what_is_no_number_of_octets_is_refused(text):
    with pytest.raises(click.BadParameter):
        Octets().convert(text, None, None)


def test_few_cases_are_judged_here_and_many_beside(tmp_path):
    path = tmp_path / "large.pcap"
    path.touch()
    os.truncate(path, many.SMALL)
    few = [CaseFiles(str(number), ("x",)) for number in range(many.FEW - 1)]
    assert isinstance(executor(few, None, UNLIMITED), Here)
    assert isinstance(executor(few, 1, UNLIMITED), Here)
    assert isinstance(executor(few, 2, UNLIMITED), Processes)
    assert isinstance(executor(few[:1], 2, UNLIMITED), Here)
    assert isinstance(executor(few[:1], None, Limits(seconds=1)), Processes)
    large = CaseFiles("large", (str(path), "missing"))
    assert size(large) == many.SMALL
    assert isinstance(executor([large], None, UNLIMITED), Here)
    alone = cpus() == 1
    assert isinstance(executor([large, *few], None, UNLIMITED), Here if alone else Processes)
    assert isinstance(executor([*few, *few], None, UNLIMITED), Here if alone else Processes)


@pytest.mark.parametrize(
    ("count", "jobs", "limits", "told"),
    [
        (1, 1, UNLIMITED, "here, 0 help"),
        (1, 4, UNLIMITED, "here, 3 help"),
        (1, 4, Limits(seconds=1), "1 beside, 3 help each"),
        (2, 4, UNLIMITED, "2 beside, 1 help each"),
        (3, 5, UNLIMITED, "3 beside, 0 help each"),
        (9, 2, UNLIMITED, "2 beside, 0 help each"),
    ],
)
def test_processes_that_have_no_case_of_their_own_help(count, jobs, limits, told, monkeypatch):
    monkeypatch.setattr(many, "Beside", int)
    monkeypatch.setattr(many, "Here", "here, {} help".format)
    monkeypatch.setattr(many, "Processes", lambda jobs, _, helpers: f"{jobs} beside, {helpers} help each")
    assert executor([CaseFiles("x", ("x",))] * count, jobs, limits) == told


def test_cases_are_listed_in_a_file_or_on_stdin(tmp_path, capsys, monkeypatch):
    listing = tmp_path / "list"
    listing.write_bytes(f"{GOOD}\r\n\n{SAMPLES}/http_g*d\n".encode())
    assert cli.run(["validate", "--files-from", str(listing), str(tmp_path / "first.pcap")]) == 3
    told = [line for line in capsys.readouterr().out.splitlines() if line[:1] not in " "]
    assert [line.split()[2] for line in told[:3]] == ["first", "msk_under_another_muk", "http_good"]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(listing.read_bytes())))
    assert cli.run(["validate", "--files-from", "-"]) == 1
    assert "2 cases" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--files-from", "/no/such/list"], "--files-from /no/such/list: cannot be read: No such file or directory"),
        (["--files-from", "-", "-"], "standard input is the list of cases here"),
        (["--timeout", "0", "x"], "'--timeout': 0.0 is not in the range 0<x<=100000000."),
        (["--timeout", "inf", "x"], "'--timeout': inf is not in the range"),
        (["--timeout", "nan", "x"], "'--timeout': 'nan' is no number of seconds"),
        (["--max-memory", "much", "x"], "'much' is no number of octets: write 500M or 2G"),
        (["--cluster", "nonsense", "x"], "--cluster nonsense: is no address: write tcp://HOST:PORT, or local"),
        (["--resume", "/no/such/folder/state", "x"], "--resume /no/such/folder/state: No such file or directory"),
    ],
)
def test_what_cannot_be_is_2_and_one_line(args, told, capsys):
    assert cli.run(["validate", *args]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_an_empty_list_is_nothing_to_judge(tmp_path, capsys):
    listing = tmp_path / "list"
    listing.write_text("\n")
    assert cli.run(["validate", "--files-from", str(listing)]) == 0
    out, err = capsys.readouterr()
    assert out == "0 cases: nothing to judge\n"
    assert err.startswith("no captures in the list")


def test_a_bomb_among_captures_is_an_error_and_the_others_are_judged(tmp_path):
    """Some megabytes that unfold to a billion packets."""
    packets = (struct.pack("<IIII", 1, 0, 60, 60) + bytes(60)) * 100_000
    (tmp_path / "a.pcap.gz").write_bytes(gzip.compress(PCAP) + gzip.compress(packets, 9) * 10_000)
    (tmp_path / "b.pcap").write_bytes(b"PK\x03\x04" + bytes(100))
    shutil.copytree(GOOD, tmp_path / "c")
    done = keyshark(
        "validate", tmp_path / "a.pcap.gz", tmp_path / "b.pcap", tmp_path / "c", "--format", "json", "--timeout", "2"
    )
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert [case["verdict"] for case in report["cases"]] == ["error", "error", "fail"]
    problems = [case["captures"][0]["problems"] for case in report["cases"]]
    assert problems[0] == ["took more than 2 s, and was ended (--timeout)"]
    assert problems[1] == ["is no pcap or pcapng capture: a zip archive"]


@pytest.mark.parametrize("form", ["json", "junit", "text"])
def test_reports_are_the_same_whatever_the_number_of_jobs(form, tmp_path):
    folder = copies(tmp_path / "many", 5)
    alone, two = (keyshark("validate", folder, "--jobs", jobs, "--format", form) for jobs in (1, 2))
    assert alone.returncode == two.returncode == 1
    assert alone.stdout == two.stdout
    assert alone.stdout.count(b"c003") >= 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_costs_one_output_and_no_other(tmp_path, capsys):
    whole = tmp_path / "report.txt"
    code = cli.run(["validate", GOOD, "--output", "json=/dev/full", "--output", f"text={whole}"])
    out, err = capsys.readouterr()
    assert code == 3
    assert "error: /dev/full: cannot be written: No space left on device\n" in err
    assert whole.read_text() == out
    assert out.endswith("1 case: 1 fail\n")


def test_a_part_of_a_file_is_not_left_for_the_whole(tmp_path, capsys):
    def full():
        path.write_text("the first half")
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "report.json"
    assert not saved(path, full)
    assert not path.exists()
    assert capsys.readouterr().err == f"error: {path}: cannot be written: No space left on device\n"


def test_a_file_that_may_not_be_written_stays(tmp_path, capsys):
    def refuse():
        raise PermissionError(errno.EACCES, "Permission denied")

    path = tmp_path / "report.json"
    path.write_text("of another")
    assert not saved(path, refuse)
    assert path.read_text() == "of another"


def test_a_list_from_closed_standard_input_is_said(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.run(["validate", "--files-from", "-"]) == 2
    assert capsys.readouterr().err == "keyshark validate: --files-from -: standard input is closed\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_talk_that_nobody_can_hear_does_not_change_the_exit_code(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", "validate", str(tmp_path / "missing.pcap")],
            stdout=subprocess.PIPE, stderr=full, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 3
    assert b"there is no such file" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_behind_stdout_is_said_and_costs_no_file(tmp_path):
    folder = copies(tmp_path / "many", 3)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", "validate", str(folder), "--output", f"text={tmp_path / 'a.txt'}"],
            stdout=full, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == b"error: stdout: cannot be written: No space left on device\n"
    assert (tmp_path / "a.txt").read_text().endswith("3 cases: 3 fail\n")


@pytest.mark.skipif(os.name != "posix", reason="descriptors as of POSIX")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_cost_nothing_else(closed, tmp_path):
    written = tmp_path / "report.txt"
    line = f'"$0" -m analyzer validate {GOOD} --jobs 2 --timeout 60 --output text={written} {closed}'
    done = subprocess.run(["sh", "-c", line, sys.executable], capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert b"Error" not in done.stderr
    assert written.read_text().endswith("1 case: 1 fail\n")


def wait_for(found, process):
    deadline = time.monotonic() + 60
    while not found():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def of_group(pid):
    """The processes that a process has begun and that are still there."""
    return [int(task) for task in os.listdir("/proc") if task.isdigit() and parent(task) == pid]


def parent(task):
    try:
        return int(Path(f"/proc/{task}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def is_there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no /proc")
@pytest.mark.parametrize("jobs", [1, 2])
def test_after_kill_9_it_goes_on_and_ends_with_the_same_report(jobs, tmp_path):
    folder, state = copies(tmp_path / "many", 24), tmp_path / "a.state"
    args = ["validate", folder, "--jobs", jobs, "--format", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "analyzer", *map(str, args), "--resume", str(state)], stdout=subprocess.PIPE
    )
    try:
        wait_for(lambda: state.exists() and state.stat().st_size > 20_000, process)
        children = of_group(process.pid)
    finally:
        process.kill()
        process.communicate()
    assert len(children) == (jobs if jobs > 1 else 0)
    wait_for(lambda: not any(map(is_there, children)), SimpleNamespace(poll=lambda: None))
    before = state.stat().st_size
    resumed = keyshark(*args, "--resume", state)
    whole = keyshark(*args)
    assert resumed.returncode == whole.returncode == 1
    assert resumed.stdout == whole.stdout
    assert state.stat().st_size > before
    assert keyshark(*args, "--resume", state).stdout == whole.stdout
    assert keyshark("validate", folder, "--resume", state).returncode == 2  # another form


@pytest.mark.skipif(os.name != "posix", reason="signals as of POSIX")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_with_the_report_of_what_is_done(jobs, tmp_path):
    """The last case is a pipe to which nobody writes."""
    folder, state = copies(tmp_path / "many", 2), tmp_path / "a.state"
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        [sys.executable, "-m", "analyzer", "validate", str(folder), str(tmp_path / "pipe"), "--jobs", str(jobs),
         "--resume", str(state), "--output", f"jsonl={tmp_path / 'out'}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        writer = opened(tmp_path / "pipe")
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        os.close(writer)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert out.endswith("2 cases: 2 fail\n")
    assert err == f"interrupted: 2 of 3 cases were judged, the report has those; --resume {state} goes on\n"
    assert len((tmp_path / "out").read_text().splitlines()) == 2


def opened(pipe):
    deadline = time.monotonic() + 60
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads it yet
            assert time.monotonic() < deadline
            time.sleep(0.02)


class Gone:
    """An executor that is lost after so many results."""

    def __init__(self, after):
        self.after = after

    def run(self, job, tasks, progress=None):
        for done, (number, result) in enumerate(Here().run(job, tasks)):
            if done == self.after:
                raise ExecutorError("the scheduler is gone")
            yield number, result


@pytest.mark.parametrize("after", [0, 1])
def test_where_all_who_judge_are_lost_the_report_has_what_is_done(after, monkeypatch, capsys):
    monkeypatch.setattr("analyzer.commands.validate.executor", lambda *_: Gone(after))
    assert cli.run(["validate", GOOD, str(SAMPLES / "http_good")]) == 3
    out, err = capsys.readouterr()
    assert "the scheduler is gone" in err
    assert out == "" if not after else out.endswith("1 case: 1 fail\n")
    assert ("1 of 2 cases were judged" in err) is bool(after)


def test_a_state_of_others_is_2(tmp_path, capsys):
    state = tmp_path / "notes"
    state.write_text("not a state\n")
    assert cli.run(["validate", GOOD, "--resume", str(state)]) == 2
    assert f"--resume {state}: is no state of keyshark, and is left as it is" in capsys.readouterr().err
    assert state.read_text() == "not a state\n"
