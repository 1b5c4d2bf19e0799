from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode.packets import Origin
from analyzer.decode.pieces import Pieces

TEXT = bytes(range(256))
HERE = Origin(0, 1, 0, (1,))


def filled(*spans: tuple[int, bytes]) -> Pieces:
    pieces = Pieces()
    for arrival, (start, data) in enumerate(spans):
        pieces.add(start, data, arrival, HERE)
    return pieces


def runs(pieces: Pieces) -> list[tuple[int, bytes]]:
    return [(start, run[0]) for start, run in zip(pieces.starts, pieces.runs, strict=True)]


def test_nothing_is_in_the_beginning() -> None:
    assert (len(Pieces()), Pieces().octets) == (0, 0)


def test_pieces_are_sorted_by_offset() -> None:
    assert runs(filled((5, b"world"), (0, b"hello"))) == [(0, b"hello"), (5, b"world")]


def test_the_first_octets_win() -> None:
    assert runs(filled((2, b"CD"), (0, b"abcdef"))) == [(0, b"ab"), (2, b"CD"), (4, b"ef")]
    assert runs(filled((0, b"abcdef"), (2, b"XY"))) == [(0, b"abcdef")]
    assert runs(filled((0, b"abc"), (1, b"XXde"))) == [(0, b"abc"), (3, b"de")]


def test_negative_offsets_come_before() -> None:
    assert runs(filled((0, b"cd"), (-2, b"abXX"))) == [(-2, b"ab"), (0, b"cd")]


def test_pop_gives_the_lowest() -> None:
    pieces = filled((4, b"ef"), (0, b"ab"))
    assert pieces.pop() == (b"ab", 1, HERE)
    assert (pieces.starts, pieces.octets) == ([4], 2)


def test_cut_drops_what_lies_after() -> None:
    pieces = filled((0, b"abcd"), (6, b"gh"))
    pieces.cut(3)
    assert (runs(pieces), pieces.octets) == ([(0, b"abc")], 3)
    pieces.cut(-1)
    assert (runs(pieces), pieces.octets) == ([], 0)


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 60)), max_size=30))
def test_runs_never_overlap_and_hold_the_text(spans: list[tuple[int, int]]) -> None:
    pieces = filled(*((start, TEXT[start : start + size]) for start, size in spans))
    covered = {at for start, size in spans for at in range(start, min(start + size, 256))}
    found = [at for start, data in runs(pieces) for at in range(start, start + len(data))]
    assert sorted(found) == sorted(covered)
    assert found == sorted(found)
    assert pieces.octets == len(covered)
    assert all(data == TEXT[start : start + len(data)] for start, data in runs(pieces))
