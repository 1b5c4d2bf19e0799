from pathlib import Path

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import find_cases
from analyzer.tui.model import index
from analyzer.views.standing import ORDER, standing

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"


@pytest.mark.parametrize("name", ["http_good", "mtk_outside_window", "missed_update"])
def test_each_frame_has_the_verdict_that_the_ui_shows(name):
    (case,) = find_cases([str(SAMPLES / name)])
    analysis = analyse(case)
    found = standing(analysis.report.judgements, analysis.runs)
    assert found == {place: mark.word for place, mark in index(analysis).marks.items() if mark.word}
    assert found
    assert set(found.values()) <= set(ORDER)
