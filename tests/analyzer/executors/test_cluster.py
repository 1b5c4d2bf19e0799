"""A cluster: the same report as here, nothing lost with a worker, and what is wrong with it said in a line."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from analyzer import VERSION, cli
from analyzer.analysis import Options
from analyzer.capture.case import CaseFiles, find_cases
from analyzer.executors import ExecutorError, Job, Limits, Task, cluster
from analyzer.executors.cluster import Cluster
from analyzer.executors.packing import unpacked
from analyzer.executors.work import Here
from analyzer.report import Verdict
from tests.analyzer.executors.conftest import SAMPLES, Twice, odd

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as of POSIX")

SERVE = """\
from distributed import LocalCluster
import sys, time
with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, dashboard_address=None) as made:
    print(made.scheduler_address, flush=True)
    sys.stdin.read()
"""


class Served:
    """A scheduler and its workers, in a process of their own."""

    def __init__(self, workers):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        self.address = self.process.stdout.readline().strip()

    def run(self, code):
        """Run code on all workers; return what they say."""
        with distributed.Client(self.address, set_as_default=False) as client:
            return client.run(eval, code)

    def end(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture(scope="module")
def served():
    two = Served(2)
    yield two
    two.end()


@pytest.fixture
def many(cases):
    """More than wait at two workers at a time."""
    found = find_cases([str(SAMPLES / "msk_under_another_muk")])
    return [*cases, *(CaseFiles(f"c{number}", case.captures, case.keyrings) for case in found for number in range(30))]


def test_it_is_the_same_as_here(served, many, job, run, told):
    assert told(run(Cluster(served.address, 1), job, many)[0]) == told(run(Here(), job, many)[0])


def test_reports_are_the_same_octet_for_octet(served, tmp_path, capsys):
    args = ["validate", *(str(SAMPLES / name) for name in ("http_good", "msk_under_another_muk")), "--format", "json"]
    assert cli.run(args) == 1
    here = capsys.readouterr().out
    assert cli.run([*args, "--cluster", served.address]) == 1
    assert capsys.readouterr().out == here


def test_a_local_cluster_is_begun_and_ended(capsys):
    """Relative paths are relative to where keyshark runs."""
    name = os.path.relpath(SAMPLES / "msk_under_another_muk")
    assert cli.run(["validate", name, "--cluster", "local", "--jobs", "2"]) == 1
    assert capsys.readouterr().out.endswith("1 case: 1 fail\n")


def test_a_worker_that_is_killed_loses_nothing(many, job, run, told):
    two = Served(2)
    try:
        came, killed = {}, False
        for number, result in Cluster(two.address, 1).run(job, (Task(*each) for each in enumerate(many))):
            came[number] = unpacked(result)
            if len(came) == 3:
                os.kill(min(two.run("__import__('os').getpid()").values()), signal.SIGKILL)
                killed = True
    finally:
        two.end()
    assert killed
    assert told([came[number] for number in range(len(many))]) == told(run(Here(), job, many)[0])


def test_a_case_that_ends_its_process_costs_no_worker(served, cases, job, run):
    before = served.run("__import__('os').getpid()")
    slow = "import time; time.sleep(100)"
    found = [odd("import os; os._exit(9)", kind=Twice), odd(slow, kind=Twice), cases[-1]]
    results, _ = run(Cluster(served.address, 1, Limits(seconds=2)), job, found)
    texts = [result.note.fault and result.note.fault.text for result in results]
    assert texts == [
        "odd: a worker process died with exit code 9",
        "odd: took more than 2 s, and was ended (--timeout)",
        None,
    ]
    assert served.run("__import__('os').getpid()") == before


def test_a_pipe_is_read_here(served, cases, job, run):
    read, write = os.pipe()
    os.write(write, Path(cases[-1].captures[0]).read_bytes()[:20000])
    os.close(write)
    results, came = run(Cluster(served.address, 1), job, [CaseFiles("piped", (f"/dev/fd/{read}",)), cases[-1]])
    os.close(read)
    assert came == [1, 0]
    assert results[0].outcome.report.captures[0].packets > 10


def test_storage_that_is_not_shared_is_said(served, cases, run):
    (result,), _ = run(Cluster(served.address, 1), Job(Options(), folder="/no/such/folder"), cases[-1:])
    assert "cannot begin in /no/such/folder: No such file" in result.note.fault.text


def refused(address, cases):
    with pytest.raises(ExecutorError) as caught:
        list(Cluster(address, 1).run(Job(Options()), [Task(0, cases[0])]))
    return str(caught.value)


def test_another_version_on_a_worker_is_said(served, cases):
    change = "[setattr(__import__('analyzer'), 'VERSION', {!r})]"
    served.run(change.format("0.0.9"))
    try:
        told = refused(served.address, cases)
    finally:
        served.run(change.format(VERSION))
    assert "has keyshark 0.0.9, and 1 more are not as they should" in told
    assert told.startswith("worker tcp://")
    assert told.endswith(f"this is keyshark {VERSION}, install the same on all workers")


def test_a_worker_without_keyshark_is_said(cases):
    bare = Served(1)
    try:
        bare.run("__import__('sys').modules.update({'analyzer': None, 'analyzer.executors.cluster': None})")
        told = refused(bare.address, cases)
    finally:
        bare.end()
    assert "has no keyshark that works (Exception: ModuleNotFoundError(" in told


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "tcp://a b:1", "/tmp/x", "tcp://host"])
def test_what_is_no_address_is_said(address, cases):
    assert refused(address, cases) == f"--cluster {address}: is no address: write tcp://HOST:PORT, or local"


def test_a_scheduler_that_is_not_there_is_said(cases, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "WITHIN", 0.5)
    assert "--cluster tcp://127.0.0.1:9: cannot be reached: " in refused("tcp://127.0.0.1:9", cases)
    assert cli.run(["validate", str(SAMPLES / "http_good"), "--cluster", "tcp://127.0.0.1:9"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("keyshark validate: --cluster tcp://127.0.0.1:9: cannot be reached: ")


def test_a_scheduler_without_workers_is_said(cases, monkeypatch):
    monkeypatch.setattr(cluster, "WITHIN", 2.0)
    none = Served(0)
    try:
        assert refused(none.address, cases) == f"--cluster {none.address}: has no workers"
    finally:
        none.end()


def test_dask_tells_nothing_itself(served, cases, job, run):
    """Some of its loggers have levels and handlers of their own."""
    run(Cluster(served.address, 1), job, cases[:1])
    levels = {name: logging.getLogger(name).level for name in ("distributed", "distributed.client")}
    assert levels == dict.fromkeys(levels, logging.CRITICAL)


def test_tls_that_is_not_set_up_is_said(cases):
    with pytest.raises(ExecutorError, match=r"tls://127.0.0.1:1: cannot be reached: TypeError: TLS expects"):
        next(Cluster("tls://127.0.0.1:1", 1).run(Job(Options()), [Task(0, cases[0])]))


def test_a_local_cluster_takes_no_port_that_others_have():
    """A second one on a machine had a warning of Dask on stderr."""
    args = ["validate", str(SAMPLES / "msk_under_another_muk"), "--cluster", "local", "--jobs", "1"]
    with ExitStack() as stack:
        with suppress(OSError):  # somebody has it, which will do
            stack.enter_context(socket.create_server(("", 8787)))  # what Dask asks for
        done = subprocess.run([sys.executable, "-m", "analyzer", *args], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"8787" not in done.stderr


def test_a_scheduler_that_is_lost_ends_it_and_says_so(many, job):
    one = Served(1)
    came = []
    try:
        results = Cluster(one.address, 1).run(job, (Task(*each) for each in enumerate(many)))
        came.append(next(results))
        one.end()
        with pytest.raises(ExecutorError, match="the scheduler was lost"):
            came.extend(results)
    finally:
        if one.process.poll() is None:
            one.end()
    assert came


def test_without_the_extra_it_is_said(cases, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert refused("local", cases) == "--cluster needs Dask distributed: install keyshark[cluster]"


def test_who_takes_no_more_is_not_kept_waiting(served, cases, job):
    tasks = [Task(0, cases[0]), *(Task(n, odd("import time; time.sleep(100)", kind=Twice)) for n in range(1, 4))]
    results = Cluster(served.address, 1, Limits(seconds=4)).run(job, tasks)
    next(results)
    since = time.monotonic()
    results.close()
    assert time.monotonic() - since < 30


def test_verdicts_are_those_of_the_cases(served, cases, job, run):
    results, _ = run(Cluster(served.address, 1), job, cases)
    assert [result.note.verdict for result in results] == [Verdict.ERROR] * 4 + [Verdict.FAIL]


HELPS = "setattr(__import__('analyzer.executors.processes', fromlist=['x']), 'BEGIN', {!r})"


@pytest.fixture
def two():
    """A cluster of its own, whose workers may be spoilt."""
    workers = Served(2)
    yield workers
    workers.end()


def test_workers_help_in_a_large_case_and_the_report_is_the_same_octet_for_octet(two, streams, helped, capsys):
    args = ["validate", *streams.captures, "--media", "all", "--format", "json"]
    code, here = cli.run(args), capsys.readouterr().out
    two.run(HELPS.format(helped.begin))
    assert cli.run([*args, "--cluster", two.address]) == code
    assert capsys.readouterr().out == here
    assert "authenticated" in here
    assert sorted(count for *_, count in helped.shares) == [1, 2]
    assert {worker for _, worker, _ in helped.shares} == set(two.run("__import__('os').getpid()").values())


def test_workers_read_on_in_a_long_capture(two, streams, gleaned, capsys):
    args = ["validate", *streams.captures, "--media", "all", "--format", "json"]
    code, here = cli.run([*args, "--jobs", "1"]), capsys.readouterr().out
    assert not gleaned.shares
    two.run(HELPS.format(gleaned.begin))
    assert cli.run([*args, "--cluster", two.address]) == code
    assert capsys.readouterr().out == here
    assert any(found for *_, found in gleaned.shares)
    assert {worker for _, worker, _ in gleaned.shares} == set(two.run("__import__('os').getpid()").values())


def test_a_worker_that_is_lost_while_it_helps_costs_nothing(two, streams, helped, all_media, run, told, tmp_path):
    """It has two streams, which the other takes up."""
    once = str(tmp_path / "once")
    dies = f"""\
    if len(share.streams) == 2 and not os.path.exists({once!r}):
        os.mkdir({once!r})
        os.kill(os.getppid(), 9)
    return follow(share)"""
    alone = told(run(Here(), all_media, [streams])[0])
    before = set(two.run("__import__('os').getpid()").values())
    two.run(HELPS.format(helped.begin.replace("    return follow(share)", dies)))
    assert told(run(Cluster(two.address, 1), all_media, [streams])[0]) == alone
    assert len({worker for _, worker, _ in helped.shares} & before) == 2
    assert [count for *_, count in helped.shares].count(2) == 2


def test_no_key_is_shown_where_a_worker_tells_what_it_was_asked():
    assert "secret" not in repr(cluster.Parcel(b"secret"))
