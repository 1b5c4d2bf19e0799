"""A sample of a stream: how its packets come does not matter, and what it has to hold is there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import sampling
from analyzer.capture.block import Block
from analyzer.decode.mediacolumns import MediaColumns
from analyzer.decode.packets import MediaPacket
from analyzer.sampling import Sampler, mki_place


def packet(sequence, mki, number):
    data = b"\x80\x60" + (sequence & 0xFFFF).to_bytes(2, "big") + bytes(8) + number.to_bytes(4, "big") + mki + bytes(14)
    return MediaPacket(0, number + 1, number * 1000, "0.0.0.0", "239.1.2.3", 5000, data)


def stream(mkis, begin=0):
    return [packet(begin + number, mki, number) for number, mki in enumerate(mkis)]


def as_columns(packets):
    octets = np.frombuffer(b"".join(p.data for p in packets) + bytes(64), dtype=np.uint8)
    sizes = np.array([len(p.data) for p in packets])
    begins = np.cumsum(sizes) - sizes
    rows = np.arange(len(packets))
    zeros = np.zeros(len(packets), dtype=np.int64)
    numbers, times = np.array([p.frame for p in packets]), np.array([p.time for p in packets])
    block = Block(0, octets, begins, sizes, sizes, times, numbers, zeros, zeros)
    source = np.zeros((len(packets), 4), dtype=np.uint8)
    destination = np.tile(np.array([239, 1, 2, 3], dtype=np.uint8), (len(packets), 1))
    return MediaColumns(block, rows, source, destination, zeros + 5000, zeros, begins, sizes), rows


def told(sampler):
    return [(one.packet, one.number, one.extended) for one in sampler.sample()]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(sampling, "MAX_SHARE", 8)
    monkeypatch.setattr(sampling, "LAST", 4)
    monkeypatch.setattr(sampling, "BATCH", 5)
    monkeypatch.setattr(sampling, "MAX_CHANGES", 6)


RUNS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(runs=RUNS, cuts=st.lists(st.integers(1, 20), max_size=10), begin=st.integers(0, 0xFFFF))
def test_it_does_not_matter_how_packets_come(runs, cuts, begin):
    packets = stream([bytes([7] * 5 + [which]) for which, times in runs for _ in range(times)], begin)
    one_by_one, by_blocks, mixed = (Sampler(0, begin - 1 & 0xFFFF, 20) for _ in range(3))
    for each in packets:
        one_by_one.add(each)
    left, turn = packets, 0
    for size in (*cuts, len(packets)):
        part, left = left[:size], left[size:]
        if not part:
            continue
        by_blocks.add_columns(*as_columns(part))
        if turn % 2:
            mixed.add_columns(*as_columns(part))
        else:
            for each in part:
                mixed.add(each)
        turn += 1
    assert told(one_by_one) == told(by_blocks) == told(mixed)
    assert one_by_one.packets == by_blocks.packets == mixed.packets == len(packets)


@settings(max_examples=300, deadline=None)
@given(runs=RUNS, cuts=st.lists(st.integers(1, 20), max_size=10), begin=st.integers(0, 0xFFFF), kept=st.booleans())
def test_samples_of_parts_are_joined_to_that_of_the_whole(runs, cuts, begin, kept):
    packets = stream([bytes([7] * 5 + [which]) for which, times in runs for _ in range(times)], begin)
    whole, joined = (Sampler(0, (begin - 1 & 0xFFFF) if kept else None, 20) for _ in range(2))
    whole.add_columns(*as_columns(packets))
    left = packets
    for size in (*cuts, len(packets)):
        part, left = left[:size], left[size:]
        before = part[0].frame - 1 if part else 0
        other = Sampler(0, None, 20)
        for each in part:
            other.add(each._replace(frame=each.frame - before))
        joined.join(other, before)
    assert told(whole) == told(joined)
    assert whole.packets == joined.packets == len(packets)


def test_both_sides_of_a_change_are_there():
    packets = stream([b"first." for _ in range(500)] + [b"second" for _ in range(500)])
    sampler = Sampler(0, None, 20)
    sampler.add_columns(*as_columns(packets))
    numbers = {one.number for one in sampler.sample()}
    assert {500, 501, 502} <= numbers
    assert {997, 998, 999, 1000} <= numbers
    assert len(numbers) < 40


def test_it_stays_small_whatever_comes():
    sampler = Sampler(0, None, 20)
    for begin in range(0, 20_000, 1000):
        mkis = [(number // 2).to_bytes(6, "big") for number in range(begin, begin + 1000)]
        sampler.add_columns(*as_columns([packet(begin + at, mki, begin + at) for at, mki in enumerate(mkis)]))
    most = 3 * sampling.MAX_CHANGES + sampling.MAX_SHARE + sampling.LAST + 1
    assert sampling.MAX_SHARE // 4 < len(sampler.sample()) <= most


def test_sequence_numbers_go_on_when_they_roll_over():
    packets = [packet(number * 20_000, b"sixsix", number) for number in range(40)]
    sampler = Sampler(0, 0, 20)
    for each in packets:
        sampler.add(each)
    assert all(one.extended == (one.number - 1) * 20_000 for one in sampler.sample())


def test_packets_that_overtake_each_other_turn_no_number_over():
    order = [65534, 65536, 65535, 65538, 65537]
    sampler = Sampler(0, 65533, 20)
    for number, index in enumerate(order):
        sampler.add(packet(index, b"sixsix", number))
    assert [one.extended for one in sampler.sample()] == order


@pytest.mark.parametrize("place", sampling.PLACES)
def test_the_mki_is_where_octets_stay(place):
    rows = [bytes([number] * 40) + b"123456" + bytes([number * 7 % 251] * (place - 6)) for number in range(30)]
    assert mki_place(rows) == place
    assert mki_place([]) in sampling.PLACES
