"""Clocks of several captures: what packets tell that were seen in two of them, and what case.toml says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.reader import open_capture
from analyzer.correlate import clocks
from analyzer.correlate.clocks import CASE_TOML, ESTIMATE, NONE, Clock, Estimate, Marks, estimated, held, look, offsets
from sample_pcaps import forge
from sample_pcaps.good import http_good

MS = 10**6
SECOND = 10**9


@pytest.mark.parametrize(
    ("differences", "estimate"),
    [
        ([], None),
        ([5] * 4, None),  # too few
        ([5] * 5, Estimate(5, 0, 5)),
        ([SECOND + n * MS for n in range(20)], Estimate(SECOND + 10 * MS, 15 * MS, 20)),
        ([SECOND] * 8 + [0, 90 * SECOND], Estimate(SECOND, 0, 8)),
        ([SECOND] * 7 + [0, 20 * SECOND, 90 * SECOND], None),  # too many that do not agree
        ([n * SECOND for n in range(30)], None),
    ],
)
def test_the_median_of_those_that_agree(differences, estimate):
    assert estimated(differences) == estimate
    assert estimated(reversed(differences)) == estimate


def test_marks_seen_by_two_and_once_by_each():
    marks = Marks()
    for point, mark, time in (
        (0, b"a", 10), (1, b"a", 4), (2, b"a", 11),
        (0, b"b", 20), (0, b"b", 20 + 100 * MS), (1, b"b", 14),  # on two legs
        (0, b"c", 30), (0, b"c", 30 + 500 * MS), (1, b"c", 24),  # sent again
        (1, b"d", 40),
    ):  # fmt: skip
        marks.add(point, mark, time)
    assert marks.differences() == {(0, 1): [6, 6], (0, 2): [-1], (1, 2): [-7]}


def test_the_oldest_marks_go_first(monkeypatch):
    monkeypatch.setattr(clocks, "MAX_MARKS", 2)
    marks = Marks()
    for mark in (b"a", b"b", b"c"):
        marks.add(0, mark, 0)
    for mark in (b"c", b"b"):
        marks.add(1, mark, 5)
    marks.add(1, b"a", 9)
    assert marks.differences() == {(0, 1): [-5]}  # b went when a came anew
    marks.add(1, b"c", 5)
    assert marks.differences() == {(0, 1): [-5]}


def test_enough_is_when_all_hang_together(monkeypatch):
    monkeypatch.setattr(clocks, "ENOUGH_PAIRS", 2)
    marks = Marks()

    def share(one, other, names):
        for name in names:
            marks.add(one, name, 0)
            marks.add(other, name, 0)

    share(1, 2, (b"a", b"b"))
    assert not marks.are_enough(3)
    share(0, 2, (b"c",))
    assert not marks.are_enough(3)
    share(0, 2, (b"d",))
    assert marks.are_enough(3)


SEVEN = {(0, 1): [7] * 5, (1, 2): [-3] * 6}


def test_clocks_are_held_against_the_first_one_or_one_that_is():
    assert held([[0], [1, 2], [3]], SEVEN, {}) == (
        Clock((1, 2), 0, 7, ESTIMATE, Estimate(7, 0, 5)),
        Clock((3,), 1, 4, ESTIMATE, Estimate(-3, 0, 6)),
    )


def test_what_is_said_wins_and_moves_those_that_hang_on_it():
    assert held([[0], [1, 2], [3]], SEVEN, {1: 100}) == (
        Clock((1, 2), 2 + 1, 100, CASE_TOML, Estimate(3, 0, 6)),
        Clock((3,), 1, 97, ESTIMATE, Estimate(-3, 0, 6)),
    )
    assert held([[0], [1]], {}, {0: 5}) == (Clock((0,), None, 5, CASE_TOML, None), Clock((1,), None, 0, NONE, None))


def test_those_that_share_nothing_with_the_first_one_are_held_against_each_other():
    assert held([[0], [1], [2]], {(1, 2): [9] * 5}, {}) == (
        Clock((1,), None, 0, NONE, None),
        Clock((2,), 1, 9, ESTIMATE, Estimate(9, 0, 5)),
    )


def test_offsets_by_capture():
    found = held([[0], [1, 2], [3]], SEVEN, {2: 50})
    assert offsets(found, {2: 50}) == {1: 50, 2: 50, 3: 47}
    assert offsets(held([[0], [1]], {(0, 1): [0] * 5}, {}), {}) == {}


def two(tmp_path, packets, other):
    (tmp_path / "a.pcapng").write_bytes(forge.pcapng(packets))
    (tmp_path / "b.pcapng").write_bytes(forge.pcapng(other))
    return [[open_capture(str(tmp_path / name), index)] for index, name in enumerate(("a.pcapng", "b.pcapng"))]


@pytest.mark.parametrize("seconds", [0, 1.284, -3600])
@pytest.mark.parametrize("protocol", [6, 17])
def test_captures_that_saw_the_same(tmp_path, seconds, protocol):
    packets = [packet for packet in http_good().tape.sorted() if packet[1][23] == protocol]
    behind = round(seconds * SECOND)
    later = [(time - behind + 3 * MS, packet) for time, packet in packets]
    found = estimated(look(two(tmp_path, packets, later)).differences()[0, 1])
    assert found is not None
    assert (found.behind, found.spread) == (behind - 3 * MS, 0)


def test_captures_that_saw_nothing_alike(tmp_path):
    packets = http_good().tape.sorted()
    parts = [[p for p in packets if p[1][23] == protocol] for protocol in (6, 17)]
    assert look(two(tmp_path, *parts)).differences() == {}


def test_no_more_is_read_than_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(clocks, "ENOUGH_PAIRS", 3)
    packets = http_good().tape.sorted()
    points = two(tmp_path, packets, packets)
    assert len(look(points).differences()[0, 1]) >= 3
    assert list(points[0][0])  # can be read anew


def test_standard_input_is_left_alone(tmp_path):
    points = two(tmp_path, http_good().tape.sorted(), http_good().tape.sorted())
    points[1][0].size = 0
    assert look(points).differences() == {}


@given(st.lists(st.integers(-(10**12), 10**12), max_size=30))
@settings(max_examples=100)
def test_an_estimate_lies_within_what_it_comes_from(differences):
    found = estimated(differences)
    if found is not None:
        assert min(differences) <= found.behind <= max(differences)
        assert 0 <= found.spread <= 2 * clocks.AGREE
        assert clocks.MIN_PAIRS <= found.pairs <= len(differences)
