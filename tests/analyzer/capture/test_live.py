"""Capturing an interface: what is run, what is said when it cannot be, and that nothing is left behind."""

import os
import stat
import subprocess
import sys

import pytest

from analyzer.capture import live
from analyzer.capture.live import LiveError, capturing, command


@pytest.fixture
def capturer(tmp_path, monkeypatch):
    """Put a program in the place of dumpcap or tcpdump, and nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def make(name, script):
        path = tmp_path / name
        path.write_text(f"#!{sys.executable}\nimport sys, time, os\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return make


WRITES = "path = sys.argv[sys.argv.index('-w') + 1]; open(path, 'wb').write(b'octets'); time.sleep(60)"


def test_dumpcap_is_asked_first_and_given_the_limit(capturer):
    capturer("tcpdump", "")
    assert command("any", "x", 5, "not port 22")[1:] == ["-U", "-n", "-i", "any", "-w", "x", "--", "not port 22"]
    capturer("dumpcap", "")
    program, *rest = command("any", "x", 5, "not port 22")
    assert program.endswith("dumpcap")
    assert rest == ["-q", "-i", "any", "-f", "not port 22", "-a", "filesize:5000", "-w", "x"]


def test_with_neither_there_is_a_word_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LiveError, match="neither dumpcap nor tcpdump is installed: install"):
        command("any", "x", 1)


def test_the_file_is_its_owners_and_gone_at_the_end_with_the_process(capturer):
    capturer("dumpcap", f"open({os.devnull!r}); print(os.getpid(), flush=True); {WRITES}")
    with capturing("et/h0", 1) as path:
        assert path.name == "et_h0.pcapng"
        assert path.read_bytes() == b"octets"
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        pid = int((path.parent / "said").read_text())
        os.kill(pid, 0)
    assert not path.parent.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "print('line one'); print('You do not have permission to capture'); sys.exit(1)",
            "eth0: You do not have permission to capture (run it as root, or give dumpcap the right: "
            "setcap cap_net_raw+ep)",
        ),
        ("print('a'); print('(No such device exists)'); print('b'); sys.exit(1)", "eth0: (No such device exists)"),
        ("print('strange words'); sys.exit(3)", "eth0: strange words"),
        ("sys.exit(3)", "eth0: the capture ended with code 3"),
    ],
    ids=["rights", "device", "words", "silent"],
)
def test_a_capture_that_does_not_begin_says_why(capturer, script, told):
    capturer("dumpcap", script)
    with pytest.raises(LiveError) as caught, capturing("eth0", 1):
        pass
    assert str(caught.value) == told


def test_a_capturer_that_writes_nothing_is_not_waited_for_forever(capturer, monkeypatch):
    monkeypatch.setattr(live, "BEGIN", 0.2)
    capturer("dumpcap", "time.sleep(60)")
    with pytest.raises(LiveError, match=r"nothing was written in"), capturing("eth0", 1):
        pass


def test_one_that_does_not_listen_is_ended_all_the_same(capturer, monkeypatch):
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    capturer("dumpcap", f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WRITES}")
    with capturing("eth0", 1) as path:
        pass
    assert not path.exists()


@pytest.mark.parametrize("program", ["dumpcap", "tcpdump"])
def test_the_real_ones_take_our_options(program):
    try:
        told = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    except OSError:
        pytest.skip(f"{program} is not installed")
    usage = told.stdout + told.stderr
    assert all(f"-{letter}" in usage for letter in ("i", "w", "f" if program == "dumpcap" else "Z"))
