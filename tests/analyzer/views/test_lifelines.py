"""The keys of a UE as bars: what lives until when, what happens on the way, and when there is no key."""

from analyzer.diagnosis.timeline import timelines
from analyzer.report import Verdict
from analyzer.views.lifelines import SHORTEST, bars, span


def _named(analysis):
    line = timelines(analysis.story, analysis.report.diagnoses)[0]
    return {bar.label: bar for bar in bars(line, False, analysis.story.traffic.end)}


def test_a_chart_goes_from_ks_to_what_was_on_air(sample):
    analysis = sample("http_good")
    named = _named(analysis)
    labels = list(named)
    assert labels[0] == "Ks"
    assert labels[1].startswith("MUK ")
    assert labels[2] == "Key group 00f110/0001"
    assert labels.index("asks") < labels.index("MSK 00010001") < labels.index("MTK 00010001/0001")
    assert labels.index("MTK 00010001/0001") < labels.index("MKI 000100010001")
    places = {(message.payload.capture, message.frame) for message in analysis.messages}
    for bar in named.values():
        assert bar.is_headline or bar.place in places or bar.label.startswith("MKI")
        assert bar.end is None or bar.begin <= bar.end


def test_an_msk_ends_where_it_is_taken_back(sample):
    analysis = sample("http_good")
    msk = _named(analysis)["MSK 00010001"]
    assert [moment.sign for moment in msk.moments] == ["◆", "✗"]
    assert msk.end == msk.moments[-1].time < analysis.story.traffic.end


def test_a_time_without_a_key_fails_and_its_group_with_it(sample):
    named = _named(sample("missed_update"))
    assert named["✗ 000100020001"].verdict is Verdict.FAIL
    assert named["Key group 00f110/0001"].verdict is Verdict.FAIL
    assert "at fault: BM-SC" in named["✗ 000100020001"].text


def test_what_no_key_opens_is_unsure(sample):
    named = _named(sample("old_muk_acknowledged"))
    assert all(bar.verdict is not Verdict.FAIL for bar in named.values() if bar.label.startswith("MTK"))


def test_what_lives_beyond_the_capture_does_not_stretch_it(sample):
    analysis = sample("http_good")
    named, last = _named(analysis), analysis.story.traffic.end
    begin, end = span(named.values(), last)
    assert begin == named["Ks"].begin
    assert end == last < named["Ks"].end
    assert span((), 0) == (0, SHORTEST)
