"""Processes beside this one that judge: one that dies, takes too long or too much memory costs the case it had.

They are programs that were begun anew, not forks, and talk through pipes. A pool of the standard library breaks as a
whole where one of its processes dies, and cannot end one that takes too long. Others help in a large case: what one
of them leaves is done without it.
"""

from __future__ import annotations

import json
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from analyzer.analysis import Options
from analyzer.batch import Progress as Octets
from analyzer.codes import UNREADABLE
from analyzer.executors import ExecutorError, Job, Limits, Packed, Progress, Task
from analyzer.executors.child import (
    ANSWER,
    DONE,
    ENOUGH,
    HELP,
    NUMBER,
    PAIR,
    READY,
    TOO_MUCH_MEMORY,
    receive,
    send,
)
from analyzer.executors.work import lost, of_task, stays, work
from analyzer.helping import Answer, Ask, Helpers, answered

BEGIN = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from analyzer.executors.child import main
main(int(sys.argv[2]), sys.argv[3] == "1")
"""
MEGA = 10**6
BEGINS = 60.0  # seconds in which a process begins, on a machine that has much else to do too
GRACE = 5.0  # seconds that a process has to end once its stdout has
UNLIMITED = Limits()
JUST_HELP = Job(Options())  # of one that judges nothing itself


class Child:
    """A process that judges one case at a time, in a large one with the helpers that it is given."""

    def __init__(self, job: Job, limits: Limits, told: bool = False, helpers: Helpers | None = None) -> None:
        self._job, self._limits, self._helpers = job, limits, helpers
        path, memory = json.dumps(sys.path), str(limits.memory or 0)
        self._command = (sys.executable, "-c", BEGIN, path, memory, str(int(told)))
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._over = False
        self._changing = threading.Lock()  # no process begins once the child has ended
        self._sending = threading.Lock()

    def begin(self) -> None:
        """Begin the process, so that it gets ready while others do."""
        with self._changing:
            if self._over:
                return
            self._ready = False
            try:
                self._process = subprocess.Popen(  # noqa: S603  # this Python, and what stands above
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    cwd=self._job.folder or None,
                    process_group=None if sys.platform == "win32" else 0,  # Ctrl-C is for us to hear
                )  # fmt: skip
            except OSError as error:
                where = f" in {self._job.folder}" if self._job.folder else ""
                raise ExecutorError(f"a worker process cannot begin{where}: {error.strerror or error}") from None
        count = 0 if self._helpers is None else self._helpers.count
        self._send(self._process, pickle.dumps((self._job, count)))

    def judge(self, task: Task, progress: Progress | None = None) -> Packed:
        """Judge one case; where the process ends over it, the result says how, and the next task begins another."""
        found, why = self._done(pickle.dumps(task), of_task(task, progress))
        return lost(self._job, task, UNREADABLE, why) if found is None else found

    def follow(self, part: bytes) -> bytes | None:
        """Do a part of a case; None where the process ends over it, or cannot begin."""
        try:
            return self._done(part)[0]
        except ExecutorError:
            return None

    def _done(self, asked: bytes, note: Octets | None = None) -> tuple[bytes | None, str]:
        """Return what the process makes of what it is asked; where it ends over that, why."""
        if self._process is None:
            self.begin()
        process = self._process
        if process is None:
            return None, "interrupted"
        answer, late = None, ""
        if not self._ready:  # what it takes to begin is no time of a case
            with _within(BEGINS, process) as over:
                self._ready = self._receive(process) is not None
            late = f"a worker process did not begin within {BEGINS:g} s, and was ended" if over.is_set() else ""
        if self._ready:
            with _within(self._limits.seconds, process) as over:
                answer = self._answer(process, asked, note)
            late = f"took more than {self._limits.seconds:g} s, and was ended (--timeout)" if over.is_set() else ""
        if answer is not None:
            return answer, ""
        self._process = None
        code = _code(process)
        return None, late or self._why(code)

    def end(self) -> None:
        """End the process, whatever it does."""
        with self._changing:
            self._over = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Let go of a process that has ended, or ends now."""
        self.end()
        if self._process is not None:
            _close(self._process)

    def _answer(self, process: subprocess.Popen[bytes], asked: bytes, note: Octets | None) -> bytes | None:
        """Return what the process makes of what it is asked; None where it ends over it."""
        self._send(process, asked)
        with ExitStack() as stack:
            ask: Ask | None = None
            while (message := self._receive(process)) is not None:
                kind, data = message
                if kind == DONE:
                    return data
                if kind == HELP and self._helpers is not None:
                    ask = ask or stack.enter_context(self._helpers.helping())
                    number, part = data[: NUMBER.size], data[NUMBER.size :]
                    ask(part).add_done_callback(partial(self._pass_on, process, number))
                elif kind == ENOUGH:
                    stack.close()
                    ask = None
                elif note is not None:
                    note(*PAIR.unpack(data))
        return None

    def _pass_on(self, process: subprocess.Popen[bytes], number: bytes, answer: Answer) -> None:
        """Pass an answer on to the process that has asked; without octets it was lost."""
        self._send(process, number + (answered(answer) or b""), ANSWER)

    def _send(self, process: subprocess.Popen[bytes], data: bytes, kind: bytes = READY) -> None:
        assert process.stdin is not None
        try:
            with self._sending:
                send(process.stdin, kind, data)
        except (OSError, ValueError):
            return  # it has ended: what comes of it is read next

    @staticmethod
    def _receive(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes] | None:
        assert process.stdout is not None
        return receive(process.stdout)

    def _why(self, code: int) -> str:
        """Say why a process ended over a case by itself."""
        if code == TOO_MUCH_MEMORY and self._limits.memory is not None:
            return f"needed more than {self._limits.memory / MEGA:g} MB of memory, and was ended (--max-memory)"
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            hint = ", out of memory perhaps: try with a smaller --jobs" if name == "SIGKILL" else ""
            return f"a worker process died of {name}{hint}"
        return f"a worker process died with exit code {code}"


class Beside:
    """So many processes on this machine that help in a large case."""

    def __init__(self, count: int, limits: Limits = UNLIMITED) -> None:
        self.count, self._limits = count, limits
        self._children: list[Child] = []
        self._over = False

    @contextmanager
    def helping(self) -> Iterator[Ask]:
        """Have the processes; each begins with the first part that it gets."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # seldom needed

        children = self._children = [Child(JUST_HELP, self._limits) for _ in range(self.count)]
        if self._over:
            self.end()
        idle: queue.SimpleQueue[Child] = queue.SimpleQueue()
        for child in children:
            idle.put(child)

        def follow(part: bytes) -> bytes | None:
            child = idle.get()
            try:
                return child.follow(part)
            finally:
                idle.put(child)

        threads = ThreadPoolExecutor(self.count)
        try:
            yield lambda part: threads.submit(follow, part)
        finally:
            for child in children:
                child.end()
            threads.shutdown(cancel_futures=True)
            for child in children:
                child.close()

    def end(self) -> None:
        """End all that is under way, and begin nothing more."""
        self._over = True
        for child in self._children:
            child.end()


class Processes:
    """Judges in so many processes on this machine, each of which may have so many helpers in a large case."""

    def __init__(self, jobs: int, limits: Limits = UNLIMITED, helpers: int = 0) -> None:
        self._jobs, self._limits, self._helpers = jobs, limits, helpers

    def run(self, job: Job, tasks: Iterable[Task], progress: Progress | None = None) -> Iterator[tuple[int, Packed]]:
        """Yield the result of each task as it is done; what only this process can read, it judges itself."""
        helpers = [Beside(self._helpers, self._limits) for _ in range(self._jobs)]
        children = [Child(job, self._limits, progress is not None, beside) for beside in helpers]
        todo = _Shared(tasks)
        done: queue.SimpleQueue[tuple[int, Packed] | BaseException | None] = queue.SimpleQueue()

        def serve(child: Child) -> None:
            try:
                for task in todo:
                    done.put((task.number, child.judge(task, progress)))
            except BaseException as error:  # noqa: BLE001  # told to who waits for results
                done.put(error)
            done.put(None)

        threads = [threading.Thread(target=serve, args=(child,), daemon=True) for child in children]
        try:
            for child in children:
                child.begin()
            for thread in threads:
                thread.start()
            for _ in threads:
                while (found := done.get()) is not None:
                    if isinstance(found, BaseException):
                        raise found
                    yield found
            for task in todo.staying:
                yield task.number, work(job, task, of_task(task, progress))
        finally:
            todo.stop()
            for beside, child in zip(helpers, children, strict=True):
                beside.end()
                child.end()
            for thread, child in zip(threads, children, strict=True):
                if thread.ident is not None:
                    thread.join()
                child.close()


class _Shared:
    """Tasks that several threads take; those that only this process can read are `staying`."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = iter(tasks)
        self._taking = threading.Lock()
        self._over = False
        self.staying: list[Task] = []

    def __iter__(self) -> Iterator[Task]:
        while True:
            with self._taking:
                task = None if self._over else next(self._tasks, None)
                if task is not None and stays(task.case):
                    self.staying.append(task)
                    continue
            if task is None:
                return
            yield task

    def stop(self) -> None:
        self._over = True


@contextmanager
def _within(seconds: float | None, process: subprocess.Popen[bytes]) -> Iterator[threading.Event]:
    """End a process after so many seconds, and say so; None is no limit."""
    over = threading.Event()

    def end() -> None:
        over.set()
        process.kill()

    timer = threading.Timer(seconds or 0, end)
    if seconds is not None:
        timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _code(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code of a process that says nothing more."""
    try:
        return process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
    finally:
        _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue  # what was not taken any more
    process.wait()
