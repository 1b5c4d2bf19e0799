"""Runs of MSK delivery, solicited pull and MTK delivery: which messages belong together, and whose they are."""

import pytest

from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MS = 10**6  # ns
CURRENT = FIRST_MSK[:2] + b"\0\0"


def runs(analysis, kind):
    """The runs of a kind: how many messages each step has, the outcome, and the UEs."""
    return [
        ({name: len(messages) for name, messages in run.steps.items()}, run.outcome, [ue.id for ue in run.ues])
        for _, run in analysis.runs
        if run.procedure.kind == kind
    ]


class TestMskDelivery:
    @pytest.mark.parametrize(
        ("more", "steps", "outcome"),
        [
            ({}, {"msk": 1, "verification": 1}, "success"),
            ({"v": False}, {"msk": 1}, "success"),
            ({"verify": False}, {"msk": 1}, "incomplete"),
        ],
    )
    def test_a_message_and_its_answer(self, tell, more, steps, outcome):
        story = Story.registered_by_http()
        story.msk(**more)
        assert runs(tell(story), "msk-delivery") == [(steps, outcome, ["ue1"])]

    @pytest.mark.parametrize("csb_id", [7, None], ids=["the same CSB ID", "a new CSB ID each time"])
    def test_sent_again_until_an_answer_comes(self, tell, csb_id):
        story = Story.registered_by_http()
        for verify in (False, False, True):
            story.msk(verify=verify, csb_id=csb_id)
            story.wait(1)
        story.msk(csb_id=csb_id)
        assert runs(tell(story), "msk-delivery") == [
            ({"msk": 3, "verification": 1}, "success", ["ue1"]),
            ({"msk": 1, "verification": 1}, "success", ["ue1"]),
        ]

    def test_without_v_each_is_one_of_its_own(self, tell):
        story = Story.registered_by_http()
        story.msk(v=False)
        story.msk(v=False)
        story.msk()
        assert [steps for steps, *_ in runs(tell(story), "msk-delivery")] == [
            {"msk": 1}, {"msk": 1}, {"msk": 1, "verification": 1},
        ]  # fmt: skip

    def test_each_msk_is_one_of_its_own(self, tell):
        story = Story.registered_by_http()
        story.msk(verify=False)
        story.msk(msk_id=SECOND_MSK, verify=False)
        assert len(runs(tell(story), "msk-delivery")) == 2

    def test_seen_twice_it_is_one_run(self, tell_merged):
        story = Story.registered_by_http()
        registered = story.now
        story.msk(csb_id=7)
        story.wait(0.1)
        story.msk(msk_id=SECOND_MSK, csb_id=7)
        packets = story.tape.sorted()
        again = [(time + 600 * MS, packet) for time, packet in packets if time > registered]
        assert runs(tell_merged([packets, again], story.keyring()), "msk-delivery") == [
            ({"msk": 1, "verification": 1}, "success", ["ue1"]),
            ({"msk": 1, "verification": 1}, "success", ["ue1"]),
        ]

    def test_a_verification_of_nothing_makes_no_run(self, tell):
        story = Story.registered_by_http()
        story.msk()
        del story.tape.packets[-2]
        assert runs(tell(story), "msk-delivery") == []


class TestPull:
    def test_a_request_long_after_answers_something_else(self, tell):
        story = Story.begun_by_sip()
        story.msk()
        story.pull()
        story.wait(121)
        story.sip("msk-request", pairs=((KEY_DOMAIN, CURRENT),))
        assert runs(tell(story), "solicited-pull") == [({"pull": 1}, "incomplete", ["ue1"])]

    def test_a_request_of_another_ue_does_not_answer(self, tell):
        story = Story.registered_by_http(ues=2)
        for ue in story.ues:
            story.msk(ue)
        story.pull(story.ues[0])
        story.msk_request(story.ues[1], pairs=((KEY_DOMAIN, CURRENT),))
        assert runs(tell(story), "solicited-pull") == [({"pull": 1}, "incomplete", ["ue1"])]

    def test_a_request_before_it_does_not_answer(self, tell):
        story = Story.registered_by_http()
        story.msk()
        story.msk_request(pairs=((KEY_DOMAIN, CURRENT),))
        story.pull()
        assert runs(tell(story), "solicited-pull") == [({"pull": 1}, "incomplete", ["ue1"])]

    def test_pulls_of_two_key_groups_are_two(self, tell):
        story = Story.registered_by_http()
        story.msk()
        story.pull()
        story.pull(key_group=b"\0\2")
        assert len(runs(tell(story), "solicited-pull")) == 2


class TestMtkDelivery:
    def test_repeats_belong_together(self, tell):
        story = Story.registered_by_http(ues=2)
        for ue in story.ues:
            story.msk(ue)
        story.mtk(times=3)
        story.mtk(mtk_id=2)
        story.wait(0.5)
        story.repeat_mtk()
        assert [(steps, ues) for steps, _, ues in runs(tell(story), "mtk-delivery")] == [
            ({"mtk": 3}, ["ue1", "ue2"]), ({"mtk": 2}, ["ue1", "ue2"]),
        ]  # fmt: skip

    def test_is_for_those_that_the_msk_went_to(self, tell):
        story = Story.registered_by_http(ues=2)
        story.msk(story.ues[1])
        story.mtk()
        assert runs(tell(story), "mtk-delivery") == [({"mtk": 1}, "success", ["ue2"])]

    def test_without_an_msk_message_it_is_for_all(self, tell):
        story = Story.registered_by_http(ues=2)
        story.mtk()
        assert runs(tell(story), "mtk-delivery") == [({"mtk": 1}, "success", ["ue1", "ue2"])]

    def test_to_two_groups_it_is_two(self, tell):
        story = Story.registered_by_http()
        story.msk()
        story.mtk()
        story.mtk(dst="239.1.2.4")
        assert len(runs(tell(story), "mtk-delivery")) == 2
