"""The process that judges for another: messages on pipes, memory that is looked at."""

import io
import os
import subprocess
import sys

import pytest

from analyzer.executors import child
from analyzer.executors.child import OCTETS, PAIR, READY, TOO_MUCH_MEMORY, held, receive, send


def test_a_message_that_is_sent_is_received():
    stream = io.BytesIO()
    send(stream, READY)
    send(stream, OCTETS, PAIR.pack(1, 2))
    stream.seek(0)
    assert receive(stream) == (READY, b"")
    assert receive(stream) == (OCTETS, PAIR.pack(1, 2))
    assert receive(stream) is None


@pytest.mark.parametrize("cut", range(1, 25))
def test_a_message_that_is_cut_is_none(cut):
    stream = io.BytesIO()
    send(stream, OCTETS, PAIR.pack(1, 2))
    assert receive(io.BytesIO(stream.getvalue()[:-cut])) is None


def test_memory_is_that_of_this_process():
    before = held()
    more = b"x" * 50_000_000
    assert held() - before > 40_000_000
    assert more


def test_memory_beyond_the_limit_ends_the_process():
    code = f"from analyzer.executors import child; child._watch({1000})"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == TOO_MUCH_MEMORY


def test_progress_is_told_now_and_then(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(child.time, "monotonic", lambda: now[0])
    stream = io.BytesIO()
    teller = child._Teller(stream)
    for done in range(10):
        now[0] += 0.0625
        teller.tell(done, 10)
    stream.seek(0)
    told = []
    while (message := receive(stream)) is not None:
        told.append(PAIR.unpack(message[1]))
    assert told == [(3, 10), (7, 10)]


def test_it_ends_with_its_stdin():
    code = "from analyzer.executors.child import main; main(0, False)"
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"")
    assert os.path.exists(child.__file__)
