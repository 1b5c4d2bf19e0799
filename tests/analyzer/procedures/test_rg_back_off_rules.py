"""RG-13: whether UEs that have missed an MSK keep to the announced back-off, alone and together."""

import pytest

from sample_pcaps.forge_text import Edit
from sample_pcaps.forge_xml import security_description
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MISSED = ((KEY_DOMAIN, SECOND_MSK),)


def told(analysis):
    return [j.message for j in analysis.report.judgements if j.rule == "RG-13" and str(j.verdict) == "fail"]


def missed(after, *, by_sip=False, announce=True, pairs=MISSED, pushed=False, pull=False, **announced):
    """A UE that meets the second MSK on air, and asks for it some seconds after its first packet."""
    story = Story("missed", by_sip=by_sip)
    if announce:
        story.announce(**announced)
    story.bootstrap()
    if by_sip:
        story.sip("register")
    else:
        story.register()
    story.msk()
    story.wait(2)
    if pushed:
        story.msk(msk_id=SECOND_MSK)
    start = story.now
    story.media(SECOND_MSK, 1, packets=2, report=False, interval=0.04)
    story.now = start + round((after + 0.04) * 10**9)
    if pull:
        story.pull()
    ask = (lambda **more: story.sip("msk-request", **more)) if by_sip else story.msk_request
    ask(pairs=pairs)
    story.msk(msk_id=SECOND_MSK)
    return story


@pytest.mark.parametrize("by_sip", [False, True])
class TestWait:
    def test_that_is_kept_passes(self, tell, verdicts, by_sip):
        assert verdicts(tell(missed(5.1, by_sip=by_sip)), "RG-13") == ["pass"]

    def test_that_is_not_kept_is_a_fault(self, tell, by_sip):
        (message,) = told(tell(missed(2, by_sip=by_sip)))
        assert message == "asks for MSK 00010002 2.0 s after its first packet, announced is to wait for 5 s"

    def test_is_not_for_the_answer_to_a_pull(self, tell, verdicts, by_sip):
        assert verdicts(tell(missed(2, by_sip=by_sip, pull=True)), "RG-13") == []

    def test_is_not_known_without_the_announcement(self, tell, verdicts, by_sip):
        assert verdicts(tell(missed(2, by_sip=by_sip, announce=False)), "RG-13") == ["inconc"]


class TestAnnouncement:
    def test_of_another_key_group_says_nothing(self, tell, verdicts):
        flows = {"239.1.2.3:5000": bytes.fromhex("00020000")}
        assert verdicts(tell(missed(2, flows=flows)), "RG-13") == ["inconc"]

    def test_may_announce_no_back_off(self, tell, verdicts):
        flow = ("239.1.2.3:5000", KEY_DOMAIN, bytes.fromhex("00010000"))
        body = security_description(("http://bmsc.home1.net",), [flow]).replace(b' waitTime="5" maxBackOff="30"', b"")
        story = missed(2, edits={"description": Edit(body=body)})
        assert verdicts(tell(story), "RG-13") == ["pass"]

    def test_of_no_wait_lets_ask_at_once(self, tell, verdicts):
        assert verdicts(tell(missed(0.1, wait=0)), "RG-13") == ["pass"]


class TestRequest:
    def test_for_the_current_msk_is_not_of_this_kind(self, tell, verdicts):
        assert verdicts(tell(missed(2, pairs=((KEY_DOMAIN, bytes.fromhex("00010000")),))), "RG-13") == []

    def test_for_an_msk_that_is_not_on_air_is_not_either(self, tell, verdicts):
        assert verdicts(tell(missed(2, pairs=((KEY_DOMAIN, bytes.fromhex("00010007")),))), "RG-13") == []

    def test_for_an_msk_that_was_sent_is_not_either(self, tell, verdicts):
        assert verdicts(tell(missed(2, pushed=True)), "RG-13") == []

    def test_at_the_beginning_of_a_capture_may_be_late(self, tell, verdicts):
        story = missed(2, announce=False)
        story.tape.packets = [packet for packet in story.tape.packets if packet[0] > story.now - 2_200_000_000]
        other = Story("announced", by_sip=False)
        other.now = story.tape.sorted()[0][0]
        other.announce()
        story.tape.packets += other.tape.packets
        assert verdicts(tell(story), "RG-13") == ["inconc"]


class TestStorm:
    def asked(self, times, back_off=100):
        story = Story("storm", by_sip=False, ues=len(times))
        story.announce(wait=0, back_off=back_off)
        for ue in story.ues:
            story.bootstrap(ue, stop_after="first")
            story.msk(ue, FIRST_MSK, verify=False, v=False)
        story.mtk(mtk_id=1)
        story.at(10)
        story.mtk(SECOND_MSK, 1)
        for ue, time in zip(story.ues, times, strict=True):
            story.at(11 + time)
            story.msk_request(ue, pairs=MISSED)
        return story

    def test_of_all_in_a_small_part_of_the_back_off_is_a_fault(self, tell):
        found = told(tell(self.asked([number / 4 for number in range(8)])))
        assert found == ["8 UEs ask for MSK 00010002 within 5 s, announced is a back-off of 100 s"] * 8

    def test_is_none_where_they_spread(self, tell, verdicts):
        assert verdicts(tell(self.asked([number * 9 for number in range(8)])), "RG-13") == ["pass"] * 8

    def test_is_none_where_few_ask(self, tell, verdicts):
        assert verdicts(tell(self.asked([number / 4 for number in range(7)])), "RG-13") == ["pass"] * 7

    def test_is_none_without_a_back_off(self, tell, verdicts):
        assert verdicts(tell(self.asked([number / 4 for number in range(8)], back_off=0)), "RG-13") == ["pass"] * 8
