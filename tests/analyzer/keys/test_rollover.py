import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.keys.rollover import Rollover


@pytest.mark.parametrize(
    ("known", "sequence", "likely"),
    [
        (Rollover(), 5, 0),
        (Rollover(7), 5, 7),
        (Rollover(7, ahead=(100, 9)), 5, 9),
        (Rollover(7, ahead=(100, 9)), 60_000, 8),
        (Rollover(7, 100), 101, 7),
        (Rollover(7, 65_530), 3, 8),
        (Rollover(7, 3), 65_530, 6),
        (Rollover(0, 3), 65_530, 0),
    ],
)
def test_the_likely_one_comes_first(known, sequence, likely):
    assert known.rocs(sequence)[0] == likely


@settings(max_examples=100)
@given(begin=st.integers(0, 1 << 20), steps=st.lists(st.integers(-50, 30_000), min_size=1, max_size=60))
def test_it_follows_a_stream(begin, steps):
    known, highest = Rollover(begin >> 16, begin & 0xFFFF), begin
    for step in steps:
        index = max(highest + step, 0)
        assert known.rocs(index & 0xFFFF)[0] == index >> 16
        assert not known.follow(index & 0xFFFF, index >> 16)
        highest = max(highest, index)


def test_one_that_goes_back_is_told():
    known = Rollover(7, 100)
    assert known.follow(101, 6)
    assert not known.follow(102, 6)


def test_what_is_expected_comes_first():
    known = Rollover(0, 5)
    for index in (3 << 16, (3 << 16) + 9, (2 << 16) + 0xFFFF):
        known.expect(index)
        assert known.rocs(index & 0xFFFF)[0] == index >> 16
        assert not known.follow(index & 0xFFFF, index >> 16)
