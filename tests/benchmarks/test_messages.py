"""What is measured is what the table says it is; no time is judged here."""

import subprocess
import sys

import pytest

from analyzer.capture.reader import open_capture
from analyzer.decode.decoder import Decoder
from benchmarks.messages import Sample, cost, file_of, rich_invite, samples, table
from dissectors import Payload, dissect


@pytest.fixture(scope="module")
def measured() -> dict[str, Sample]:
    return {sample.name: sample for sample in samples()}


def test_every_sample_is_read_without_a_finding(measured):
    for sample in measured.values():
        message = sample.read()
        assert message is not None
        assert [part.error for part in message.walk()] == [None] * len(list(message.walk()))


def test_the_rich_invite_is_what_its_name_says(measured):
    message = dissect(next(s.payload for s in measured.values() if s.payload.data == rich_invite()))
    assert message is not None
    assert len(message.body.headers) == 25
    assert [part.protocol for part in message.inner] == ["sdp", "mbms-xml"]


def test_samples_of_dpkt_are_read_by_it(measured):
    read = [sample.dpkt(sample.payload.data) for sample in measured.values() if sample.dpkt is not None]
    assert len(read) == 5


@pytest.mark.parametrize("over_tcp", [False, True])
def test_a_file_holds_as_many_copies_as_asked_for(measured, tmp_path, over_tcp):
    sample = next(s for s in measured.values() if s.filter and (s.payload.transport == "tcp") is over_tcp)
    path = tmp_path / "copies.pcap"
    path.write_bytes(file_of(sample, 3))
    decoder = Decoder()
    found = [payload for frame in open_capture(str(path)) for payload in decoder.feed(frame)]
    assert [payload.data for payload in found if isinstance(payload, Payload)] == [sample.payload.data] * 3


def test_work_is_done_in_every_round():
    done = []
    assert cost(lambda: done.append(1), 3) >= 0
    assert len(done) % 3 == 0
    assert done


def test_the_table_has_a_row_a_sample_and_dashes_for_who_cannot(monkeypatch, measured):
    monkeypatch.setattr("shutil.which", lambda name: None)
    head, rule, *rows = table(1, 1)
    assert head.count("|") == rule.count("|")
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(measured)
    assert all(row.endswith("| - | - |") and row.count("|") == head.count("|") for row in rows)


def test_the_command_prints_the_machine_first():
    run = subprocess.run(
        [sys.executable, "-c", "from benchmarks import messages; messages.table = lambda *_: ['row']; messages.main()"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Python" in run.stdout.splitlines()[0]
    assert run.stdout.endswith("\n\nrow\n")
