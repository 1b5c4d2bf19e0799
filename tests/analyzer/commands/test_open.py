import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from analyzer import cli
from analyzer.batch import Fault
from analyzer.codes import USAGE
from analyzer.commands import open as opening

CASE = "sample_pcaps/http_good"


@pytest.fixture
def started(monkeypatch):
    """What the UI was started with; it ends at once, with a fault if there is one."""
    seen = {}

    class Ui:
        fault = None
        return_code = 0

        available_themes = ("nord",)

        def __init__(self, cases, options, version, config, memory, follow, skipped):
            seen.update(cases=[case.name for case in cases], options=options, version=version)
            seen.update(config=config, memory=memory, follow=follow, skipped=skipped)

        def run(self, mouse):
            seen.update(mouse=mouse)
            return Ui.fault

    monkeypatch.setattr(opening, "Keyshark", Ui)
    monkeypatch.setattr(opening, "on_terminal", lambda: True)
    return seen, Ui


def invoke(*args):
    return CliRunner().invoke(cli.cli, ["open", *args])


def test_without_a_terminal_it_says_what_to_do():
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "open", CASE], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        cwd=os.path.dirname(os.path.dirname(cli.__file__)),
    )  # fmt: skip
    assert done.returncode == USAGE
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "terminal" in done.stderr
    assert "keyshark validate" in done.stderr


def test_cases_and_options_reach_the_ui(started, samples, tmp_path):
    seen, _ = started
    done = invoke(str(samples / "http_good"), str(samples / "sip_good"), "--engine", "tshark")
    assert done.exit_code == 0
    assert seen["cases"] == ["http_good", "sip_good"]
    assert seen["options"].engine == "tshark"
    assert seen["options"].show_keys is False
    assert invoke(str(samples / "http_good"), str(samples / "sip_good"), "--merge").exit_code == 0
    assert seen["cases"] == ["merged"]


def test_files_of_a_folder_that_are_no_captures_reach_the_ui(started, samples, monkeypatch):
    seen, _ = started
    assert invoke(str(samples / "http_good")).exit_code == 0
    assert seen["skipped"] == (str(samples / "http_good" / "report.json"),)
    assert invoke(str(samples / "http_good" / "capture.pcapng")).exit_code == 0
    assert seen["skipped"] == ()
    monkeypatch.setattr(opening, "MAX_SKIPPED", 3)
    assert invoke(str(samples)).exit_code == 0
    assert len(seen["skipped"]) == 3


def test_plain_prints_lines_and_needs_no_terminal(told, samples):
    code, out = told("open", "--plain", str(samples / "http_good"), str(samples / "mtk_outside_window"))
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("Case ")] == [
        "Case http_good: verdict pass.", "Case mtk_outside_window: verdict fail.",
    ]  # fmt: skip
    assert out.count("Packets.") == 2
    assert "\x1b" not in out


def test_plain_does_not_follow(started, samples):
    done = invoke("--plain", "--follow", str(samples / "http_good"))
    assert done.exit_code == USAGE
    assert "keyshark packets --follow" in done.output
    assert started[0] == {}


def test_standard_input_is_refused(started):
    done = invoke("-")
    assert done.exit_code == USAGE
    assert "standard input" in done.output


def test_a_folder_without_captures_is_told(started, tmp_path):
    done = invoke(str(tmp_path))
    assert done.exit_code == USAGE
    assert started[0] == {}


@pytest.mark.parametrize("code", [2, 3])
def test_the_fault_of_a_single_case_is_the_exit_code(started, samples, code):
    _, ui = started
    ui.fault = Fault(code, "x.pcap: is empty", "Traceback: here")
    done = invoke(str(samples / "http_good"))
    assert done.exit_code == code
    assert "x.pcap: is empty" in done.output
    assert "Traceback" not in done.output
    done = invoke(str(samples / "http_good"), "--debug")
    assert "Traceback: here" in done.output


def test_it_starts_on_a_terminal_and_leaves_it_sane(samples):
    """The real thing in a pseudo-terminal: it draws, q ends it with 0, and the screen is given back."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24")
        os.execv(sys.executable, [sys.executable, "-m", "analyzer", "open", str(samples / "http_good")])
    drawn, sent, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        drawn += data
        if not sent and b"user1_private" in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", drawn):
            os.write(terminal, b"q")
            sent = True
    _, status = os.waitpid(child, 0)
    assert sent
    assert os.waitstatus_to_exitcode(status) == 0
    assert drawn.rfind(b"\x1b[?1049l") > drawn.rfind(b"\x1b[?1049h")  # the normal screen again
    assert drawn.rfind(b"\x1b[?25h") > drawn.rfind(b"\x1b[?25l")  # and its cursor


def test_the_config_file_and_the_memory_are_those_of_the_user(started, monkeypatch, tmp_path):
    seen, _ = started
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "keyshark" / "config.toml"
    path.parent.mkdir()
    path.write_text('theme = "nord"\nmouse = false\n')
    assert invoke(CASE).exit_code == 0
    assert (seen["config"].theme, seen["mouse"]) == ("nord", False)
    assert seen["memory"].path == tmp_path / "state" / "keyshark" / "captures.json"
    assert invoke("--no-state", CASE).exit_code == 0
    assert seen["memory"].path is None
    path.write_text('theme = "pink"\n')
    refused = invoke(CASE)
    assert refused.exit_code == USAGE
    assert "theme: 'pink' is none of nord" in refused.output + refused.stderr


def test_one_capture_can_be_followed(started):
    seen, _ = started
    assert invoke("--follow", f"{CASE}/capture.pcapng").exit_code == 0
    assert seen["follow"] is True
    refused = invoke("--follow", CASE)
    assert refused.exit_code == USAGE
