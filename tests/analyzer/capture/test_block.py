import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.block import MAX_ALIKE, Block, alike, heads

OCTETS = memoryview(bytes(range(64)))


def block(*, starts: list[int], captured: list[int]) -> Block:
    count = len(starts)
    column = np.zeros(count, dtype=np.int64)
    return Block(
        3, np.frombuffer(OCTETS, dtype=np.uint8), np.array(starts), np.array(captured), np.array(captured) + 5,
        np.arange(count) + 7, np.arange(count) + 1, column + 1, column,
    )  # fmt: skip


def test_a_row_becomes_a_frame():
    frame = block(starts=[0, 10], captured=[2, 3]).frame(1)
    assert (frame.capture, frame.number, frame.time, frame.link_type) == (3, 2, 8, 1)
    assert (frame.data, frame.length, frame.interface) == (bytes([10, 11, 12]), 8, 0)
    assert type(frame.number) is int


def test_shifted_moves_time_only():
    one = block(starts=[0, 10], captured=[2, 3])
    other = one.shifted(100)
    assert [other.frame(row).time for row in range(2)] == [107, 108]
    assert one.frame(0).time == 7
    assert other.frame(0).data == one.frame(0).data


def test_heads_are_rows():
    rows = heads(OCTETS, np.array([0, 5, 60]), 4)
    assert rows.tolist() == [[0, 1, 2, 3], [5, 6, 7, 8], [60, 61, 62, 63]]


@given(st.lists(st.sampled_from([10, 10, 10, 12]), min_size=1, max_size=20), st.sampled_from("<>"), st.integers(0, 9))
def test_alike_counts_the_run_at_the_begin(values: list[int], order: str, spare: int):
    stride = 20
    value = values[0]
    data = b"".join(bytes(8) + number.to_bytes(4, "little" if order == "<" else "big") + bytes(8) for number in values)
    counted = alike(memoryview(data + bytes(spare)), 8, stride, order, value, len(data) + spare)
    expected = next((index for index, other in enumerate(values) if other != value), len(values))
    assert counted == expected


@pytest.mark.parametrize("order", ["<", ">"])
def test_alike_looks_at_a_bounded_run(order: str):
    number = (3).to_bytes(4, "little" if order == "<" else "big")
    data = memoryview((bytes(8) + number) * (2 * MAX_ALIKE))
    assert alike(data, 8, 12, order, 3, len(data)) == MAX_ALIKE
