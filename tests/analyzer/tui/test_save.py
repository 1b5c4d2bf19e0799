import json

import pytest
from defusedxml.ElementTree import fromstring

from analyzer.tui import save
from analyzer.tui.arrows import arrows


def test_the_ending_of_the_name_tells_the_form(found):
    analysis = found("http_good").analysis
    assert json.loads(save.report_text(analysis, "0.1.0", ".json"))["tool"]["version"] == "0.1.0"
    assert len(save.report_text(analysis, "0.1.0", ".jsonl").splitlines()) == 1
    assert "http_good" in save.report_text(analysis, "0.1.0", ".TXT").splitlines()[0]
    assert save.report_text(analysis, "0.1.0", "") == save.report_text(analysis, "0.1.0", ".txt")


def test_packets_are_a_table_with_a_line_each(found):
    index = found("http_good")
    text = save.packets_text(index.messages[:5], index.analysis.story.traffic.begin, {})
    assert len(text.splitlines()) == 6


def test_another_sighting_is_marked(found):
    traffic = found("several_legs").analysis.story.traffic
    text = save.packets_text(traffic.folded.seen, traffic.begin, traffic.folded.again)
    assert text.count(" again] ") == len(traffic.folded.again) == 30


def test_names_that_cannot_be_written_are_refused_before(tmp_path):
    (tmp_path / "there").write_text("")
    assert save.refusal(str(tmp_path / "there")).startswith("exists")
    assert save.refusal(str(tmp_path / "no" / "file")).startswith("there is no folder")
    assert save.refusal(str(tmp_path / "new")) == ""


def test_nothing_is_written_over(tmp_path):
    path = save.write(str(tmp_path / "new"), "text")
    assert path.read_text() == "text"
    with pytest.raises(FileExistsError):
        save.write(str(path), "other")
    assert path.read_text() == "text"


def test_findings_listed_are_all_that_is_saved_of_them(found):
    analysis = found("mtk_outside_window").analysis
    listed = tuple(each for each in analysis.report.judgements if each.rule == "MT-07")
    text = save.report_text(analysis, "0.1.0", ".csv", listed)
    assert [line.split(",")[1] for line in text.splitlines()[1:]] == ["MT-07"] * len(listed)


@pytest.mark.parametrize("ending", save.FORMATS)
def test_every_ending_has_its_form(found, ending):
    analysis = found("mtk_outside_window").analysis
    assert "MT-07" in save.report_text(analysis, "0.1.0", ending)


@pytest.mark.parametrize("suffix", [*save.LADDERS, ".other"])
def test_a_ladder_is_saved_as_its_ending_says(found, suffix):
    index = found("mtk_outside_window")
    drawn = arrows(index, index.sessions[0])
    text = save.ladder_text(index.analysis, drawn, suffix)
    if suffix == ".svg":
        assert fromstring(text).tag.endswith("svg")
    elif suffix == ".mmd":
        assert text.startswith("sequenceDiagram")
    else:
        assert len(text.splitlines()) == len(drawn) + 1
    assert "MT-07" in text
    assert "INVITE" in text
    assert "×" in text
    for key in index.analysis.story.chain.keys:
        assert key.value.hex() not in text
