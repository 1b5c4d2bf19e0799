"""`python -m analyzer`."""

import subprocess
import sys

from analyzer.cli import COMMANDS


def test_is_keyshark():
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("Usage: keyshark ")
    assert all(name in done.stdout for name in COMMANDS)


def test_the_exit_code_goes_out():
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "nonsense"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
