"""Looking for many strings at once finds those that one by one are found."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import search
from analyzer.capture.search import standing

LETTERS = st.text(alphabet="abc", max_size=60).map(str.encode)


@given(LETTERS, st.lists(st.text(alphabet="abc", min_size=4, max_size=8).map(str.encode), max_size=8))
def test_as_one_by_one(data, wanted):
    assert standing(io.BytesIO(data), wanted) == {each for each in wanted if each in data}


@given(
    st.binary(max_size=60),
    st.integers(1, 20),
    st.lists(st.binary(min_size=4, max_size=9), max_size=4),
    st.integers(0, 50),
)
def test_over_the_ends_of_blocks(data, block, others, at):
    wanted = [*others, *([data[at : at + 6]] if len(data[at : at + 6]) >= 4 else [])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "BLOCK", block)
        assert standing(io.BytesIO(data), wanted) == {each for each in wanted if each in data}


def test_nothing_and_too_little():
    assert standing(io.BytesIO(b"abcdef"), []) == set()
    assert standing(io.BytesIO(b""), [b"abcd"]) == set()
    with pytest.raises(ValueError, match="3 octets"):
        standing(io.BytesIO(b"abcdef"), [b"abc"])
