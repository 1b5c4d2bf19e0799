"""The command line as a whole: help, versions, errors in one line, and what each failure exits with."""

import errno
import gc
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click
import pytest

from analyzer import cli
from analyzer.commands.output import common

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
BANNED = ("dpkt", "cryptography", "textual", "pyshark", "numpy", "rich", "defusedxml", "asyncio")
# What validating a plain capture has no use for where nobody looks on: each of these is slow to load
UNUSED = (
    "textual", "rich", "pyshark", "asyncio", "multiprocessing", "concurrent.futures", "importlib.metadata", "numpy.ma",
    "lz4", "backports.zstd", "jinja2", "analyzer.tui", "sample_pcaps",
)  # fmt: skip


def keyshark(*args, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *args], capture_output=True, text=True, check=False, timeout=60, **kwargs
    )


def loaded(*args, banned=BANNED):
    """Run a command line in a process of its own and return what it loaded of the banned packages."""
    code = (
        "import sys; from analyzer.cli import run; run(sys.argv[1:]); "
        f"print('LOADED', sorted(set(sys.modules) & set({banned!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.rpartition("LOADED ")[2].strip()


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["-h"], [], ["unknown"]])
def test_a_question_about_itself_loads_no_heavy_package(args):
    assert loaded(*args) == "[]"


@pytest.mark.parametrize("command", [name for name in cli.COMMANDS if name not in ("open", "live")])
def test_no_command_but_open_loads_the_terminal_ui(command):
    assert loaded(command, "--help", banned=("textual",)) == "[]"


def test_a_scan_loads_nothing_that_judges():
    banned = ("analyzer.analysis", "analyzer.procedures", "analyzer.diagnosis", "analyzer.judging")
    assert loaded("info", str(SAMPLES / "http_good"), banned=banned) == "[]"


@pytest.mark.parametrize(
    "command", [["validate"], ["validate", "--format", "json"], ["sessions"], ["keys"], ["flow"], ["packets"], ["info"]]
)
def test_working_without_the_terminal_ui_loads_none_of_it(command):
    assert loaded(*command, str(SAMPLES / "http_good"), banned=("textual",)) == "[]"


def test_the_version_is_told_without_what_makes_reports():
    assert loaded("--version", banned=("analyzer.report", "analyzer.views", "dissectors", "traceback")) == "[]"


def test_validating_loads_only_what_it_uses():
    assert loaded("validate", str(SAMPLES / "http_good"), banned=UNUSED) == "[]"


def test_help_shows_what_people_do(capsys):
    assert cli.run(["--help"]) == 0
    told = capsys.readouterr().out
    for line in (
        "keyshark open capture.pcapng",
        "keyshark validate captures/ --output json=report.json",
        *cli.COMMANDS,
    ):
        assert line in told
    assert all(len(line) <= 90 for line in told.splitlines())


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_and_says_in_it_what_the_list_says(command, capsys):
    assert cli.run([command, "--help"]) == 0
    assert f"keyshark {command}" in capsys.readouterr().out


def test_without_arguments_it_helps_and_says_that_something_is_missing(capsys):
    assert cli.run([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: keyshark")


def test_versions_of_all_parts(capsys):
    assert cli.run(["--version"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names[:6] == ["keyshark", "Python", "dpkt", "pyshark", "textual", "cryptography"]
    assert names[6:] in ([], ["tshark"])


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["validte"], "keyshark: there is no command validte: is it validate? (see: keyshark --help)"),
        (["zzz"], "keyshark: there is no command zzz: there are open, live, "),
        (["--bogus"], "keyshark: No such option '--bogus'. (see: keyshark --help)"),
        (["validate"], "keyshark validate: Missing argument 'CASE...'. (see: keyshark validate --help)"),
        (["validate", "--jobs", "x", "y"], "keyshark validate: Invalid value for '--jobs': 'x' is not a valid integer"),
        (["--color", "pink", "rules"], "keyshark: Invalid value for '--color': 'pink' is not one of"),
        (["validate", "--output", "pdf=x", "y"], "--output pdf=x: give FORMAT=FILE, FORMAT one of text, "),
        (["validate", "--output", "json", "y"], "keyshark validate: --output json: give FORMAT=FILE"),
        (["validate", "--output", "json=/no/such/folder/x", "y"], "cannot be written: there is no such folder"),
        (["validate", "--select", "XX", "y"], "keyshark validate: no rule begins with XX: `keyshark rules` lists them"),
        (["packets", "--filter", "a &", "y"], "keyshark packets: --filter a &: '&' means nothing at character 3"),
        (["explain", "MS-99"], "keyshark explain: there is no rule MS-99: is it MS-"),
        (["explain", "nonsense"], "keyshark explain: there is no rule nonsense: `keyshark rules` lists them"),
        (["rules", "XX"], "keyshark rules: no rule begins with XX: `keyshark rules` lists them"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_one_line_on_stderr_and_2(args, told, capsys):
    assert cli.run(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


@pytest.fixture
def command(monkeypatch):
    """Makes a command `now` of a function."""

    def make(function):
        module = type(sys)("a_command")
        module.command = click.command("now")(common(function))
        monkeypatch.setitem(sys.modules, "a_command", module)
        monkeypatch.setattr(cli, "COMMANDS", {"now": ("a_command", "Now.")})

    return make


def _raise(error):
    def function():
        raise error

    return function


def test_our_own_bug_is_3_and_a_line(command, capsys):
    command(_raise(KeyError("what")))
    assert cli.run(["now"]) == 3
    out, err = capsys.readouterr()
    assert (out, err) == ("", "keyshark failed: KeyError: 'what'; see where with --debug\n")


@pytest.mark.parametrize("args", [["--debug", "now"], ["now", "--debug"]])
def test_with_debug_there_is_a_traceback(command, capsys, args):
    command(_raise(KeyError("what")))
    assert cli.run(args) == 3
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.exceptions.Abort()])
def test_an_interrupt_is_130(command, capsys, error):
    command(_raise(error))
    assert cli.run(["now"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


def test_a_bug_that_quotes_the_network_steers_no_terminal(command, capsys):
    command(_raise(ValueError("\x1b[31m\r\u202e")))
    assert cli.run(["now"]) == 3
    assert capsys.readouterr().err.strip().isprintable()


def test_at_the_end_nobody_waits_for_what_is_left_to_be_taken_apart(command):
    command(lambda: None)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main(["now"])
        assert (ended.value.code, gc.get_freeze_count() > 0) == (0, True)
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("code", [0, 1, 4])
def test_the_code_of_a_command_is_the_code(command, code):
    def function():
        click.get_current_context().exit(code)

    command(function)
    assert cli.run(["now"]) == code


@pytest.mark.parametrize("args", [["rules", "--format", "json"], ["rules"], ["--help"]])
def test_a_reader_that_goes_away_is_no_failure(args):
    """As `keyshark … | true`: nothing is said of a broken pipe, whatever comes first."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", *args],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(write)
    assert done.stderr == ""
    assert done.returncode in (0, 1)


@pytest.mark.parametrize(("name", "code"), [("http_good", 0), ("msk_counter_repeated", 1)])
def test_the_verdict_of_what_nobody_reads_is_told_all_the_same(name, code):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "analyzer", "validate", str(SAMPLES / name)]
    try:
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    finally:
        os.close(write)
    assert done.returncode == code
    assert "roken" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device here")
def test_a_full_disk_is_said():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", "rules"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 3
    assert done.stderr == f"keyshark: stdout: cannot be written: {os.strerror(errno.ENOSPC)}\n"


@pytest.mark.skipif(os.name != "posix", reason="signals as of POSIX")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_is_130_and_leaves_nothing_behind(jobs, tmp_path):
    """Two cases that never end, a pipe each to which nobody writes anything."""
    for name in ("a", "b"):
        os.mkfifo(tmp_path / name)
    process = subprocess.Popen(
        [sys.executable, "-m", "analyzer", "validate", "--jobs", jobs, str(tmp_path / "a"), str(tmp_path / "b")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        writer = _when_read(tmp_path / "a")
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=90)
        os.close(writer)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert out == ""
    assert err.strip() == "interrupted"


def _when_read(pipe):
    """Wait until somebody reads a pipe, and return its other end."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody does
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_rules_and_explain_agree(capsys):
    assert cli.run(["rules"]) == 0
    codes = re.findall(r"^([A-Z]{2}-\d{2}) ", capsys.readouterr().out, re.MULTILINE)
    assert len(codes) >= 20
    assert cli.run(["explain", codes[0].lower()]) == 0
    assert capsys.readouterr().out.startswith(codes[0])


@pytest.mark.parametrize(
    ("color", "environment", "coloured"),
    [
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
        ("auto", {}, False),  # not on a terminal here
    ],
)
def test_colour_is_as_asked_for(color, environment, coloured, monkeypatch, capsys):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cli.run(["--color", color, "rules", "MS-0"]) == 0
    assert ("\x1b[" in capsys.readouterr().out) is coloured


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_on_a_terminal_is_as_the_environment_says(environment, coloured):
    import pty

    parent, child = pty.openpty()
    environment = (
        {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm", "COLUMNS": "80"} | environment
    )
    done = subprocess.Popen([sys.executable, "-m", "analyzer", "rules", "MS-0"], stdout=child, env=environment)
    os.close(child)
    told = b""
    while True:
        try:
            octets = os.read(parent, 65536)
        except OSError:  # the other end is gone
            break
        if not octets:
            break
        told += octets
    os.close(parent)
    assert done.wait(timeout=30) == 0
    assert b"MS-01" in told
    assert (b"\x1b[" in told) is coloured
