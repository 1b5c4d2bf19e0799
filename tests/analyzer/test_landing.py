"""Which files nobody writes to any more, told by a clock of the test."""

import os

from analyzer.landing import MAX_KNOWN, Landing, files, is_hidden


def test_a_file_is_given_when_it_has_settled(tmp_path):
    landing, path = Landing(settle=2.0), tmp_path / "a.pcap"
    path.write_bytes(b"1")
    landing.changed(path, 10.0)
    assert landing.ready(11.9) == []
    assert landing.ready(12.0) == [path]
    assert landing.ready(20.0) == []


def test_growth_without_a_word_is_seen(tmp_path):
    landing, path = Landing(settle=2.0), tmp_path / "a.pcap"
    path.write_bytes(b"1")
    landing.changed(path, 10.0)
    path.write_bytes(b"12")
    assert landing.ready(12.0) == []
    assert landing.ready(13.9) == []
    assert landing.ready(14.0) == [path]


def test_a_file_that_is_written_to_again_is_given_again(tmp_path):
    landing, path = Landing(settle=0.0), tmp_path / "a.pcap"
    path.write_bytes(b"1")
    landing.changed(path, 1.0)
    assert landing.ready(1.0) == [path]
    landing.changed(path, 2.0)  # a change of what says nothing about its octets
    assert landing.ready(2.0) == []
    path.write_bytes(b"12")
    landing.changed(path, 3.0)
    assert landing.ready(3.0) == [path]


def test_what_is_skipped_counts_when_it_changes(tmp_path):
    landing, path = Landing(settle=0.0), tmp_path / "a.pcap"
    path.write_bytes(b"1")
    landing.skip(path)
    landing.changed(path, 1.0)
    assert landing.ready(1.0) == []
    os.utime(path, ns=(1, 1))
    landing.changed(path, 2.0)
    assert landing.ready(2.0) == [path]


def test_what_is_gone_is_forgotten(tmp_path):
    landing, path = Landing(settle=0.0), tmp_path / "a.pcap"
    path.write_bytes(b"1")
    landing.changed(path, 1.0)
    path.unlink()
    assert landing.ready(1.0) == []
    landing.skip(path)
    landing.changed(tmp_path, 1.0)  # a folder
    assert (landing.waiting, landing.taken) == ({}, {})


def test_files_come_in_the_order_in_which_they_settled(tmp_path):
    landing = Landing(settle=1.0)
    for at, name in enumerate(("c", "a", "b")):
        (tmp_path / name).write_bytes(b"1")
        landing.changed(tmp_path / name, float(at))
    assert [path.name for path in landing.ready(9.0)] == ["c", "a", "b"]


def test_the_memory_has_an_end(tmp_path):
    landing, path = Landing(settle=0.0), tmp_path / "a"
    path.write_bytes(b"1")
    landing.taken = {tmp_path / str(number): (1, 1) for number in range(MAX_KNOWN)}
    landing.skip(path)
    assert len(landing.taken) == MAX_KNOWN
    assert path in landing.taken


def test_hidden_files_are_none(tmp_path):
    for name in (".part", "a", ".hidden/b", "c/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert {path.relative_to(tmp_path).as_posix() for path in files(tmp_path)} == {"a", "c/d"}
    assert is_hidden(tmp_path / ".hidden" / "b", tmp_path)
    assert not is_hidden(tmp_path / "c" / "d", tmp_path)
