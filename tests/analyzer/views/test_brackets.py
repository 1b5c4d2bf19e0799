from hypothesis import given
from hypothesis import strategies as st

from analyzer.views.brackets import lanes

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: (min(ends), max(ends))))


def test_what_comes_later_takes_the_lane_that_is_free_again():
    assert lanes([(0, 3), (1, 2), (4, 5), (3, 6)], 2) == (0, 1, 0, 1)


def test_what_has_no_room_is_left_out():
    assert lanes([(0, 9), (1, 2), (3, 4)], 1) == (0, None, None)
    assert lanes([(0, 1)], 0) == (None,)


@given(spans=SPANS, most=st.integers(0, 5))
def test_no_two_brackets_are_drawn_over_each_other(spans, most):
    given_ = lanes(spans, most)
    for place, (first, last) in enumerate(spans):
        for other, (begin, end) in enumerate(spans[:place]):
            if given_[place] is not None and given_[place] == given_[other]:
                assert end < first or last < begin
    assert all(lane is None or 0 <= lane < most for lane in given_)
