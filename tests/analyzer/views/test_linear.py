import re
from functools import cache
from pathlib import Path

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import find_cases
from analyzer.views.linear import linear, said

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
NAMES = ("http_good", "sip_good", "mtk_outside_window", "two_ues", "tls_handshakes")
DRAWN = re.compile(r"[\x00-\x1f\x7f\u2190-\u21ff\u2500-\u25ff\u2713\u2717]")


@cache
def analysed(name):
    (case,) = find_cases([str(SAMPLES / name)])
    return analyse(case)


def lines(name):
    return list(map(said, linear(analysed(name))))


@pytest.mark.parametrize("name", [name for name in NAMES if (SAMPLES / name).is_dir()])
def test_lines_can_be_read_out(name):
    for line in lines(name):
        assert not DRAWN.search(line), line
        assert "  " not in line
        assert not line or line.endswith((".", ":"))


def test_all_sections_are_there_and_what_is_wrong_comes_with_what_to_do():
    told = lines("mtk_outside_window")
    assert told[0] == "Case mtk_outside_window: verdict fail."
    assert [line for line in told if line in ("Sessions.", "Findings.", "Ladder.", "Packets.")] == [
        "Sessions.", "Findings.", "Ladder.", "Packets.",
    ]  # fmt: skip
    at = told.index("Findings.")
    assert told[at + 1].startswith("fail: rule MT-07, ")
    assert "frames 59" in told[at + 1]
    assert told[at + 2].startswith("What was seen: ")
    assert told[at + 3].startswith("What to do: ")
    assert any(line.startswith("UE ue1: identities user1_private@home1.net") for line in told)
    assert any(line.startswith("UE ue1, key MSK, ") for line in told)
    assert any(line.startswith("Frame 59, second ") and "BM-SC to MULTICAST: " in line for line in told)


def test_every_message_is_a_line():
    analysis = analysed("http_good")
    told = lines("http_good")
    packets = told[told.index("Packets.") + 1 :]
    assert len(packets) == len(analysis.messages)
    assert packets[0] == "Frame 4, second 0.005600, 10.1.0.11 port 40001 to 10.5.0.1 port 80, HTTP: GET /; pass."
    assert "Findings." in told or "Findings: nothing is wrong." in told


def test_no_key_is_told():
    analysis = analysed("http_good")
    values = [key.value.hex() for key in analysis.story.chain.keys]
    text = "\n".join(lines("http_good"))
    assert values
    assert not any(value in text for value in values)


def test_a_case_without_anything_says_so(tmp_path):
    from sample_pcaps.forge import pcapng

    (tmp_path / "silent.pcapng").write_bytes(pcapng([]))
    (case,) = find_cases([str(tmp_path / "silent.pcapng")])
    told = list(linear(analyse(case)))
    assert "Sessions: no UE was found." in told
    assert "Findings: nothing is wrong." in told
    assert "Packets: no message was found." in told


def test_what_a_network_sends_steers_nothing():
    assert said("a\x1b[2J → b · c…") == "a\\x1b[2J to b , c..."
