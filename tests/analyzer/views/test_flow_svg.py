"""The ladder as SVG."""

from dataclasses import replace

from defusedxml.ElementTree import fromstring

from analyzer.views.flow import ladder
from analyzer.views.flow_svg import MAX_TEXT, show

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    return ["".join(node.itertext()) for node in fromstring(picture).iter(f"{SVG}text")]


def test_nodes_frames_times_words_and_verdicts_are_in_it(case):
    told = texts(show(ladder(case)))
    for text in ("ue", "bm-sc", "10.0.0.9", "3", "1.500000", "MIKEY MSK 00010002  [ue1.p1 msk]", "✗", "!"):
        assert any(text in each for each in told), text


def test_a_bracket_a_procedure(case):
    paths = [path for path in fromstring(show(ladder(case))).iter(f"{SVG}path") if path.find(f"{SVG}title") is not None]
    assert [path.find(f"{SVG}title").text for path in paths] == ["ue1.p1", "ue1.p2"]


def test_nothing_is_asked_of_anybody_and_nothing_runs(case):
    step = case.ues[0].procedures[0].steps[0]
    evil = step._replace(from_="ue", to="ue", summary='<script>"\x00\x1b[31m&amp; ' + "x" * MAX_TEXT)
    procedure = replace(case.ues[0].procedures[0], steps=(evil,))
    picture = show(ladder(replace(case, ues=(replace(case.ues[0], procedures=(procedure,)),))))
    tags = {node.tag.removeprefix(SVG) for node in fromstring(picture).iter()}
    assert tags == {"svg", "rect", "text", "path", "title"}
    assert "href" not in picture
    assert any(text.endswith("…") for text in texts(picture))


def test_nothing_says_why(case):
    assert "no procedure of a UE was found" in show(ladder(replace(case, ues=())))
