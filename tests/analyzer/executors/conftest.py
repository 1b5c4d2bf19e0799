"""Cases that are really read, as processes and machines know no fakes."""

from pathlib import Path

import pytest

from analyzer import medialog, stretched
from analyzer.analysis import Options
from analyzer.capture import source, stretch
from analyzer.capture.case import CaseFiles, find_cases
from analyzer.executors import Job, Result, Task, processes
from analyzer.executors.packing import unpacked

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"


class Odd(CaseFiles):
    """A case that does something to the process that takes it up."""

    __slots__ = ()

    def __reduce__(self):
        return exec, (self.config,)


class Twice(Odd):
    """The same, one process further on."""

    __slots__ = ()

    def __reduce__(self):
        members = (
            f"{{'name': {self.name!r}, 'captures': ('x.pcap',), '__reduce__': lambda _: (exec, ({self.config!r},))}}"
        )
        return eval, (f"type('Odd', (), {members})()",)


def odd(code, name="odd", kind=Odd):
    return kind(name, ("x.pcap",), config=code)


@pytest.fixture
def cases(tmp_path):
    """Some that are no captures, and one that is."""
    found = []
    for number, octets in enumerate((b"", b"hello", b"PK\x03\x04....", b"\xff" * 40)):
        path = tmp_path / f"{number}.pcap"
        path.write_bytes(octets)
        found.append(CaseFiles(f"case {number}", (str(path),)))
    return [*found, *find_cases([str(SAMPLES / "msk_under_another_muk")])]


class Helped:
    """What processes did that were begun with `begin`, to which little is much: parts done, by whom."""

    def __init__(self, path, code):
        self.path = path
        self.begin = processes.BEGIN.replace("main(int", code.format(str(path)) + "main(int")

    @property
    def shares(self):
        """Of each part the process, the one that began it, and how many streams it has."""
        lines = self.path.read_text().splitlines() if self.path.exists() else ()
        return [tuple(map(int, line.split())) for line in lines]


LITTLE = """\
import os
from analyzer import medialog, sharing
medialog.MAX_KEPT, sharing.MIN_SHARE = 20, 100
follow = sharing.Share.follow
def told(share):
    with open({!r}, "a") as file:
        file.write(f"{{os.getpid()}} {{os.getppid()}} {{len(share.streams)}}\\n")
    return follow(share)
sharing.Share.follow = told
"""


SHORT = """\
import os
from analyzer import gleaning, medialog, stretched
from analyzer.capture import source, stretch
source.WINDOW, stretch.STRETCH, stretched.STRETCH, stretched.FEWEST, medialog.MAX_KEPT = 2048, 8192, 8192, 1, 20
glean = gleaning.Gleaning.follow
def told(self):
    found = glean(self)
    with open({!r}, "a") as file:
        file.write(f"{{os.getpid()}} {{os.getppid()}} {{found is not None:d}}\\n")
    return found
gleaning.Gleaning.follow = told
"""


@pytest.fixture
def gleaned(tmp_path, monkeypatch):
    """What processes did to which a few kB are a long capture: stretches, by whom, and whether they gleaned any."""
    made = Helped(tmp_path / "stretches", SHORT)
    monkeypatch.setattr(processes, "BEGIN", made.begin)
    for module, name, value in (
        (source, "WINDOW", 2048), (stretch, "STRETCH", 8192), (stretched, "STRETCH", 8192), (medialog, "MAX_KEPT", 20)
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    return made


@pytest.fixture
def helped(tmp_path, monkeypatch):
    made = Helped(tmp_path / "shares", LITTLE)
    monkeypatch.setattr(processes, "BEGIN", made.begin)
    return made


@pytest.fixture
def all_media():
    """A job that verifies all media."""
    return Job(Options(media="all"), shown=("json",), whole=True)


@pytest.fixture
def job():
    return Job(Options(), shown=("json", "text"), whole=True)


@pytest.fixture
def run():
    """Run an executor; return results in the order of cases, and the numbers in the order in which they came."""

    def results(executor, job, cases, progress=None) -> tuple[list[Result], list[int]]:
        came = list(executor.run(job, (Task(*each) for each in enumerate(cases)), progress))
        by_number = {number: unpacked(result) for number, result in came}
        assert sorted(by_number) == list(range(len(cases)))
        return [by_number[number] for number in range(len(cases))], [number for number, _ in came]

    return results


@pytest.fixture
def told():
    """What results come to, but for tracebacks: they say where it was."""

    def plain(results):
        return [
            (r.note.name, r.note.verdict, r.note.fault and r.note.fault.text, r.shown, r.outcome and r.outcome.report)
            for r in results
        ]

    return plain
