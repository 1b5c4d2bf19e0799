"""Reading: payloads in the order of time, and media to the log; what is made of them is tested with who asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.capture.case import find_cases
from analyzer.reading import begin

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("keep_media", [True, False])
def test_payloads_come_in_the_order_of_time_and_media_go_to_the_log(keep_media: bool) -> None:
    (case,) = find_cases([str(ROOT / "sample_pcaps" / "http_good")])
    reading = begin(case, keep_media=keep_media)
    times = [payload.time for payload in reading.payloads(lambda: ())]
    assert times
    first, last = reading.window()
    assert all(first <= time <= last for time in times)
    udp = [p.time for p in begin(case).payloads(lambda: ()) if p.transport == "udp"]
    assert udp == sorted(udp)
    assert sum(stream.packets for stream in reading.media.streams.values()) == 113
    assert any(stream.kept for stream in reading.media.streams.values()) == keep_media


def test_offsets_of_clocks_move_the_window(tmp_path: Path) -> None:
    capture = (ROOT / "sample_pcaps" / "http_good" / "capture.pcapng").read_bytes()
    (tmp_path / "a.pcapng").write_bytes(capture)
    (tmp_path / "keyring.toml").write_text("")
    windows = []
    for said in ("", '[capture."a.pcapng"]\nclock_offset = 2.5\n'):
        (tmp_path / "case.toml").write_text(said)
        (case,) = find_cases([str(tmp_path)])
        reading = begin(case)
        list(reading.payloads(lambda: ()))
        windows.append(reading.window())
    assert [late - early for early, late in zip(*windows, strict=True)] == [2_500_000_000] * 2
