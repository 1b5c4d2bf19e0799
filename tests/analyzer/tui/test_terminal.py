"""What keyshark leaves of a real terminal, however it ends."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from contextlib import suppress

import pytest

from tests.analyzer.tui.conftest import ROOT

SECRET = "00112233445566778899aabbccddeeff"
OPEN = "from analyzer.cli import main; main(['open', '--no-state', 'sample_pcaps/http_good'])"
BREAKS = f"""
from analyzer.tui.screen import CaseScreen
def compose(self):
    secret = "{SECRET}"
    raise KeyError(secret)
CaseScreen.compose = compose
{OPEN}
"""
LEAVES = b"\x1b[?1049l"  # the other screen of the terminal
PATIENCE = 60  # seconds


class Terminal:
    """A terminal of 80 by 24 with a program in it."""

    def __init__(self, program, **environment):
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execve(
                sys.executable,
                [sys.executable, "-c", program],
                {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environment},
            )
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.end)
        self.shown = b""

    def until(self, text):
        """Read until a text is there, or nothing comes any more."""
        ends = time.monotonic() + PATIENCE
        while text not in self.shown and time.monotonic() < ends:
            if select.select([self.end], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.end, 65536)
                except OSError:
                    break
        return text in self.shown

    def code(self):
        """Return how the program ended, after taking all that it wrote."""
        self.until(b"\0never\0")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        os.close(self.end)


@pytest.fixture
def terminal():
    made = []

    def run(program, **environment):
        made.append(Terminal(program, **environment))
        return made[-1]

    yield run
    for each in made:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(each.pid, signal.SIGKILL)
            os.waitpid(each.pid, 0)
        with suppress(OSError):
            each.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(terminal, number):
    ui = terminal(OPEN)
    assert ui.until(b"Sessions")
    os.kill(ui.pid, number)
    assert ui.until(LEAVES)
    assert ui.code() == 128 + number


def test_a_mistake_of_ours_leaves_the_terminal_and_shows_no_value(terminal):
    ui = terminal(BREAKS)
    assert ui.code() == 3
    assert LEAVES in ui.shown
    told = ui.shown[ui.shown.rindex(LEAVES) :]
    assert b"KeyError" in told
    assert SECRET.encode() not in told.replace(b"    secret = ", b"")
    assert SECRET.encode() not in ui.shown


def test_a_terminal_that_goes_away_ends_it(terminal):
    ui = terminal(OPEN)
    assert ui.until(b"Sessions")
    ui.close()
    ends = time.monotonic() + PATIENCE
    while os.waitpid(ui.pid, os.WNOHANG)[0] == 0:
        assert time.monotonic() < ends
        time.sleep(0.1)


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_be_drawn_on_is_told_what_to_do(terminal, term):
    ui = terminal(OPEN, TERM=term)
    assert ui.code() == 2
    assert b"needs a terminal to draw on" in ui.shown
    assert b"\x1b" not in ui.shown


def test_without_colours_none_are_sent(terminal):
    ui = terminal(OPEN, NO_COLOR="1")
    assert ui.until(b"Sessions")
    os.write(ui.end, b"q")
    assert ui.code() == 0
    assert re.search(rb"\x1b\[[0-9;]*[34]8;", ui.shown) is None or _grey(ui.shown)


def _grey(shown):
    """Say whether all colours that were sent are shades of grey."""
    colours = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", shown)
    return all(red == green == blue for red, green, blue in colours)
