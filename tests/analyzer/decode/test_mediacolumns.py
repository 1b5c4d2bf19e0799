import numpy as np

from analyzer.capture.block import Block
from analyzer.decode.mediacolumns import MediaColumns
from analyzer.decode.packets import MediaPacket


def columns(*streams: tuple[int, int, int]) -> MediaColumns:
    """Packets of one octet each, told by source, port and SSRC; all go to 239.0.0.1."""
    count = len(streams)
    whole = np.arange(count)
    block = Block(
        0, np.frombuffer(bytes(range(65, 65 + count)), np.uint8), whole, np.ones(count, int), np.ones(count, int),
        whole * 1000, whole + 1, np.ones(count, int), np.zeros(count, int),
    )  # fmt: skip
    sources = np.array([(10, 0, 0, source) for source, _, _ in streams], np.uint8).reshape(-1, 4)
    return MediaColumns(
        block, whole, sources, np.tile(np.array([239, 0, 0, 1], np.uint8), (count, 1)),
        np.array([port for _, port, _ in streams], np.int64), np.array([ssrc for _, _, ssrc in streams], np.int64),
        whole, np.ones(count, int),
    )  # fmt: skip


def test_streams_come_in_the_order_of_their_first_packets() -> None:
    told = columns((1, 9000, 7), (1, 8000, 7), (1, 9000, 7), (1, 9000, 6))
    assert [stream.tolist() for stream in told.streams()] == [[0, 2], [1], [3]]


def test_sources_count_where_they_are_asked_for() -> None:
    told = columns((1, 9000, 7), (2, 9000, 7), (1, 9000, 7))
    assert [stream.tolist() for stream in told.streams()] == [[0, 1, 2]]
    assert [stream.tolist() for stream in told.streams(by_source=True)] == [[0, 2], [1]]


def test_no_packets_are_no_streams() -> None:
    assert list(columns().streams()) == []


def test_packets_are_made_of_those_that_are_chosen() -> None:
    told = columns((1, 9000, 7), (2, 9001, 7), (3, 9002, 7))
    assert list(told.of(np.array([1, 2])).packets(np.array([1]))) == [
        MediaPacket(0, 3, 2000, "10.0.0.3", "239.0.0.1", 9002, b"C")
    ]
