"""Many machines: a cluster of Dask distributed judges, and each worker of it through processes of its own.

Only octets cross: a job and a task to the worker, a result back. A worker that is lost takes its cases to another; a
case that ends a process costs itself and not the worker, as `processes` has it. In a large case the worker that has
it asks the others to help, and puts together what they found.
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import analyzer
from analyzer.codes import UNREADABLE
from analyzer.executors import ExecutorError, Job, Limits, Packed, Progress, Task
from analyzer.executors.packing import packed
from analyzer.executors.processes import UNLIMITED, Child
from analyzer.executors.work import lost, of_task, stays, work
from analyzer.helping import Ask

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"  # an address: workers on this machine, for as long as it takes
ADDRESS = re.compile(r"([a-z]+://)?[^/\s]+:\d{1,5}")
AGAIN = ("lost", "pending")  # done, and lost with its worker before it was taken: it is being done again
WITHIN = 20.0  # seconds in which a scheduler answers, and has a worker
AHEAD = 4  # cases that wait at each thread of a worker, so that it need not
AT_LEAST = 16


def is_address(text: str) -> bool:
    """Say whether a text names a scheduler, or this machine."""
    return text == LOCAL or ADDRESS.fullmatch(text) is not None


class Cluster:
    """Judges on the workers of a scheduler: `address` is tcp://HOST:PORT, or `local` for `jobs` workers here."""

    def __init__(self, address: str, jobs: int, limits: Limits = UNLIMITED) -> None:
        self._address, self._jobs, self._limits = address, jobs, limits

    def run(self, job: Job, tasks: Iterable[Task], progress: Progress | None = None) -> Iterator[tuple[int, Packed]]:
        """Yield the result of each task as it is done; what only this process can read, it judges itself."""
        job = replace(job, folder=job.folder or os.getcwd())
        staying: list[Task] = []
        with ExitStack() as stack:
            client = self._client(stack)
            _check(client)
            yield from self._spread(client, job, _others(tasks, staying))
        for task in staying:
            yield task.number, work(job, task, of_task(task, progress))

    def _client(self, stack: ExitStack) -> Client:
        try:
            from distributed import Client, LocalCluster  # noqa: PLC0415  # slow to load, and an extra
        except ImportError:
            raise ExecutorError("--cluster needs Dask distributed: install keyshark[cluster]") from None
        for name in (
            *logging.root.manager.loggerDict,
            "distributed",
        ):  # parts of Dask have levels of their own
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is told by us, in a line
        address: Any = self._address
        if not is_address(address):
            raise ExecutorError(f"--cluster {address}: is no address: write tcp://HOST:PORT, or local")
        try:
            if address == LOCAL:
                address = stack.enter_context(
                    LocalCluster(
                        n_workers=self._jobs, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0",
                        silence_logs=logging.CRITICAL,
                    )
                )  # fmt: skip
            client: Client = stack.enter_context(Client(address, timeout=WITHIN, set_as_default=False))
            client.wait_for_workers(1, timeout=WITHIN)
        except TimeoutError as error:
            reason = "has no workers" if "workers" in str(error) else f"does not answer within {WITHIN:g} s"
            raise ExecutorError(f"--cluster {self._address}: {reason}") from None
        except (OSError, ValueError, RuntimeError, TypeError) as error:  # TypeError: TLS that is not set up
            raise ExecutorError(f"--cluster {self._address}: cannot be reached: {_line(error)}") from None
        return client

    def _spread(self, client: Client, job: Job, tasks: Iterator[Task]) -> Iterator[tuple[int, Packed]]:
        from distributed import as_completed  # noqa: PLC0415

        threads = sum(client.nthreads().values())
        asked, run = pickle.dumps((job, self._limits, threads - 1)), uuid.uuid4().hex
        under_way: dict[str, Task] = {}

        def submitted(count: int) -> Iterator[Any]:
            for task in islice(tasks, count):
                key = f"keyshark-{run}-{task.number}"
                under_way[key] = task
                yield client.submit(judge, asked, pickle.dumps(task), key=key, pure=False)

        coming = as_completed(submitted(max(AT_LEAST, AHEAD * threads)), loop=client.loop)
        for future in coming:
            if future.status in AGAIN and client.status == "running":
                coming.add(future)
                continue
            task = under_way.pop(future.key)
            if future.status == "finished":
                found: Packed = future.result()
            elif future.status == "error" and client.status == "running":
                found = lost(job, task, UNREADABLE, _lost(future.exception()))
            else:
                raise ExecutorError(f"--cluster {self._address}: the scheduler was lost")
            future.release()
            yield task.number, found
            for more in submitted(1):
                coming.add(more)


def judge(asked: bytes, task: bytes) -> bytes:
    """Judge one case, on a worker: in a process of its own, of which it has as many as work at once."""
    with _children.one(asked) as child:
        found = child.judge(pickle.loads(task))  # noqa: S301  # from whoever may run anything here
    return found if isinstance(found, bytes) else packed(found)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Octets with keys in them: they are not to be seen in the log of a worker, where it tells what it was asked."""

    octets: bytes = field(repr=False)


def follow(asked: bytes, part: Parcel) -> bytes | None:
    """Do a part of a case that another worker judges."""
    with _children.one(asked) as child:
        return child.follow(part.octets)


class _Workers:
    """So many workers that help the one where this is."""

    def __init__(self, count: int, asked: bytes) -> None:
        self.count, self._asked = count, asked

    @contextmanager
    def helping(self) -> Iterator[Ask]:
        """Ask for parts before other cases; meanwhile the thread that asks does not count as one that works."""
        from distributed import get_worker, worker_client  # noqa: PLC0415

        with worker_client() as client:
            others = client.nthreads().keys() - {get_worker().address}  # this one has a share already
            where: dict[str, Any] = {"workers": list(others), "allow_other_workers": True} if others else {}
            begun: set[Any] = set()

            def ask(part: bytes) -> _Answer:
                future = client.submit(follow, self._asked, Parcel(part), pure=False, priority=1, **where)
                begun.add(future)
                return _Answer(future, begun)

            try:
                yield ask
            finally:
                client.cancel(list(begun))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a worker makes of a part; once it was taken, no worker keeps it."""

    future: Any
    begun: set[Any]

    def done(self) -> bool:
        return bool(self.future.done())

    def result(self) -> bytes | None:
        octets: bytes | None = self.future.result()
        self.begun.discard(self.future)
        self.future.release()
        return octets

    def add_done_callback(self, call: Callable[[_Answer], object]) -> None:
        self.future.add_done_callback(lambda _: call(self))


class _Children:
    """Processes that wait for the next case of a job; those of another job end."""

    def __init__(self) -> None:
        self._asked = b""
        self._idle: list[Child] = []
        self._changing = threading.Lock()

    @contextmanager
    def one(self, asked: bytes) -> Iterator[Child]:
        """Lend one for the job that is asked for."""
        child = self._take(asked)
        try:
            yield child
        finally:
            self._give(asked, child)

    def _take(self, asked: bytes) -> Child:
        with self._changing:
            if asked != self._asked:
                for child in self._idle:
                    child.close()
                self._asked, self._idle = asked, []
            if self._idle:
                return self._idle.pop()
        job, limits, others = pickle.loads(asked)  # noqa: S301  # from whoever may run anything here
        return Child(job, limits, helpers=_Workers(others, asked))

    def _give(self, asked: bytes, child: Child) -> None:
        with self._changing:
            if asked == self._asked:
                self._idle.append(child)
            else:
                child.close()


_children = _Children()


def about() -> str:
    """Return the version of keyshark, on a worker."""
    return analyzer.VERSION


def _check(client: Client) -> None:
    """Raise ExecutorError where a worker has another keyshark, or none."""
    versions: Mapping[str, object] = client.run(about, on_error="return")
    wrong = {worker: found for worker, found in versions.items() if found != analyzer.VERSION}
    if not wrong:
        return
    worker, found = min(wrong.items())
    has = f"keyshark {found}" if isinstance(found, str) else f"no keyshark that works ({_line(found)})"
    others = f", and {len(wrong) - 1} more are not as they should" if len(wrong) > 1 else ""
    raise ExecutorError(
        f"worker {worker} has {has}{others}: this is keyshark {analyzer.VERSION}, install the same on all workers"
    )


def _others(tasks: Iterable[Task], staying: list[Task]) -> Iterator[Task]:
    for task in tasks:
        if stays(task.case):
            staying.append(task)
        else:
            yield task


def _lost(error: object) -> str:
    if isinstance(error, ExecutorError):
        return str(error)
    if type(error).__name__ == "KilledWorker":
        return "was lost with its worker again and again"
    return f"its worker failed: {_line(error)}"


def _line(error: object) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}" if str(error) else type(error).__name__
