"""A state: what was done is there again, what was cut is not, and what is something else is left as it is."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from analyzer.analysis import Options
from analyzer.capture.case import CaseFiles
from analyzer.executors import Job
from analyzer.executors import state as module
from analyzer.executors.state import StateError, digest, open_state, temporary

JOB = Job(Options(today=date(2026, 1, 2)), shown=("json",))
A, B = bytes(range(16)), bytes(range(16, 32))


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.state")


def filled(path):
    state = open_state(path, JOB)
    state.spool.append(A, b"one")
    state.spool.append(B, b"twotwo" * 100)
    state.spool.close()


def contents(state):
    return {key: state.spool.read(place) for key, place in state.places.items()}


def test_what_was_put_in_is_there_again(path):
    filled(path)
    state = open_state(path, JOB)
    assert contents(state) == {A: b"one", B: b"twotwo" * 100}
    state.spool.append(A, b"newer")
    state.spool.close()
    assert contents(open_state(path, JOB)) == {A: b"newer", B: b"twotwo" * 100}
    assert Path(path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 100, 599, 600, 620, 640, 650, 680])
def test_a_record_that_was_cut_is_written_over(cut, path):
    filled(path)
    os.truncate(path, os.stat(path).st_size - cut)
    state = open_state(path, JOB)
    assert B not in state.places
    state.spool.append(B, b"two")
    state.spool.close()
    assert contents(open_state(path, JOB))[B] == b"two"


def test_a_record_that_was_changed_ends_what_is_taken(path):
    filled(path)
    octets = bytearray(Path(path).read_bytes())
    octets[-1] ^= 1
    Path(path).write_bytes(octets)
    assert contents(open_state(path, JOB)) == {A: b"one"}


@pytest.mark.parametrize("size", range(0, 80, 9))
def test_a_first_line_that_was_cut_begins_anew(size, path):
    filled(path)
    os.truncate(path, size)
    assert open_state(path, JOB).places == {}


def test_the_day_is_that_on_which_it_was_begun(path):
    filled(path)
    later = replace(JOB, options=replace(JOB.options, today=date(2026, 1, 3)))
    assert open_state(path, later).job == JOB


@pytest.mark.parametrize(
    "job",
    [
        replace(JOB, shown=("json", "text")),
        replace(JOB, whole=True),
        replace(JOB, failures_only=True),
        replace(JOB, look=len),
        replace(JOB, options=replace(JOB.options, select=("MS",))),
        replace(JOB, options=replace(JOB.options, show_keys=True)),
    ],
)
def test_other_options_are_refused(job, path):
    filled(path)
    with pytest.raises(StateError, match="other options"):
        open_state(path, job)


def test_a_keyring_that_has_changed_since_is_another_option(path, tmp_path):
    keys = tmp_path / "keys.toml"
    keys.write_text("")
    job = replace(JOB, options=replace(JOB.options, keys=(str(keys),)))
    open_state(path, job).spool.close()
    open_state(path, job).spool.close()
    keys.write_text("# more")
    with pytest.raises(StateError, match="other options"):
        open_state(path, job)


def test_another_keyshark_is_refused(path, monkeypatch):
    filled(path)
    monkeypatch.setattr(module, "VERSION", "9.9")
    with pytest.raises(StateError, match=r"was begun by keyshark 0\.1\.0, this is 9\.9"):
        open_state(path, JOB)


@pytest.mark.parametrize("octets", [b"hello\n", b"{}\n", b'{"what": 1}\n', b"[]\n", b"x" * 5000, b"\xff\n"])
def test_another_file_is_left_as_it_is(octets, path):
    Path(path).write_bytes(octets)
    with pytest.raises(StateError, match="is no state of keyshark"):
        open_state(path, JOB)
    assert Path(path).read_bytes() == octets


def test_two_at_once_are_refused(path):
    first = open_state(path, JOB)
    with pytest.raises(StateError, match="another keyshark is at it"):
        open_state(path, JOB)
    first.spool.close()


def test_a_folder_and_a_missing_folder_are_refused(tmp_path):
    with pytest.raises(StateError, match="Is a directory"):
        open_state(str(tmp_path), JOB)
    with pytest.raises(StateError, match="No such file"):
        open_state(str(tmp_path / "a" / "b"), JOB)


def test_a_case_is_known_by_its_files(tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(b"1")
    case = CaseFiles("a", (str(path),))
    before = digest(case)
    assert before == digest(CaseFiles("a", (str(path),)))
    assert before != digest(replace(case, keyrings=("k.toml",)))
    path.write_bytes(b"12")
    assert digest(case) != before
    assert digest(CaseFiles("missing", ("no\0name",)))


def test_a_temporary_spool_has_no_name():
    spool = temporary()
    place = spool.append(A, b"x" * 1000)
    spool.append(A, b"y")
    assert spool.read(place) == b"x" * 1000
    spool.close()
