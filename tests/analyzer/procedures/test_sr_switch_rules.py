"""Rules on how media goes from key to key, beyond what the samples show."""

import pytest

from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MS = 10**6  # ns


def with_mtks(ues=1, mtk_id=1):
    story = Story.registered_by_http(ues=ues)
    for ue in story.ues:
        story.msk(ue)
    story.wait(0.2)
    story.mtk(mtk_id=mtk_id, times=2)
    return story


class TestMkiGoesForward:
    def test_one_mtk_after_the_other_passes(self, sample, verdicts):
        assert set(verdicts(sample("http_good"), "SR-09")) == {"pass"}

    def test_one_mtk_alone_shows_nothing(self, tell, verdicts):
        story = with_mtks()
        story.media(packets=10)
        assert verdicts(tell(story), "SR-09") == []

    def test_a_way_back_fails(self, sample, verdicts):
        assert verdicts(sample("mki_that_goes_back"), "SR-09") == ["fail"]

    def test_two_streams_have_their_own_ways(self, tell, verdicts):
        story = with_mtks()
        story.mtk(mtk_id=2, times=2)
        story.media(mtk_id=2, packets=10, ssrc=7)
        story.media(mtk_id=1, packets=40, interval=0.1)
        assert verdicts(tell(story), "SR-09") == []

    def switched(self):
        """Ten packets under MTK 1 and ten under MTK 2, without SRTCP."""
        story = with_mtks()
        story.media(packets=10, report=False)
        story.mtk(mtk_id=2, times=2, interval=0.5)
        story.media(mtk_id=2, packets=10, report=False)
        return story

    def test_to_an_older_one_that_was_not_used_yet(self, tell, verdicts):
        story = with_mtks()
        story.mtk(mtk_id=2)
        story.media(mtk_id=2, packets=10, report=False)
        story.media(mtk_id=1, packets=10, report=False)
        assert verdicts(tell(story), "SR-09") == ["fail"]

    def test_back_to_the_msk_before(self, tell, verdicts):
        """The run of the older MSK has it; that of the newer is all right."""
        story = self.switched()
        story.msk(msk_id=SECOND_MSK)
        story.mtk(SECOND_MSK)
        story.media(SECOND_MSK, packets=10, report=False)
        assert verdicts(tell(story), "SR-09") == ["pass", "pass"]
        story.media(mtk_id=2, packets=10, report=False)
        told = {str(j.verdict): j.message for j in tell(story).report.judgements if j.rule == "SR-09"}
        assert told["fail"] == "MKI 000100010002 is used again after a newer one"
        assert set(told) == {"pass", "fail"}

    def test_the_way_forth_again_is_none_back(self, tell):
        story = self.switched()
        story.media(mtk_id=1, packets=10, report=False)
        story.media(mtk_id=2, packets=10, report=False)
        (told,) = (j for j in tell(story).report.judgements if j.rule == "SR-09")
        assert len(told.evidence) == 1

    @pytest.mark.parametrize("again", [True, False])
    def test_late_or_replayed(self, tell, verdicts, again):
        """The last packet of MTK 1 comes in the midst of those of MTK 2, or once more there."""
        story = self.switched()
        packets = story.tape.packets
        at = len(packets) - 13  # two MTK messages are between
        time, packet = packets[at]
        if not again:
            del packets[at]
        packets.append((time + 1200 * MS, packet))
        analysis = tell(story)
        assert verdicts(analysis, "SR-09") == ["pass"]
        assert verdicts(analysis, "SR-06") == ["fail" if again else "pass"]

    def test_reports_are_streams_of_their_own(self, tell, verdicts):
        story = self.switched()
        held = [story.mtks[mki] for mki in sorted(story.mtks)]
        for mtk in (*held, held[0]):
            story.wait(1)
            story.report(mtk.key, mtk.salt, mtk.mki)
        assert verdicts(tell(story), "SR-09") == ["fail"]

    def test_without_keys_nobody_can_tell(self, tell, verdicts, keep):
        story = self.switched()
        story.media(mtk_id=1, packets=10, report=False)
        assert verdicts(tell(keep(story, ("bm_sc", "group")), ""), "SR-09") == ["inconc"]


class TestNoMediaUnderARetiredMsk:
    def retired(self, ues=1, taken=1, wait=30, **more):
        story = with_mtks(ues)
        story.media(packets=10)
        for ue in story.ues[:taken]:
            story.deregister(ue)
            story.msk(ue, seq=(2, 1), sp=None, **more)
        story.wait(wait)
        story.media(packets=10)
        return story

    def test_media_long_after_fails(self, tell, verdicts):
        assert verdicts(tell(self.retired(ues=2, taken=2)), "SR-10") == ["fail"]

    def test_behind_one_ue_there_may_be_others(self, tell, verdicts):
        assert verdicts(tell(self.retired()), "SR-10") == ["inconc"]

    def test_a_probe_at_the_ues_does_not_see_all_of_them(self, tell, verdicts, keep):
        legs = (("ue", "p_cscf"), ("ue", "bm_sc"), ("ue", "bsf"), ("bm_sc", "group"))
        assert verdicts(tell(keep(self.retired(ues=2, taken=2), *legs)), "SR-10") == ["inconc"]

    def test_who_got_the_msk_before_the_capture_is_not_known(self, tell, verdicts):
        story = with_mtks(2, 5)
        story.media(mtk_id=5, packets=10)
        for ue in story.ues:
            story.deregister(ue)
            story.msk(ue, seq=(6, 5), sp=None)
        story.wait(30)
        story.media(mtk_id=5, packets=10)
        assert verdicts(tell(story), "SR-10") == ["inconc"]

    def test_a_sender_has_time_to_go_over(self, tell, verdicts):
        assert verdicts(tell(self.retired(ues=2, taken=2, wait=2)), "SR-10") == ["pass"]

    def test_another_ue_may_still_watch(self, tell, verdicts):
        assert verdicts(tell(self.retired(ues=2, taken=1)), "SR-10") == ["pass"]

    def test_an_msk_that_nobody_took_back_is_fine(self, tell, verdicts):
        story = with_mtks()
        story.media(packets=10)
        assert verdicts(tell(story), "SR-10") == ["pass"]

    @pytest.mark.parametrize(("last", "verdict"), [(3, "pass"), (2, "fail")])
    def test_an_mtk_id_above_the_interval(self, tell, verdicts, last, verdict):
        story = Story.registered_by_http()
        story.msk(seq=(0, last))
        story.mtk(mtk_id=3)
        story.media(mtk_id=3, packets=10)
        assert verdicts(tell(story), "SR-10") == [verdict]

    def test_one_below_it_was_in_an_earlier_interval(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(seq=(3, 100))
        story.mtk(mtk_id=3)
        story.media(mtk_id=3, packets=10)
        assert verdicts(tell(story), "SR-10") == ["pass"]

    def test_a_replay_blames_nobody(self, tell, verdicts):
        story = with_mtks(2)
        story.media(packets=10, report=False)
        time, packet = story.tape.packets[-3]
        for ue in story.ues:
            story.deregister(ue)
            story.msk(ue, seq=(2, 1), sp=None)
        story.linger(40)
        story.tape.packets.append((time + 30_000 * MS, packet))
        assert verdicts(tell(story), "SR-10") == ["inconc"]

    def test_without_the_msk_message_there_is_nothing_to_look_at(self, tell, verdicts, keep):
        assert verdicts(tell(keep(self.retired(), ("bm_sc", "group")), ""), "SR-10") == []

    def test_a_message_that_no_key_opens_may_have_brought_it_again(self, tell, verdicts):
        story = self.retired(ues=2, taken=2)
        story.msk(story.ues[0], muk=bytes(32), verify=False)
        story.media(packets=10)
        assert "inconc" in verdicts(tell(story), "SR-10")

    def test_another_msk_is_another_matter(self, tell, verdicts):
        story = self.retired(wait=1)
        story.register()
        story.msk(msk_id=SECOND_MSK)
        story.mtk(SECOND_MSK, 1, times=2)
        story.wait(30)
        story.media(SECOND_MSK, packets=10)
        assert FIRST_MSK != SECOND_MSK
        assert "fail" not in verdicts(tell(story), "SR-10")
