"""Runs of media: by destination and MSK, and how they came out."""

from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK


def runs(analysis):
    return [
        (run.outcome, [(group.protocol, group.packets) for group in run.media], [ue.id for ue in run.ues])
        for _, run in analysis.runs
        if run.procedure.kind == "media"
    ]


def begun(**more):
    story = Story.registered_by_http(**more)
    story.msk()
    story.mtk()
    return story


def test_srtp_and_srtcp_of_one_msk_are_one_run(tell):
    story = begun()
    story.media(packets=5)
    story.mtk(mtk_id=2)
    story.media(mtk_id=2, packets=6)
    assert runs(tell(story)) == [("success", [("srtp", 5), ("srtcp", 1), ("srtp", 6), ("srtcp", 1)], ["ue1"])]


def test_each_msk_is_one_of_its_own(tell):
    story = begun(ues=2)
    story.media(packets=5, report=False)
    story.msk(story.ues[1], SECOND_MSK)
    story.mtk(SECOND_MSK)
    story.media(SECOND_MSK, packets=4, report=False)
    assert runs(tell(story)) == [("success", [("srtp", 5)], ["ue1"]), ("success", [("srtp", 4)], ["ue2"])]


def test_each_destination_is_one_of_its_own(tell):
    story = begun()
    story.media(packets=5, report=False)
    story.media(packets=4, report=False, dst="239.1.2.4")
    assert len(runs(tell(story))) == 2


def test_what_is_in_the_clear_is_one_of_its_own(tell):
    story = begun()
    story.media(packets=5, report=False)
    story.media(packets=4, clear=True, ssrc=9)
    assert [groups for _, groups, _ in runs(tell(story))] == [[("srtp", 5)], [("rtp", 4)]]


def test_outcomes(tell):
    story = begun()
    story.media(packets=5, report=False, change=lambda n, given: given | {"break_tag": n == 3})
    assert [outcome for outcome, *_ in runs(tell(story))] == ["incomplete"]
    story = begun()
    story.media(packets=5, report=False, key=b"\1" * 16)
    assert [outcome for outcome, *_ in runs(tell(story))] == ["failure"]
