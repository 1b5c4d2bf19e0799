"""Results as octets: what goes in comes out, and octets of somebody else run nothing."""

import os
import pickle
import zlib
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.batch import Note
from analyzer.capture.case import find_cases
from analyzer.executors import Result, Task
from analyzer.executors.packing import HEAD, PackedError, note_of, packed, unpacked
from analyzer.executors.work import Here, work
from analyzer.report import Verdict

NOTE = Note("a", Verdict.PASS)


def octets(note, rest):
    head = pickle.dumps(note)
    return HEAD.pack(len(head)) + head + zlib.compress(pickle.dumps(rest))


def test_what_goes_in_comes_out(cases, job):
    for _, result in Here().run(job, (Task(*each) for each in enumerate(cases))):
        data = packed(result)
        assert unpacked(data) == result == unpacked(result)
        assert note_of(data) == result.note == note_of(result)


def test_verdicts_are_packed_alike_by_every_python(monkeypatch):
    before = packed(Result(NOTE, (), None))
    monkeypatch.setattr(Verdict, "__reduce_ex__", lambda self, _: (getattr, (Verdict, self.name)))  # as 3.11.2 does
    assert packed(Result(NOTE, (), None)) == before
    assert note_of(before) == NOTE


class Evil:
    def __reduce__(self):
        return os.mkdir, ("/tmp/keyshark-was-here",)


class Getter:
    def __reduce__(self):
        return attrgetter, ("x",)


class Factory:
    def __reduce__(self):
        return work, ()  # of ours, but no value


@pytest.mark.parametrize("value", [Evil(), Getter(), Factory(), pickle.loads, find_cases, Task])
def test_what_is_no_value_of_ours_is_refused_and_not_run(value):
    for data in (octets(value, ((), None)), octets(NOTE, ((), value))):
        with pytest.raises(PackedError):
            unpacked(data)
    assert not os.path.exists("/tmp/keyshark-was-here")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00",
        b"\xff\xff\xff\xff",
        octets(NOTE, ((), None))[:-3],
        octets(NOTE, "text"),
        octets(NOTE, ((), NOTE)),
        octets("text", ((), None)),
        HEAD.pack(0) + zlib.compress(b"no pickle"),
    ],
)
def test_octets_that_are_no_result_say_so(data):
    with pytest.raises(PackedError):
        unpacked(data)


@given(st.binary(max_size=200))
def test_octets_of_any_kind_raise_nothing_else(data):
    for look in (unpacked, note_of):
        try:
            look(data)
        except PackedError:
            continue
