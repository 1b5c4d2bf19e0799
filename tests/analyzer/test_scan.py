"""A scan tells what an analysis tells, as far as nothing has to be dissected."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyse
from analyzer.capture.case import find_cases
from analyzer.scan import Scan, scan

ROOT = Path(__file__).parents[2]
SAMPLES = ("sip_good", "http_good", "expired_b_tid_http")
REAL = sorted((ROOT.parent / "shared" / "captures").glob("*.pcap*"))


def same(found: Scan, analysis: Analysis) -> None:
    """Protocols, what was opened and what was not read, legs, captures, and how many packets each media stream has."""
    assert [(m.protocol, m.payload) for m in found.messages] == [
        (m.protocol, m.payload) for m in analysis.story.traffic.messages
    ]
    assert found.decoded == analysis.decoded
    told = analysis.report
    assert (found.report.captures, found.report.sightings, found.report.clocks) == (
        told.captures, told.sightings, told.clocks
    )  # fmt: skip
    packets: Counter[tuple[str, int, bool]] = Counter()
    for group in analysis.story.media:
        packets[group.destination, group.ssrc, group.protocol.endswith("rtcp")] += group.packets
    assert {(s.destination, s.ssrc, s.rtcp): s.packets for s in found.streams} == dict(packets)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    (case,) = find_cases([str(ROOT / "sample_pcaps" / name)])
    found = scan(case)
    assert found.messages
    assert found.streams
    same(found, analyse(case))


@pytest.mark.skipif(not REAL, reason="the folder of real captures is not there")
@pytest.mark.parametrize("path", REAL, ids=[path.name for path in REAL])
def test_real_captures(path: Path) -> None:
    """ESP among them, whose keys only the messages show."""
    (case,) = find_cases([str(path)])
    same(scan(case), analyse(case))


def test_nothing_is_read_and_nothing_of_media_is_kept() -> None:
    (case,) = find_cases([str(ROOT / "sample_pcaps" / "http_good")])
    found = scan(case)
    assert all(message.body is None and not message.inner for message in found.messages)
    assert not any(stream.kept for stream in found.streams)


def test_objects_of_flute_are_counted_as_an_analysis_finds_them() -> None:
    (case,) = find_cases([str(ROOT / "sample_pcaps" / "download_good")])
    found, whole = scan(case), analyse(case)
    assert [(m.protocol, m.frame) for m in found.messages] == [(m.protocol, m.frame) for m in whole.messages]
    assert found.decoded.counts == whole.decoded.counts == {"FLUTE packets that brought nothing new": 15}


def test_progress() -> None:
    (case,) = find_cases([str(ROOT / "sample_pcaps" / "http_good")])
    told: list[tuple[int, int]] = []
    scan(case, progress=lambda position, total: told.append((position, total)))
    assert told[-1][0] == told[-1][1] == Path(case.captures[0]).stat().st_size
