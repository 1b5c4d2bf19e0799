"""EX rules on keys that follow each other: on whole stories, without keys, and on legs seen in part."""

import re
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from ipaddress import ip_address

import pytest

from sample_pcaps.forge_keys import made_up
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

UB, ZN, UA, GROUP = ("ue", "bsf"), ("bm_sc", "bsf"), ("ue", "bm_sc"), ("bm_sc", "group")


@pytest.mark.parametrize("code", ["EX-01", "EX-03", "EX-04", "EX-08"])
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("renewed_by_http"), code)) == {"pass"}


DATE = re.compile(rb"Date: ([^\r]+)")


def another_clock(packet: bytes, seconds: int) -> bytes:
    """Let Date say that it is so many seconds later."""

    def change(found: re.Match[bytes]) -> bytes:
        sent = parsedate_to_datetime(found[1].decode()) + timedelta(seconds=seconds)
        return b"Date: " + format_datetime(sent, usegmt=True).encode()

    return DATE.sub(change, packet)


class TestNewBTid:
    def renewed(self, *, at=40, goes_on=75, between=None):
        story = Story.registered_by_http(lifetime=60)
        story.keys_and_media(packets=2)
        story.at(at)
        story.bootstrap()
        if between:
            between(story)
        story.at(goes_on)
        story.mtk(mtk_id=2)
        return story

    def test_that_stays_with_the_ue_is_a_fault(self, tell, verdicts):
        assert verdicts(tell(self.renewed()), "EX-01") == ["fail"]

    def test_is_of_no_use_where_the_service_has_ended(self, tell, verdicts):
        assert verdicts(tell(self.renewed(goes_on=55)), "EX-01") == []

    @pytest.mark.parametrize("ask", [Story.register, Story.msk_request])
    def test_comes_with_any_request(self, tell, verdicts, ask):
        assert verdicts(tell(self.renewed(between=ask)), "EX-01") == ["pass"]

    def test_may_come_when_it_is_needed(self, tell, verdicts):
        """Without a need for it, nothing is lost by the old B-TID's end."""
        story = self.renewed()
        story.msk_request()
        assert verdicts(tell(story), "EX-01") == ["pass"]

    @pytest.mark.parametrize("leave", [Story.deregister, Story.bye])
    def test_is_not_asked_of_a_ue_that_has_left(self, tell, verdicts, leave):
        old = []

        def left(story):
            leave(story, **({"b_tid": old[0]} if leave is Story.deregister else {}))

        story = Story.registered_by_http(lifetime=60)
        old.append(story.ue.last.b_tid)
        story.keys_and_media(packets=2)
        story.at(40)
        story.bootstrap()
        left(story)
        story.at(75)
        story.mtk(mtk_id=2)
        assert verdicts(tell(story), "EX-01") == []

    def test_cannot_be_told_where_the_end_of_the_old_one_is_not_known(self, tell, verdicts):
        """On Zn the BM-SC is told a lifetime that may be shorter than that of the UE."""
        story = self.renewed()
        story.cut(0.2)  # its bootstrapping
        assert verdicts(tell(story), "EX-01") == ["inconc"]

    def test_ends_when_the_keyring_says(self, tell, verdicts):
        story = self.renewed()
        story.cut(0.2)
        assert verdicts(tell(story, story.keyring(runs=True)), "EX-01") == ["fail"]

    @pytest.mark.parametrize("goes_on", [75, 55])
    def test_cannot_be_told_where_an_end_has_another_clock(self, tell, verdicts, goes_on):
        """The BSF is minutes behind, or the BM-SC ahead: it takes the B-TID for good still, or for expired already."""
        story = self.renewed(goes_on=goes_on)
        assert verdicts(tell(story), "EX-01") == (["fail"] if goes_on == 75 else [])
        server = story.addresses.bsf if goes_on == 75 else story.addresses.bm_sc
        own = ip_address(server).packed
        story.tape.packets = [
            (time, another_clock(frame, 300 if goes_on == 55 else -300) if frame[26:30] == own else frame)
            for time, frame in story.tape.packets
        ]
        assert verdicts(tell(story), "EX-01") == ["inconc"]

    def test_of_the_sip_variant_is_looked_at_by_another_rule(self, tell, failed, verdicts):
        story = Story.begun_by_sip(lifetime=60)
        story.keys_and_media(packets=2)
        story.at(40)
        story.bootstrap()
        story.at(75)
        story.mtk(mtk_id=2)
        story.bye()
        analysis = tell(story)
        assert verdicts(analysis, "EX-01") == []
        assert "SB-18" in failed(analysis)


class TestNextMsk:
    def windowed(self, *, seconds=15, last=2, renew=None):
        story = Story.registered_by_http()
        story.msk(seq=(0, 2))
        for mtk_id in range(1, last + 1):
            story.mtk(mtk_id=mtk_id)
        if renew:
            renew(story)
        story.media(mtk_id=last, packets=10, interval=seconds / 10)
        return story

    def test_that_does_not_come_is_a_fault(self, tell, verdicts):
        assert verdicts(tell(self.windowed()), "EX-03") == ["pass", "fail"]

    def test_is_delivered(self, tell, verdicts):
        story = self.windowed(renew=lambda story: story.msk(msk_id=SECOND_MSK))
        assert verdicts(tell(story), "EX-03") == ["pass", "pass"]

    def test_is_not_needed_where_the_window_was_made_wider(self, tell, verdicts):
        story = self.windowed(renew=lambda story: story.msk(seq=(0, 9)))
        assert verdicts(tell(story), "EX-03") == ["pass", "pass"]

    def test_may_still_come(self, tell, verdicts):
        assert verdicts(tell(self.windowed(seconds=2)), "EX-03") == ["pass", "inconc"]

    def test_cannot_be_told_without_the_window(self, tell, keep, verdicts):
        assert verdicts(tell(keep(self.windowed(), UA, GROUP), keyring=""), "EX-03") == ["inconc", "inconc"]

    def test_beyond_the_window_is_left_to_another_rule(self, tell, verdicts):
        assert verdicts(tell(self.windowed(last=3)), "EX-03") == ["pass", "inconc"]


class TestCounter:
    def renamed(self, **second):
        story = Story.registered_by_http()
        story.msk()
        story.mtk(mtk_id=1)
        story.mtk(mtk_id=2)
        story.msk(msk_id=SECOND_MSK, **{"key": story.msks[FIRST_MSK].key} | second)
        return story

    def test_starts_anew_under_the_same_msk(self, tell, verdicts):
        story = self.renamed()
        story.mtk(SECOND_MSK, 1)
        assert verdicts(tell(story), "EX-04") == ["fail"]

    def test_goes_on_under_the_same_msk(self, tell, verdicts):
        story = self.renamed()
        story.mtk(SECOND_MSK, 1, counter=3)
        assert verdicts(tell(story), "EX-04") == ["pass"]

    def test_starts_anew_under_a_new_msk(self, tell, verdicts):
        story = self.renamed(key=made_up("another MSK", 16))
        story.mtk(SECOND_MSK, 1)
        assert verdicts(tell(story), "EX-04") == ["pass"]

    def test_cannot_be_told_without_the_msk(self, tell, keep, verdicts):
        story = self.renamed()
        story.mtk(SECOND_MSK, 1)
        assert verdicts(tell(keep(story, UB, UA, GROUP), keyring=""), "EX-04") == ["inconc"]

    def test_starts_anew_under_the_same_muk(self, tell, verdicts):
        """The BSF has given the key of the old B-TID for the new one."""
        story = Story.registered_by_http()
        old = story.ue.last.naf_key(story.naf_fqdn, story.ua_id)
        story.msk()
        story.bootstrap()
        story.register(zn={"me_key": old})
        story.msk(muk=old)
        assert "fail" in verdicts(tell(story), "EX-04")

    def test_starts_anew_with_a_new_b_tid(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk()
        story.bootstrap()
        story.register()
        story.msk()
        assert verdicts(tell(story), "EX-04") == ["pass"]


class TestRetiredMuk:
    def pulled(self, *, verify=None, v=True, answer=True, newer=True):
        story = Story.registered_by_http()
        old = story.ue.last.b_tid
        story.msk()
        story.wait(15)
        story.bootstrap()
        story.register()
        if newer:
            story.msk(v=v, verify=verify)
        story.pull(b_tid=old)
        if answer:
            story.msk_request()
        story.linger(15)
        return story

    def test_that_is_honoured_is_a_fault(self, tell, verdicts):
        assert verdicts(tell(self.pulled()), "EX-08") == ["fail"]

    def test_that_is_not_is_right(self, tell, verdicts):
        """The UE is not to blame for silence then."""
        analysis = tell(self.pulled(answer=False))
        assert verdicts(analysis, "EX-08") == verdicts(analysis, "MS-28") == []

    def test_is_not_retired_before_the_newer_was_used(self, tell, verdicts):
        analysis = tell(self.pulled(newer=False))
        assert verdicts(analysis, "EX-08") == verdicts(analysis, "MS-28") == ["pass"]

    @pytest.mark.parametrize("more", [{"v": False}, {"verify": False}])
    def test_cannot_be_told_without_an_acknowledgement(self, tell, verdicts, more):
        assert verdicts(tell(self.pulled(**more)), "EX-08") == ["inconc"]

    def test_of_a_bootstrapping_not_captured_is_not_judged(self, tell, keep, verdicts):
        assert verdicts(tell(keep(self.pulled(), ZN, UA)), "EX-08") == []
