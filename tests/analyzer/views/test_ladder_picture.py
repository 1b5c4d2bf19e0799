"""The ladder as a picture: arrows between the right lines, and words that have room."""

from dataclasses import replace

from analyzer.report import Verdict
from analyzer.views import ladder_picture
from analyzer.views.flow import ladder
from analyzer.views.ladder_picture import draw, of_ue, shortened


def test_arrows_go_from_node_to_node_in_the_order_of_time(case):
    (ue,) = case.ues
    found = of_ue(case, ue)
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
    found = of_ue(case, replace(ue, procedures=(replace(ue.procedures[0], steps=steps),)))
    for rung in found.rungs:
        assert rung.words.endswith("…")
        assert rung.at + len(rung.words) * ladder_picture.CHAR <= found.width
        assert "x" * 500 in rung.title
    assert shortened("short", 1000) == "short"
    assert shortened("abc", 0) == "…"


def test_a_message_to_oneself_comes_back(case):
    (ue,) = case.ues
    step = ue.procedures[0].steps[0]._replace(to="bm-sc")
    (rung,) = of_ue(case, replace(ue, procedures=(replace(ue.procedures[0], steps=(step,)),))).rungs
    assert rung.path == f"M{rung.begin} {rung.y - 6}h{ladder_picture.LOOP}v6H{rung.end}"
    assert rung.begin == rung.end
    assert rung.tip.startswith(f"{rung.end},{rung.y} {rung.end + 9},")


def test_of_a_long_story_the_beginning_is_drawn(case, monkeypatch):
    monkeypatch.setattr(ladder_picture, "MAX_ARROWS", 2)
    found = of_ue(case, case.ues[0])
    assert (len(found.rungs), found.left_out) == (2, 1)
    assert [name for name, _ in found.nodes] == ["ue", "bm-sc"]


def test_a_ue_without_messages_has_none(case):
    assert of_ue(case, replace(case.ues[0], procedures=())) is None


def test_a_bracket_a_procedure_beside_each_other_where_they_overlap(case):
    (ue,) = case.ues
    first, second = of_ue(case, ue).brackets
    assert (first.title, second.title) == ("ue1.p1", "ue1.p2")
    steps = ue.procedures[0].steps
    inside = replace(ue.procedures[1], steps=(steps[0]._replace(frame=4, time=steps[0].time + 0.5),))
    first, second = of_ue(case, replace(ue, procedures=(ue.procedures[0], inside))).brackets
    assert first.path.partition(" ")[0] != second.path.partition(" ")[0]


def test_what_goes_to_many_is_told_apart(case):
    (ue,) = case.ues
    step = ue.procedures[0].steps[0]
    many = replace(ue, procedures=(replace(ue.procedures[0], steps=(step, step._replace(frame=4, to="multicast"))),))
    assert [rung.to_many for rung in of_ue(case, many).rungs] == [False, True]


def test_in_full_there_is_room_for_all_that_is_said(case):
    found = draw(ladder(case), "all", in_full=True)
    assert [rung.words for rung in found.rungs][1].endswith("[ue1.p1 verification]  MS-21")
    for rung in found.rungs:
        assert rung.at + len(rung.words) * ladder_picture.CHAR <= found.width


def test_numbers_and_names_have_the_room_that_they_need(case):
    (ue,) = case.ues
    long = "2001:db8:1111:2222:3333:4444:5555:6666"
    steps = tuple(step._replace(frame=step.frame + 10**9, to=long) for step in ue.procedures[0].steps)
    small, found = of_ue(case, ue), of_ue(case, replace(ue, procedures=(replace(ue.procedures[0], steps=steps),)))
    assert found.at_frame > small.at_frame
    nodes = dict(found.nodes)
    assert nodes[long] - nodes["ue"] >= ladder_picture.BOLD * len(long) / 2
