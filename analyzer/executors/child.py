"""A process that judges case after case for another: tasks come on its stdin, results go to its stdout.

A task may be a part of a case that another process judges, too. The help that this one has in a large case it asks of
the process that began it.

It ends when its stdin does, so none is left behind where the other process is killed.
"""

from __future__ import annotations

import itertools
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from analyzer.batch import Progress as Octets
from analyzer.executors import Job, Task
from analyzer.executors.packing import packed
from analyzer.executors.work import sweep, work
from analyzer.helping import Ask, Helpers, Part

if TYPE_CHECKING:
    from concurrent.futures import Future

LENGTH = struct.Struct(">Q")
# What goes out, and ANSWER in: a letter, a length, so many octets
READY, OCTETS, HELP, ENOUGH, DONE, ANSWER = b"R", b"O", b"H", b"E", b"D", b"A"
NUMBER = struct.Struct(">Q")  # of what was asked of helpers: it comes before that, and before the answer
PAIR = struct.Struct(">QQ")
TOO_MUCH_MEMORY = 77  # exit code
LOOK = 0.02  # seconds from one look at memory to the next
TOLD = 0.2  # seconds from one word of progress to the next


def send(stream: IO[bytes], kind: bytes, data: bytes = b"") -> None:
    """Write one message."""
    stream.write(kind + LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Read one message; None where the stream ends, in the middle of one too."""
    head = stream.read(1 + LENGTH.size)
    if len(head) < 1 + LENGTH.size:
        return None
    (length,) = LENGTH.unpack_from(head, 1)
    data = stream.read(length)
    return None if len(data) < length else (head[:1], data)


def main(memory: int, told: bool) -> None:
    """Judge what comes, until no more does; `memory` octets are the most that a case may need, 0 is no limit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    commands, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    if memory:
        threading.Thread(target=_watch, args=(memory,), daemon=True).start()
    first = receive(commands)
    if first is None:
        return
    job, helpers = pickle.loads(first[1])  # noqa: S301  # from whoever began this process
    coming: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    others = _Others(helpers, results)
    threading.Thread(target=_read, args=(commands, coming, others), daemon=True).start()
    send(results, READY)
    for count in itertools.count(1):
        send(results, DONE, _done(job, pickle.loads(coming.get()), _Teller(results).tell if told else None, others))  # noqa: S301  # as above
        sweep(count)


def _done(job: Job, asked: Task | Part, progress: Octets | None, helpers: Helpers) -> bytes:
    if isinstance(asked, Task):
        return packed(work(job, asked, progress, helpers=helpers))
    return pickle.dumps(asked.follow())


def _read(commands: IO[bytes], coming: queue.SimpleQueue[bytes], others: _Others) -> None:
    while (message := receive(commands)) is not None:
        if message[0] == ANSWER:
            others.answer(message[1])
        else:
            coming.put(message[1])
    os._exit(0)  # whatever is under way: nobody waits for it


class _Others:
    """Helpers that the process which began this one has."""

    def __init__(self, count: int, results: IO[bytes]) -> None:
        self.count, self._results = count, results
        self._asked = 0
        self._waiting: dict[int, Future[bytes | None]] = {}

    @contextmanager
    def helping(self) -> Iterator[Ask]:
        try:
            yield self._ask
        finally:
            self._waiting.clear()
            send(self._results, ENOUGH)

    def answer(self, octets: bytes) -> None:
        """Take an answer, which may be to what nobody waits for any more; nothing but the number says it was lost."""
        (number,) = NUMBER.unpack_from(octets)
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting.set_result(octets[NUMBER.size :] or None)

    def _ask(self, part: bytes) -> Future[bytes | None]:
        from concurrent.futures import Future  # noqa: PLC0415  # seldom needed

        self._asked += 1
        self._waiting[self._asked] = answer = Future[bytes | None]()
        send(self._results, HELP, NUMBER.pack(self._asked) + part)
        return answer


class _Teller:
    """Tells now and then how many octets were read."""

    def __init__(self, results: IO[bytes]) -> None:
        self._results, self._last = results, time.monotonic()

    def tell(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= TOLD:
            self._last = now
            send(self._results, OCTETS, PAIR.pack(done, total))


def _watch(memory: int) -> None:
    """End this process at once where it holds more than `memory` octets."""
    while held() <= memory:
        time.sleep(LOOK)
    os._exit(TOO_MUCH_MEMORY)


def held() -> int:
    """Return the octets of memory that this process holds; where the system does not say, the most it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except OSError:
        import resource  # noqa: PLC0415  # not everywhere

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
