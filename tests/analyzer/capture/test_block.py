import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.block import Block, alike, heads, numbers, spread

OCTETS = memoryview(bytes(range(64)))


def block(*, starts: list[int], captured: list[int]) -> Block:
    count = len(starts)
    column = np.zeros(count, dtype=np.int64)
    return Block(
        3, np.frombuffer(OCTETS, dtype=np.uint8), np.array(starts), np.array(captured), np.array(captured) + 5,
        np.arange(count) + 7, np.arange(count) + 1, column + 1, column,
    )  # fmt: skip


def test_rows_become_frames():
    frames = list(block(starts=[0, 10, 20], captured=[2, 3, 0]).frames(np.array([1, 2])))
    assert [(f.capture, f.number, f.time, f.link_type) for f in frames] == [(3, 2, 8, 1), (3, 3, 9, 1)]
    assert [(f.data, f.length, f.interface) for f in frames] == [(bytes([10, 11, 12]), 8, 0), (b"", 5, 0)]
    assert type(frames[0].number) is int


def test_shifted_moves_time_only():
    one = block(starts=[0, 10], captured=[2, 3])
    other = one.shifted(100)
    assert [frame.time for frame in other.frames(slice(None))] == [107, 108]
    assert [frame.time for frame in one.frames(slice(None))] == [7, 8]
    assert [frame.data for frame in other.frames(slice(None))] == [frame.data for frame in one.frames(slice(None))]


def test_heads_are_rows():
    rows = heads(OCTETS, np.array([0, 5, 60]), 4)
    assert rows.tolist() == [[0, 1, 2, 3], [5, 6, 7, 8], [60, 61, 62, 63]]


def test_numbers_begin_at_each_octet():
    assert numbers(OCTETS, ">u2")[:3].tolist() == [0x0001, 0x0102, 0x0203]
    assert numbers(OCTETS, "<u4")[-1:].tolist() == [0x3F3E3D3C]
    assert len(numbers(OCTETS[:3], "<u4")) == 0


@given(st.lists(st.sampled_from([10, 10, 10, 12]), min_size=1, max_size=20), st.sampled_from("<>"), st.integers(5, 9))
def test_alike_counts_the_run_at_the_begin(values: list[int], order: str, stride: int):
    data = b"".join(np.array(number, f"{order}u4").tobytes() + bytes(stride - 4) for number in values)
    expected = next((index for index, other in enumerate(values) if other != values[0]), len(values))
    assert alike(numbers(memoryview(data), "V4")[::stride]) == expected


def test_alike_of_one():
    assert alike(numbers(OCTETS, "V4")[7:8]) == 1


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 5)), min_size=1, max_size=9), st.integers(0, 9))
def test_spread_finds_every_record_of_runs(runs: list[tuple[int, int]], first: int):
    begins, places, at = [], [], first
    for length, count in runs:
        begins.append(at)
        places += range(at, at + length * count, length)
        at += length * count
    lengths = np.array([length for length, _ in runs])
    assert spread(np.array(begins), at, lengths).tolist() == places
