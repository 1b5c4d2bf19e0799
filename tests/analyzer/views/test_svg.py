"""Pictures as files of their own: well-formed, the same by day everywhere, and nothing of a capture acts in them."""

from dataclasses import replace

from defusedxml.ElementTree import fromstring

from analyzer.report import Verdict
from analyzer.views.exhibits import Lives
from analyzer.views.flow import ladder
from analyzer.views.ladder_picture import MAX_WORDS
from analyzer.views.lifelines import Bar, Moment
from analyzer.views.svg import chart
from analyzer.views.svg import ladder as show

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
    evil = step._replace(from_="ue", to="ue", summary='<script>"\x00\x1b[31m&amp; ' + "x" * MAX_WORDS)
    procedure = replace(case.ues[0].procedures[0], steps=(evil,))
    picture = show(ladder(replace(case, ues=(replace(case.ues[0], procedures=(procedure,)),))))
    tags = {node.tag.removeprefix(SVG) for node in fromstring(picture).iter()}
    assert tags == {"svg", "style", "rect", "g", "text", "line", "path", "polygon", "title"}
    assert not any(word in picture for word in ("href", "url(", "@import"))
    assert any(text.endswith("…") for text in texts(picture))


def test_colours_are_plain_as_not_all_know_variables(case):
    picture = show(ladder(case))
    assert ".drawn .ground { fill: #ffffff; }" in picture
    assert "var(" not in picture
    assert "prefers-color-scheme" not in picture


def test_nothing_says_why(case):
    assert "no procedure of a UE was found" in show(ladder(replace(case, ues=())))


def test_lives_of_keys(case):
    bars = (
        Bar("MSK 00010001", "it <came>", begin=10**9, place=(0, 3), moments=(Moment(10**9, "◆"),)),
        Bar("no key", "a gap", begin=2 * 10**9, end=3 * 10**9, verdict=Verdict.FAIL),
    )
    picture = chart("ue1", Lives(bars, 0, 4 * 10**9, 0), 0.0)
    assert {"MSK 00010001", "no key", "◆", "▶", "1 s"} <= set(texts(picture))
    assert [node.text for node in fromstring(picture).iter(f"{SVG}title")] == ["it <came>", "a gap"]
    assert fromstring(picture).get("aria-label") == "Keys of ue1 over time: 2 lines, 1 time without a key"
