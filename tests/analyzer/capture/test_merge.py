from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.merge import merged, rolling
from analyzer.capture.reader import open_capture
from sample_pcaps import forge

SECOND = 1_000_000_000


def captures(folder: Path, *times: list[float]):  # type: ignore[no-untyped-def]
    for index, of_one in enumerate(times):
        packets = [(round(time * SECOND), b"%d" % index) for time in of_one]
        (folder / f"{index}.pcap").write_bytes(forge.pcapng(packets))
    return [open_capture(str(folder / f"{index}.pcap"), index) for index in range(len(times))]


def order(frames) -> list[tuple[int, int]]:  # type: ignore[no-untyped-def]
    return [(frame.capture, frame.number) for frame in frames]


def test_frames_come_by_time_and_keep_their_numbers(tmp_path: Path) -> None:
    made = captures(tmp_path, [1, 4, 5], [2, 3, 6])
    assert order(merged(made)) == [(0, 1), (1, 1), (1, 2), (0, 2), (0, 3), (1, 3)]


def test_at_the_same_time_the_first_named_comes_first(tmp_path: Path) -> None:
    assert order(merged(captures(tmp_path, [1, 2], [1, 2]))) == [(0, 1), (1, 1), (0, 2), (1, 2)]


def test_rolling_captures_are_opened_one_after_the_other(tmp_path: Path) -> None:
    opened = []

    def frames(number: int):  # type: ignore[no-untyped-def]
        opened.append(number)
        yield from captures(tmp_path, [number])[0]

    taken = rolling([frames(number) for number in range(3)])
    assert opened == []
    assert [(frame.time // SECOND, len(opened)) for frame in taken] == [(0, 1), (1, 2), (2, 3)]


def test_clock_offsets_shift_a_capture(tmp_path: Path) -> None:
    one, other = captures(tmp_path, [1, 2], [1.4, 2.4])
    earlier = (block.shifted(-SECOND // 2) for block in other.blocks())
    frames = list(merged([one, (frame for block in earlier for frame in block.frames(slice(None)))]))
    assert order(frames) == [(1, 1), (0, 1), (1, 2), (0, 2)]
    assert [frame.time for frame in frames] == [900_000_000, SECOND, 1_900_000_000, 2 * SECOND]


def test_none_and_empty_captures(tmp_path: Path) -> None:
    assert list(merged([])) == []
    assert order(merged(captures(tmp_path, [], [1]))) == [(1, 1)]


@given(st.lists(st.lists(st.integers(0, 50), max_size=5).map(sorted), min_size=1, max_size=3))
def test_nothing_is_lost_and_time_never_goes_back(tmp_path_factory, times: list[list[float]]) -> None:  # type: ignore[no-untyped-def]
    frames = list(merged(captures(tmp_path_factory.mktemp("merge"), *times)))
    assert len(frames) == sum(map(len, times))
    assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)
