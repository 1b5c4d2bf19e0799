"""The lives of keys as a picture: bars over the right times, and what goes on beyond the capture."""

import pytest

from analyzer.report import Verdict
from analyzer.views.chart_picture import LABEL, LEAST, WIDTH, draw
from analyzer.views.exhibits import Lives
from analyzer.views.lifelines import Bar, Moment

S = 10**9
BARS = (
    Bar("Ks", "a Ks", 0, 10 * S, 5000 * S, (0, 1)),
    Bar("Key group 1", "group", verdict=Verdict.FAIL, is_headline=True),
    Bar("asks", "asks, granted", 1, 15 * S, 15 * S, (0, 2), Verdict.PASS, (Moment(15 * S, "✓"),)),
    Bar("MTK 1", "sent once", 1, 15 * S, 15 * S),
    Bar("✗ 0001", "cannot decrypt", 1, 12 * S, 17 * S, None, Verdict.FAIL),
    Bar("MSK 2", "that no key opens", 1, 12 * S, None, None, Verdict.INCONC),
)


@pytest.fixture
def chart():
    return draw("ue1", Lives(BARS, 10 * S, 20 * S, 7), 10.0)


def test_bars_lie_over_their_times(chart):
    ks, headline, asks, mtk, gap, msk = chart.rows
    assert (ks.x, ks.width, ks.goes_on) == (LABEL, WIDTH, True)
    assert headline.is_headline
    assert (asks.width, [(sign.x, sign.text) for sign in asks.signs]) == (0, [(LABEL + WIDTH // 2, "✓")])
    assert (mtk.x, mtk.width, mtk.goes_on) == (LABEL + WIDTH // 2, LEAST, False)
    assert (gap.x, gap.width, gap.is_gap) == (LABEL + WIDTH // 5, WIDTH // 2, True)
    assert (msk.x + msk.width, msk.goes_on, msk.label) == (LABEL + WIDTH, True, "? MSK 2")
    assert [row.is_gap for row in chart.rows].count(True) == 1
    heights = [row.y for row in chart.rows]
    assert heights == sorted(set(heights))
    assert heights[-1] < chart.height


def test_the_axis_tells_seconds_since_the_first_packet(chart):
    assert chart.ticks[0] == (LABEL, "0 s")
    assert [told for _, told in chart.ticks] == ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]


def test_it_is_told_to_who_cannot_see_it(chart):
    assert chart.told == "Keys of ue1 over time: 6 lines, 1 time without a key"
    assert chart.left_out == 7


@pytest.mark.parametrize("length", [1, 1000, 10**6, 3 * S, 86400 * S, 10**9 * S])
def test_any_length_has_an_axis_with_a_few_times(length):
    chart = draw("ue1", Lives(BARS[:1], 0, length, 0), 0.0)
    assert 1 <= len(chart.ticks) <= 9
