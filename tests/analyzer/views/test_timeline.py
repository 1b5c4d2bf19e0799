"""The key refresh timeline as text."""

from __future__ import annotations

from analyzer.diagnosis.timeline import timelines
from analyzer.views import timeline


def shown(analysis, width=None):
    return timeline.show(timelines(analysis.story, analysis.report.diagnoses), width)


def test_tells_keys_in_the_order_of_time(sample):
    text = shown(sample("sip_good"))
    lines = text.splitlines()
    assert lines[0] == "  keys of ue1, UE 10.1.0.11 (user1_private@home1.net) (times in UTC)"
    assert "    key group 00f110/0001" in lines
    assert any("asks, frame 102: solicited pull (frame 101), granted" in line for line in lines)
    assert "MSK 00010002 is taken back" in text
    own = [line.strip()[:8] for line in lines[lines.index("    key group 00f110/0001") + 1 :]]
    assert own == sorted(own)


def test_a_gap_has_seconds_packets_and_who_is_at_fault(sample):
    text = shown(sample("missed_update"))
    assert "key group 00f110/0001: could not decrypt for 3.6 s, about 14 packets" in text
    assert "✗ cannot decrypt for 3.6 s, about 14 packets of MKI 000100020001: MSK 00010002 came late" in text
    assert "at fault: BM-SC" in text


def test_lines_fit_the_terminal(sample):
    assert max(map(len, shown(sample("missed_update"), 80).splitlines())) <= 80


def test_shows_no_key(sample):
    analysis = sample("http_good")
    text = shown(analysis)
    assert not [key for key in analysis.story.chain.keys if key.value.hex() in text]


def test_of_very_many_ues_some_are_shown(sample):
    (line,) = timelines(sample("http_good").story)
    text = timeline.show([line] * (timeline.MAX_UES + 3))
    assert text.count("  keys of ue1") == timeline.MAX_UES
    assert text.endswith("and 3 UEs more\n")
