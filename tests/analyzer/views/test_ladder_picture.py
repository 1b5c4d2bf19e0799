"""The ladder as a picture: arrows between the right lines, and words that have room."""

from dataclasses import replace

from analyzer.report import Verdict
from analyzer.views import ladder_picture
from analyzer.views.ladder_picture import draw, shortened


def test_arrows_go_from_node_to_node_in_the_order_of_time(case):
    (ue,) = case.ues
    found = draw(case, ue)
    nodes = dict(found.nodes)
    assert list(nodes) == ["ue", "bm-sc", "10.0.0.9"]
    assert [(rung.begin, rung.end) for rung in found.rungs] == [
        (nodes["bm-sc"], nodes["ue"]), (nodes["ue"], nodes["bm-sc"]), (nodes["ue"], nodes["10.0.0.9"]),
    ]  # fmt: skip
    assert [rung.frame for rung in found.rungs] == ["3", "5", "7"]
    assert [rung.seconds for rung in found.rungs] == ["0.000000", "1.500000", "2.000000"]
    assert [rung.verdict for rung in found.rungs] == [Verdict.ERROR, Verdict.FAIL, Verdict.NONE]
    assert all(rung.tip.startswith(f"{rung.end},{rung.y} ") for rung in found.rungs)
    heights = [rung.y for rung in found.rungs]
    assert heights == sorted(set(heights))
    assert heights[-1] < found.height
    assert found.told == "Ladder of ue1: 3 messages between ue, bm-sc, 10.0.0.9"
    assert "ue1.p2 request" in found.rungs[2].title


def test_words_end_before_the_picture_does(case):
    (ue,) = case.ues
    steps = tuple(step._replace(summary="x" * 500) for step in ue.procedures[0].steps)
    found = draw(case, replace(ue, procedures=(replace(ue.procedures[0], steps=steps),)))
    for rung in found.rungs:
        assert rung.words.endswith("…")
        assert rung.at + len(rung.words) * ladder_picture.CHAR <= found.width
        assert "x" * 500 in rung.title
    assert shortened("short", 1000) == "short"
    assert shortened("abc", 0) == "…"


def test_a_message_to_oneself_comes_back(case):
    (ue,) = case.ues
    step = ue.procedures[0].steps[0]._replace(to="bm-sc")
    (rung,) = draw(case, replace(ue, procedures=(replace(ue.procedures[0], steps=(step,)),))).rungs
    assert rung.end == rung.begin + ladder_picture.LOOP


def test_of_a_long_story_the_beginning_is_drawn(case, monkeypatch):
    monkeypatch.setattr(ladder_picture, "MAX_ARROWS", 2)
    found = draw(case, case.ues[0])
    assert (len(found.rungs), found.left_out) == (2, 1)
    assert [name for name, _ in found.nodes] == ["ue", "bm-sc"]


def test_a_ue_without_messages_has_none(case):
    assert draw(case, replace(case.ues[0], procedures=())) is None
