"""The list of all frames is measured on a terminal, here of a small capture and without a look at the clock."""

import pytest

from analyzer.capture.framelist import FrameList
from benchmarks.frames import HEADING, Keys, Terminal, measure, row
from sample_pcaps.forge import ethernet, pcap, udp

PACKETS = [
    (n * 1000, ethernet("10.0.0.1", "10.0.0.2", udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(9)))) for n in range(999)
]


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap(PACKETS))
    return path


def test_a_line_has_a_cell_for_each_heading(capture):
    frames = FrameList([str(capture)])
    *_, count = frames.fill()
    line = row("some", frames, 0.5, Keys(1.0, 0.8, [0.02, 0.01, 0.09], 0.011))
    assert line.count("|") == HEADING.splitlines()[0].count("|")
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells[:6] == ["some", str(count), "1.00", "0.80", "0.50", "1,998"]
    assert cells[7:] == ["20", "90", "11"]


def test_page_keys_are_pressed_on_a_terminal(capture):
    line = measure(capture, 2)
    assert line.startswith("| some | 999 | ")


def test_what_is_never_shown_is_given_up(capture):
    with Terminal(capture) as terminal, pytest.raises(SystemExit, match="was not shown"):
        terminal.until(0.2, b"nothing of the kind")
