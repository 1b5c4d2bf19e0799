from analyzer.tui.cells import Mark
from analyzer.tui.lifelines import bars


def _named(found, name):
    index = found(name)
    return index, {bar.label: bar for bar in bars(index, index.sessions[0])}


def test_a_chart_goes_from_ks_to_what_was_on_air(found):
    index, named = _named(found, "http_good")
    labels = list(named)
    assert labels[0] == "Ks"
    assert labels[1].startswith("MUK ")
    assert labels[2] == "Key group 00f110/0001"
    assert labels.index("asks") < labels.index("MSK 00010001") < labels.index("MTK 00010001/0001")
    assert labels.index("MTK 00010001/0001") < labels.index("MKI 000100010001")
    for bar in named.values():
        assert bar.is_headline or bar.place in index.places or bar.label.startswith("MKI")
        assert bar.end is None or bar.begin <= bar.end


def test_an_msk_ends_where_it_is_taken_back(found):
    index, named = _named(found, "http_good")
    msk = named["MSK 00010001"]
    assert [moment.sign for moment in msk.moments] == ["◆", "✗"]
    assert msk.end == msk.moments[-1].time < index.analysis.story.traffic.end


def test_a_time_without_a_key_fails_and_its_group_with_it(found):
    _, named = _named(found, "missed_update")
    assert named["✗ 000100020001"].mark is Mark.FAIL
    assert named["Key group 00f110/0001"].mark is Mark.FAIL
    assert "at fault: BM-SC" in named["✗ 000100020001"].text


def test_what_no_key_opens_is_unsure(found):
    _, named = _named(found, "old_muk_acknowledged")
    assert all(bar.mark is not Mark.FAIL for bar in named.values() if bar.label.startswith("MTK"))
