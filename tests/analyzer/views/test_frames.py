"""Frames as evidence."""

from __future__ import annotations

from analyzer.report import Evidence
from analyzer.views.frames import MAX_FRAMES, frames


def test_one_frame_and_several():
    assert frames([Evidence(0, 7)], several=False) == "frame 7"
    assert frames([Evidence(0, 7), Evidence(1, 2)], several=True) == "frames [0] 7, [1] 2"


def test_not_more_than_a_line_takes():
    shown = frames([Evidence(0, number) for number in range(1, 20)], several=False)
    assert shown.endswith(f"{MAX_FRAMES} and {19 - MAX_FRAMES} more")
